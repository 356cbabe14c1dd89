package main

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

const (
	// hang bounds every wait of the scripts; none is expected to come near it. With the race detector, compiling a Go guest
	// takes half a minute on a busy machine.
	hang = 2 * time.Minute
	// pause is how long to wait before asking again.
	pause = 20 * time.Millisecond
)

// servers are what one script has started. The script's goroutine owns it.
type servers struct {
	byName  map[string]*server
	pending *pending
}

type serversKey struct{}

// server is one program in the background.
type server struct {
	cmd   *exec.Cmd
	said  *output
	ended chan struct{} // closed after cmd.Wait
}

// pending is a request whose body has not ended.
type pending struct {
	body     *io.PipeWriter
	response *http.Response
}

// output is what a program says, read while it runs.
type output struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buffer.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buffer.String()
}

func all(ts *testscript.TestScript) *servers { return ts.Value(serversKey{}).(*servers) }

func named(ts *testscript.TestScript, name string) *server {
	s := all(ts).byName[name]
	if s == nil {
		ts.Fatalf("nothing was started as %q", name)
	}
	return s
}

func start(ts *testscript.TestScript, args []string) {
	hangup := len(args) > 0 && args[0] == "-hangup"
	if hangup {
		args = args[1:]
	}
	if len(args) < 2 {
		ts.Fatalf("takes a name and arguments")
	}
	program, err := exec.LookPath("wasgi")
	ts.Check(err)
	s := &server{cmd: exec.Command(program, args[1:]...), said: &output{}, ended: make(chan struct{})}
	s.cmd.Dir = ts.MkAbs(".")
	for _, name := range passed {
		s.cmd.Env = append(s.cmd.Env, name+"="+ts.Getenv(name))
	}
	// A pipe of our own: one end can be closed while the program runs.
	reader, writer, err := os.Pipe()
	ts.Check(err)
	s.cmd.Stdout, s.cmd.Stderr = writer, writer
	ts.Check(s.cmd.Start())
	ts.Check(writer.Close())
	read := make(chan struct{})
	go func() {
		defer close(read)
		_, _ = io.Copy(s.said, reader)
	}()
	go func() {
		_ = s.cmd.Wait() // its state is looked at by who asks for the end
		close(s.ended)
	}()
	ts.Defer(func() {
		_ = s.cmd.Process.Kill() // it may have ended
		<-s.ended
		ts.Logf("[%s]\n%s", args[0], s.said)
	})
	all(ts).byName[args[0]] = s
	if hangup {
		s.address(ts)
		ts.Check(reader.Close())
		<-read
	}
}

// passed are the variables of a script that a program in the background gets.
var passed = []string{"PATH", "HOME", "TMPDIR", "TMP", "USERPROFILE", "SYSTEMROOT", "GOCACHE", "GOMODCACHE", "GOPATH", "GOPROXY",
	"GOFLAGS", "GOSUMDB", "GOTOOLCHAIN", "GORACE", "GOCOVERDIR", "WASGI_APPS_CACHE", "WASGI_SERVER_LISTEN", "WASGI_LOG_FORMAT"}

// wait asks again until it is so, or the time is up.
func wait(ts *testscript.TestScript, s *server, what string, so func() bool) {
	for deadline := time.Now().Add(hang); !so(); time.Sleep(pause) {
		if time.Now().After(deadline) {
			ts.Fatalf("%s: not within %s; it says\n%s", what, hang, s.said)
		}
	}
}

func says(ts *testscript.TestScript, neg bool, args []string) {
	takes(ts, args, 2)
	s, pattern := named(ts, args[0]), regexp.MustCompile("(?m)"+args[1])
	if !neg {
		wait(ts, s, "says "+args[1], func() bool { return pattern.MatchString(s.said.String()) })
	} else if said := s.said.String(); pattern.MatchString(said) {
		ts.Fatalf("it says %s:\n%s", args[1], said)
	}
}

func once(ts *testscript.TestScript, args []string) {
	takes(ts, args, 2)
	said := named(ts, args[0]).said.String()
	if n := len(regexp.MustCompile("(?m)"+args[1]).FindAllString(said, -1)); n != 1 {
		ts.Fatalf("it says %s %d times:\n%s", args[1], n, said)
	}
}

func setAddress(ts *testscript.TestScript, args []string) {
	takes(ts, args, 1)
	ts.Setenv("ADDRESS", strings.TrimPrefix(named(ts, args[0]).address(ts), "http://"))
}

var serving = regexp.MustCompile(`(?m)^serving \S+ at (http://\S+)/$`)

// address waits for the address that the program prints.
func (s *server) address(ts *testscript.TestScript) string {
	var match []string
	wait(ts, s, "serves", func() bool {
		match = serving.FindStringSubmatch(s.said.String())
		if match == nil && s.hasEnded() {
			ts.Fatalf("it ended: %s\n%s", s.cmd.ProcessState, s.said)
		}
		return match != nil
	})
	return match[1]
}

func get(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		args = append(args, "")
	}
	takes(ts, args, 3)
	s := named(ts, args[0])
	url := s.address(ts) + args[1]
	var got string
	var status int
	defer func() { ts.Logf("%d %q", status, got) }()
	wait(ts, s, url, func() bool {
		response, err := http.Get(url)
		ts.Check(err)
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		ts.Check(err)
		got, status = string(body), response.StatusCode
		// The line that a file of a script ends with cannot be written in one.
		return neg && status != http.StatusOK || !neg && status == http.StatusOK && strings.TrimSuffix(got, "\n") == args[2]
	})
}

func begin(ts *testscript.TestScript, args []string) {
	takes(ts, args, 2)
	reader, writer := io.Pipe()
	response, err := http.Post(named(ts, args[0]).address(ts)+args[1], "text/plain", reader)
	ts.Check(err)
	ts.Defer(func() { _ = response.Body.Close() })
	all(ts).pending = &pending{body: writer, response: response}
}

func finish(ts *testscript.TestScript, args []string) {
	takes(ts, args, 1)
	p := all(ts).pending
	_, err := p.body.Write([]byte("x"))
	ts.Check(err)
	ts.Check(p.body.Close())
	body, err := io.ReadAll(p.response.Body)
	ts.Check(err)
	if string(body) != args[0] {
		ts.Fatalf("the request that was under way got %q", body)
	}
}

func sendSignal(ts *testscript.TestScript, args []string) {
	takes(ts, args, 2)
	ts.Check(named(ts, args[0]).cmd.Process.Signal(signals[args[1]]))
}

var signals = map[string]syscall.Signal{"TERM": syscall.SIGTERM, "INT": syscall.SIGINT}

func ends(ts *testscript.TestScript, args []string) {
	takes(ts, args, 2)
	s := named(ts, args[0])
	wait(ts, s, "ends", s.hasEnded)
	want := "signal: " + args[1]
	if code, err := strconv.Atoi(args[1]); err == nil {
		want = "exit status " + strconv.Itoa(code)
	}
	if got := s.cmd.ProcessState.String(); got != want {
		ts.Fatalf("it ended with %s, want %s; it says\n%s", got, want, s.said)
	}
}

// press sends a signal until the program has ended. The default comes back a moment after the first signal; who is in a hurry
// presses again.
func press(ts *testscript.TestScript, args []string) {
	takes(ts, args, 2)
	s := named(ts, args[0])
	wait(ts, s, "ends", func() bool {
		_ = s.cmd.Process.Signal(signals[args[1]]) // it may have ended
		return s.hasEnded()
	})
}

func (s *server) hasEnded() bool {
	select {
	case <-s.ended:
		return true
	default:
		return false
	}
}
