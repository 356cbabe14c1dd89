package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/wasgi/wasgi/host"
)

func TestMain(m *testing.M) {
	host.CompilerMain()
	testscript.Main(m, map[string]func(){"wasgi": main})
}

// TestScript runs the program, in a process of its own, as the files in testdata/script say. Beside testscript's commands
// they have:
//
//	exits CODE COMMAND...      runs a command that must end with that code; "! exec" takes any but 0
//	guest NAME FILE            copies one of the guests of host/internal/guesttest
//	kit NAME FILE              copies a guest of the folder abi: testdata/minimal, or abitest/testdata/G07, which breaks that rule
//	module FOLDER              makes a folder a Go module that can import the SDK
//	edit FILE OLD NEW          replaces text in a file, which must be there
//	start [-hangup] NAME ARG...  starts "wasgi ARG..." in the background; -hangup stops reading what it says once it serves
//	says NAME REGEXP           waits until it has said so, on whichever stream; "! says" that it has not said so yet
//	once NAME REGEXP           it has said so once by now
//	address NAME               sets $ADDRESS to where it listens
//	certify CERT KEY           writes a certificate for 127.0.0.1, and its key
//	get-tls NAME PATH BODY     asks it by HTTP/2 over TLS, which must answer so
//	appears PATTERN            waits until there is a file whose path matches
//	empty FOLDER               nothing is in the folder
//	get NAME PATH TEXT         waits until PATH answers with that body; "! get" until it does not answer with 200
//	begin NAME PATH            starts a request, and returns when its answer has begun
//	finish TEXT                ends that request, whose body must be that
//	signal NAME TERM|INT       sends a signal (Unix)
//	press NAME TERM|INT        sends it again and again until it ends
//	ends NAME CODE|SIGNAL      waits for its end, by that exit code or signal
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               setup(t),
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":   positive(exits),
			"guest":   positive(copyGuest),
			"kit":     positive(copyKit),
			"module":  positive(makeModule),
			"edit":    positive(edit),
			"start":   positive(start),
			"says":    says,
			"once":    positive(once),
			"address": positive(setAddress),
			"certify": positive(certify),
			"get-tls": positive(getTLS),
			"appears": positive(appears),
			"empty":   positive(empty),
			"get":     get,
			"begin":   positive(begin),
			"finish":  positive(finish),
			"signal":  positive(sendSignal),
			"press":   positive(press),
			"ends":    positive(ends),
		},
	})
}

// setup gives scripts the caches of whoever runs the tests: without them each would compile the standard library.
func setup(t *testing.T) func(*testscript.Env) error {
	text, err := exec.Command("go", "env", "-json", "GOCACHE", "GOMODCACHE", "GOPATH", "GOPROXY", "GOFLAGS", "GOSUMDB", "GOTOOLCHAIN").Output()
	if err != nil {
		t.Fatal(err)
	}
	var vars map[string]string
	if err := json.Unmarshal(text, &vars); err != nil {
		t.Fatal(err)
	}
	if dir, err := os.UserCacheDir(); err == nil {
		vars["WASGI_APPS_CACHE"] = filepath.Join(dir, "wasgi")
	}
	return func(env *testscript.Env) error {
		for name, value := range vars {
			env.Setenv(name, value)
		}
		program, err := exec.LookPath("wasgi")
		if err != nil {
			return err
		}
		env.Setenv("WASGI", program)
		env.Values[serversKey{}] = &servers{byName: map[string]*server{}}
		return nil
	}
}

// positive refuses "!" where it would mean nothing.
func positive(cmd func(*testscript.TestScript, []string)) func(*testscript.TestScript, bool, []string) {
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg {
			ts.Fatalf("! makes no sense here")
		}
		cmd(ts, args)
	}
}

// takes checks how many arguments a command of a script has.
func takes(ts *testscript.TestScript, args []string, n int) {
	if len(args) != n {
		ts.Fatalf("takes %d arguments, not %d", n, len(args))
	}
}

func exits(ts *testscript.TestScript, args []string) {
	if len(args) < 2 {
		ts.Fatalf("takes a code and a command")
	}
	code := exitOK
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if want, err := strconv.Atoi(args[0]); err != nil || code != want {
		ts.Fatalf("it exits with %d, want %s", code, args[0])
	}
}

// copyGuest writes a file the way a deploy does: at once.
func copyGuest(ts *testscript.TestScript, args []string) {
	takes(ts, args, 2)
	data, err := os.ReadFile(filepath.Join("..", "..", "host", "internal", "guesttest", "guests", args[0]+".wasm"))
	ts.Check(err)
	writeFile(ts, args[1], data)
}

func copyKit(ts *testscript.TestScript, args []string) {
	takes(ts, args, 2)
	data, err := os.ReadFile(filepath.Join("..", "..", "abi", filepath.FromSlash(args[0])+".wasm"))
	ts.Check(err)
	writeFile(ts, args[1], data)
}

func writeFile(ts *testscript.TestScript, name string, data []byte) {
	name = ts.MkAbs(name)
	ts.Check(os.MkdirAll(filepath.Dir(name), 0o777))
	temporary := filepath.Join(filepath.Dir(name), "."+filepath.Base(name)+".new")
	ts.Check(os.WriteFile(temporary, data, 0o666))
	ts.Check(os.Rename(temporary, name))
}

func makeModule(ts *testscript.TestScript, args []string) {
	takes(ts, args, 1)
	repository, err := filepath.Abs(filepath.Join("..", ".."))
	ts.Check(err)
	sums, err := os.ReadFile(filepath.Join(repository, "go.sum"))
	ts.Check(err)
	writeFile(ts, filepath.Join(args[0], "go.sum"), sums)
	writeFile(ts, filepath.Join(args[0], "go.mod"), []byte("module example.org/apps\n\ngo 1.26.0\n\n"+
		"require github.com/wasgi/wasgi v0.0.0\n\nreplace github.com/wasgi/wasgi => "+strconv.Quote(filepath.ToSlash(repository))+"\n"))
}

func edit(ts *testscript.TestScript, args []string) {
	takes(ts, args, 3)
	old := ts.ReadFile(args[0])
	if !strings.Contains(old, args[1]) {
		ts.Fatalf("%s does not hold %q", args[0], args[1])
	}
	writeFile(ts, args[0], bytes.Replace([]byte(old), []byte(args[1]), []byte(args[2]), 1))
}

func appears(ts *testscript.TestScript, args []string) {
	takes(ts, args, 1)
	for deadline := time.Now().Add(hang); ; time.Sleep(pause) {
		if found, err := filepath.Glob(ts.MkAbs(args[0])); err != nil || len(found) > 0 {
			ts.Check(err)
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%s: not within %s", args[0], hang)
		}
	}
}

func empty(ts *testscript.TestScript, args []string) {
	takes(ts, args, 1)
	entries, err := os.ReadDir(ts.MkAbs(args[0]))
	ts.Check(err)
	for _, entry := range entries {
		ts.Fatalf("%s holds %s", args[0], entry.Name())
	}
}
