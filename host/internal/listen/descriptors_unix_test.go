//go:build unix

package listen_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/wasgi/wasgi/host/internal/listen"
)

// inChild makes a test binary a server with few descriptors.
const inChild = "WASGI_TEST_FEW_DESCRIPTORS"

// A server that runs out of descriptors serves again when it has some. Connections alone never bring it there.
func TestOutOfDescriptors(t *testing.T) {
	t.Parallel()
	if os.Getenv(inChild) != "" {
		fewDescriptors(t)
		return
	}
	child := exec.Command(os.Args[0], "-test.run", "^TestOutOfDescriptors$", "-test.v")
	child.Env = append(os.Environ(), inChild+"=1")
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var log lockedBuffer
	child.Stderr = &log
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = child.Process.Kill()
		_ = child.Wait()
	}()
	said := bufio.NewReader(out)
	address := line(t, said, "address ")
	wanted := line(t, said, "connections ")

	// As many connections as may be: the server still opens what it needs.
	var conns []net.Conn
	for refused := false; !refused; {
		c := dial(t, address)
		if response := request(t, c, "/open"); response == "503" {
			refused = true
		} else if response != "200" {
			t.Fatalf("connection %d gets %s", len(conns)+1, response)
		} else {
			conns = append(conns, c)
		}
	}
	if got := fmt.Sprint(len(conns)); got != wanted {
		t.Errorf("%s connections were let in, want %s", got, wanted)
	}
	for _, c := range conns[1:] {
		_ = c.Close()
	}
	until(t, "the server has closed them too", func() bool { return request(t, conns[0], "/alone") == "200" })

	// No descriptor is left for a while.
	if got := request(t, conns[0], "/exhaust"); got != "200" {
		t.Fatalf("it cannot be exhausted: %s", got)
	}
	if got := request(t, dial(t, address), "/"); got != "200" {
		t.Errorf("then a client gets %s", got)
	}
	if !strings.Contains(log.String(), "no connection can be accepted for now") {
		t.Errorf("it says\n%s", log.String())
	}
}

// line reads until a line that begins so, and returns its rest.
func line(t *testing.T, from *bufio.Reader, prefix string) string {
	t.Helper()
	for {
		text, err := from.ReadString('\n')
		if rest, ok := strings.CutPrefix(text, prefix); ok {
			return strings.TrimSpace(rest)
		}
		if err != nil {
			t.Fatalf("no %q: %v", prefix, err)
		}
	}
}

// request asks and returns the status; the connection stays open.
func request(t *testing.T, c net.Conn, path string) string {
	t.Helper()
	_, _ = fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", path) // one that is refused may be closed already
	response, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return err.Error()
	}
	_, _ = io.Copy(io.Discard, response.Body)
	return fmt.Sprint(response.StatusCode)
}

// fewDescriptors is the server; it runs until it is killed.
func fewDescriptors(t *testing.T) {
	limit := syscall.Rlimit{Cur: 64, Max: 64}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	door := listen.New(listen.Options{MaxConnections: 1000, Log: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	l := loopback(t)
	fmt.Printf("address %s\nconnections 48\n", l.Addr())
	err := http.Serve(door.Plain(l), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/open":
			f, err := os.Open(os.DevNull)
			if err != nil {
				w.WriteHeader(http.StatusInternalServerError)
				return
			}
			_ = f.Close()
		case "/alone":
			if door.Open() > 1 {
				w.WriteHeader(http.StatusConflict)
			}
		case "/exhaust":
			var files []*os.File
			for {
				f, err := os.Open(os.DevNull)
				if errors.Is(err, syscall.EMFILE) {
					break
				}
				files = append(files, f)
			}
			time.AfterFunc(300*time.Millisecond, func() {
				for _, f := range files {
					_ = f.Close()
				}
			})
		}
	}))
	t.Fatal(err)
}
