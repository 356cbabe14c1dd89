package host_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wasgi/wasgi/host"
	"github.com/wasgi/wasgi/host/config"
	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// hang bounds every wait in these tests; none is expected to come near it.
const hang = 30 * time.Second

// testLog writes to the test's own log. A benchmark's log would stand between its figures.
func testLog(t testing.TB) *slog.Logger {
	if _, ok := t.(*testing.B); ok {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(t.Output(), nil))
}

func TestMain(m *testing.M) {
	host.CompilerMain()
	os.Exit(m.Run())
}

// get asks the host itself, without a socket.
func get(h http.Handler, path string) (int, string) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	return w.Code, w.Body.String()
}

// until asks again until the answer is as wanted.
func until(t testing.TB, h http.Handler, path string, status int, body string) {
	t.Helper()
	for deadline := time.Now().Add(hang); ; {
		gotStatus, gotBody := get(h, path)
		if gotStatus == status && (body == "" || gotBody == body) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s answers %d %q, want %d %q", path, gotStatus, gotBody, status, body)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

const (
	hello  = "hello world"
	second = "hello again"
)

func TestDropReplaceRemove(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h := open(t, dir)
	until(t, h, "/hello", 404, "")
	path := filepath.Join(dir, "hello.wasm")
	write(t, path, guesttest.Wasm(t, "hello"))
	until(t, h, "/hello", 200, hello)
	write(t, path, guesttest.Wasm(t, "hello2"))
	until(t, h, "/hello", 200, second)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	until(t, h, "/hello", 404, "")
	write(t, path, guesttest.Wasm(t, "hello"))
	until(t, h, "/hello", 200, hello)
}

// The ways in which files are replaced in real life.
func TestWaysToReplace(t *testing.T) {
	t.Parallel()
	versions := [2][]byte{guesttest.Wasm(t, "hello"), guesttest.Wasm(t, "hello2")}
	bodies := [2]string{hello, second}
	for name, replace := range map[string]func(dir, path string, data []byte) error{
		"cp": func(_, path string, data []byte) error { return os.WriteFile(path, data, 0o600) },
		"mv": func(dir, path string, data []byte) error {
			from := filepath.Join(dir, ".new")
			return errors.Join(os.WriteFile(from, data, 0o600), os.Rename(from, path))
		},
		"editor with a backup": func(dir, path string, data []byte) error {
			_ = os.Rename(path, path+"~")
			return os.WriteFile(path, data, 0o600)
		},
		"symlink": func(dir, path string, data []byte) error {
			target := filepath.Join(dir, fmt.Sprintf("_%d", time.Now().UnixNano()))
			link := filepath.Join(dir, ".link")
			return errors.Join(os.WriteFile(target, data, 0o600), os.Symlink(target, link), os.Rename(link, path))
		},
		"symlinked folder": func(dir, path string, data []byte) error {
			target := filepath.Join(dir, fmt.Sprintf("..%d", time.Now().UnixNano()))
			link := filepath.Join(dir, ".link")
			err := errors.Join(os.Mkdir(target, 0o700),
				os.WriteFile(filepath.Join(target, "hello.wasm"), data, 0o600),
				os.Symlink(target, link), os.Rename(link, filepath.Join(dir, "..data")))
			if _, statErr := os.Lstat(path); statErr == nil {
				return err
			}
			return errors.Join(err, os.Symlink(filepath.Join("..data", "hello.wasm"), path))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := filepath.Join(dir, "hello.wasm")
			if err := replace(dir, path, versions[0]); err != nil {
				t.Skip(err) // a platform without symbolic links
			}
			h := open(t, dir)
			for i := range 4 {
				until(t, h, "/hello", 200, bodies[i%2])
				if err := replace(dir, path, versions[(i+1)%2]); err != nil {
					t.Fatal(err)
				}
			}
			until(t, h, "/hello", 200, bodies[0])
		})
	}
}

// A bad file leaves the old version serving, whatever is bad about it.
func TestBadVersions(t *testing.T) {
	t.Parallel()
	good := guesttest.Wasm(t, "hello")
	for name, bad := range map[string][]byte{
		"truncated":        good[:len(good)/2],
		"empty":            {},
		"not wasm":         []byte("#!/bin/sh\n"),
		"wrong exports":    guesttest.Wasm(t, "load_no_allocate"),
		"traps in init":    guesttest.Wasm(t, "init_trap"),
		"too much memory":  guesttest.Wasm(t, "load_memory"),
		"spins in init":    guesttest.Wasm(t, "init_spin"),
		"unknown import":   guesttest.Wasm(t, "load_import_function"),
		"no memory to use": guesttest.Wasm(t, "allocate_zero"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := filepath.Join(dir, "hello.wasm")
			write(t, path, good)
			h := open(t, dir, func(c *config.Config) { c.Defaults.Timeout = time.Second })
			write(t, path, bad)
			for deadline := time.Now().Add(hang); h.Status()[0].State != "failed"; {
				if time.Now().After(deadline) {
					t.Fatal("the bad version was not noticed")
				}
				if status, body := get(h, "/hello"); status != 200 || body != hello {
					t.Fatalf("%d %q", status, body)
				}
			}
			if status := h.Status()[0]; status.Err == nil || status.Generation != 1 {
				t.Errorf("status %+v", status)
			}
			until(t, h, "/hello", 200, hello)
			write(t, path, guesttest.Wasm(t, "hello2"))
			until(t, h, "/hello", 200, second)
		})
	}
}

func TestManifest(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "hello.wasm"), guesttest.Wasm(t, "hello"))
	h := open(t, dir)
	manifest := filepath.Join(dir, "hello.toml")
	write(t, manifest, []byte("mount = '/greet/all'\n"))
	until(t, h, "/greet/all", 200, hello)
	until(t, h, "/hello", 404, "")
	write(t, manifest, []byte("mount = 'greet'\n")) // refused: the one before holds
	time.Sleep(200 * time.Millisecond)
	until(t, h, "/greet/all", 200, hello)
	write(t, manifest, []byte("enabled = false\n"))
	until(t, h, "/greet/all", 404, "")
	if err := os.Remove(manifest); err != nil {
		t.Fatal(err)
	}
	until(t, h, "/hello", 200, hello)
	write(t, manifest, []byte("hosts = ['only.example']\n"))
	until(t, h, "/hello", 404, "")
	until(t, h, "http://only.example:8080/hello", 200, hello)
}

// Replacing an app under load costs no request.
func TestReplaceUnderLoad(t *testing.T) {
	t.Parallel()
	const replacements, clients = 50, 4
	dir := t.TempDir()
	path := filepath.Join(dir, "hello.wasm")
	versions := [2][]byte{guesttest.Wasm(t, "hello"), guesttest.Wasm(t, "hello2")}
	write(t, path, versions[0])
	h := open(t, dir)
	server := httptest.NewServer(h)
	defer server.Close()

	var stop atomic.Bool
	var asked atomic.Int64
	var group sync.WaitGroup
	for range clients {
		group.Go(func() {
			for !stop.Load() {
				response, err := http.Get(server.URL + "/hello")
				if err != nil {
					t.Error(err)
					return
				}
				body, err := io.ReadAll(response.Body)
				_ = response.Body.Close()
				if err != nil || response.StatusCode != 200 || string(body) != hello && string(body) != second {
					t.Errorf("%s %q %v", response.Status, body, err)
					return
				}
				asked.Add(1)
			}
		})
	}
	for i := range replacements {
		before := h.Status()[0].Generation
		write(t, path, versions[(i+1)%2])
		for deadline := time.Now().Add(hang); h.Status()[0].Generation == before; {
			if time.Now().After(deadline) || t.Failed() {
				t.Error("a replacement was not taken up")
				break
			}
			time.Sleep(time.Millisecond)
		}
	}
	stop.Store(true)
	group.Wait()
	t.Logf("%d requests during %d replacements", asked.Load(), replacements)
}

// A long upload streams through: the host's memory does not grow with it.
func TestUploadKeepsMemoryFlat(t *testing.T) {
	if testing.Short() {
		t.Skip("moves 100 MiB")
	}
	const size = 100 << 20
	dir := t.TempDir()
	write(t, filepath.Join(dir, "count.wasm"), guesttest.Wasm(t, "count"))
	server := httptest.NewServer(open(t, dir))
	defer server.Close()
	var peak atomic.Uint64
	body := &watched{left: size, at: func() {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		peak.Store(max(peak.Load(), m.HeapAlloc))
	}}
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	response, err := http.Post(server.URL+"/count", "application/octet-stream", body) // chunked: no length is known
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil || len(answer) != 12 || binary.LittleEndian.Uint64(answer) != size {
		t.Fatalf("%s %x %v", response.Status, answer, err)
	}
	grown := int64(peak.Load()) - int64(before.HeapAlloc)
	t.Logf("the heap grew by %d KiB", grown>>10)
	if grown > size/4 {
		t.Errorf("the heap grew by %d bytes for an upload of %d", grown, size)
	}
}

// watched is a body of zeroes that calls at now and then.
type watched struct {
	left, read int
	at         func()
}

func (w *watched) Read(p []byte) (int, error) {
	if w.left == 0 {
		return 0, io.EOF
	}
	n := min(len(p), w.left)
	clear(p[:n])
	w.left -= n
	if w.read += n; w.read >= 4<<20 {
		w.read = 0
		w.at()
	}
	return n, nil
}

// One app's misbehaviour is no other app's business.
func TestNeighbours(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "hello.wasm"), guesttest.Wasm(t, "hello"))
	bad := []string{"trap", "trap_late", "exit", "spin", "recurse", "wild_body", "no_start", "grow", "stream"}
	for _, name := range bad {
		write(t, filepath.Join(dir, name+".wasm"), guesttest.Wasm(t, name))
	}
	h := open(t, dir, func(c *config.Config) {
		c.Defaults.Timeout = 200 * time.Millisecond
		c.Defaults.MaxDuration = 400 * time.Millisecond
	})
	server := httptest.NewServer(h)
	defer server.Close()
	var group sync.WaitGroup
	for _, name := range bad {
		group.Go(func() {
			for range 3 {
				if response, err := http.Get(server.URL + "/" + name); err == nil {
					_, _ = io.Copy(io.Discard, response.Body)
					_ = response.Body.Close()
				}
			}
		})
	}
	for range 20 {
		until(t, h, "/hello", 200, hello)
	}
	group.Wait()
	until(t, h, "/hello", 200, hello)
}

func TestReload(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h := open(t, dir, func(c *config.Config) { c.Apps.Watch = false })
	write(t, filepath.Join(dir, "hello.wasm"), guesttest.Wasm(t, "hello"))
	if status, _ := get(h, "/hello"); status != 404 {
		t.Errorf("a folder that is not watched was followed: %d", status)
	}
	if err := h.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if status, body := get(h, "/hello"); status != 200 || body != hello {
		t.Errorf("%d %q", status, body)
	}
}

// A server that is told to stop lets requests finish, and cuts off those that will not.
func TestServeEnds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		guest    string
		shutdown time.Duration
		whole    bool
	}{
		"lets a request finish":    {"gate", hang, true},
		"cuts off what never does": {"stream", 300 * time.Millisecond, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			write(t, filepath.Join(dir, "app.wasm"), guesttest.Wasm(t, c.guest))
			h := open(t, dir, func(cfg *config.Config) { cfg.Server.ShutdownTimeout = c.shutdown })
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- h.Serve(ctx, listener) }()

			reader, writer := io.Pipe()
			response, err := http.Post("http://"+listener.Addr().String()+"/app", "text/plain", reader)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			stop()
			go func() {
				// The end of the request comes after the server was told to stop.
				for {
					conn, err := net.Dial("tcp", listener.Addr().String())
					if err != nil {
						break
					}
					_ = conn.Close()
					time.Sleep(time.Millisecond)
				}
				_, _ = writer.Write([]byte("x"))
				_ = writer.Close()
			}()
			body, err := io.ReadAll(response.Body)
			if whole := err == nil; whole != c.whole || c.whole && string(body) != "." {
				t.Errorf("%d bytes, %v", len(body), err)
			}
			select {
			case err := <-ended:
				if err != nil {
					t.Error(err)
				}
			case <-time.After(hang):
				t.Fatal("the server did not end")
			}
		})
	}
}

func TestOpenErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	write(t, file, nil)
	for path, want := range map[string]string{
		filepath.Join(dir, "none"): `apps folder "` + filepath.Join(dir, "none") + `": does not exist; create it or name another`,
		file:                       `apps folder "` + file + "\": is a file, not a folder; `wasgi call` runs a single app",
	} {
		cfg := config.Default()
		cfg.Apps.Dir = path
		if _, err := host.Open(t.Context(), host.Options{Config: cfg}); err == nil || err.Error() != want {
			t.Errorf("Open() = %v\nwant     %s", err, want)
		}
	}
}

func TestCloseTwice(t *testing.T) {
	t.Parallel()
	h := open(t, t.TempDir())
	if err := errors.Join(h.Close(), h.Close()); err != nil {
		t.Error(err)
	}
	if status, _ := get(h, "/hello"); status != 404 {
		t.Errorf("a closed host answers %d", status)
	}
}

func TestCall(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "echo.wasm")
	write(t, file, guesttest.Wasm(t, "echo"))
	sent := make([]byte, 100_000)
	_, _ = rand.Read(sent)
	w := httptest.NewRecorder()
	r := httptest.NewRequest("POST", "/any/path", bytes.NewReader(sent))
	if err := host.Call(t.Context(), host.Options{Config: config.Default()}, file, w, r); err != nil {
		t.Fatal(err)
	}
	if w.Code != 200 || !bytes.Equal(w.Body.Bytes(), sent) {
		t.Errorf("%d, %d bytes", w.Code, w.Body.Len())
	}
}

func TestCallFault(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, status := range map[string]int{"trap": 500, "trap_late": 200} {
		file := filepath.Join(dir, name+".wasm")
		write(t, file, guesttest.Wasm(t, name))
		w := httptest.NewRecorder()
		err := host.Call(t.Context(), host.Options{Config: config.Default()}, file, w, httptest.NewRequest("GET", "/", nil))
		var fault *host.Fault
		if !errors.As(err, &fault) || err.Error() != `app "`+name+`" generation 1: call: trap: unreachable` {
			t.Errorf("%s: %v", name, err)
		}
		if w.Code != status {
			t.Errorf("%s: the client got %d", name, w.Code)
		}
	}
}

// Two hosts live in one process.
func TestTwoHosts(t *testing.T) {
	t.Parallel()
	first, other := t.TempDir(), t.TempDir()
	write(t, filepath.Join(first, "app.wasm"), guesttest.Wasm(t, "hello"))
	write(t, filepath.Join(other, "app.wasm"), guesttest.Wasm(t, "hello2"))
	a, b := open(t, first), open(t, other)
	until(t, a, "/app", 200, hello)
	until(t, b, "/app", 200, second)
}

// A generation that was replaced leaves nothing behind.
func TestMemoryOfDrainedGenerations(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "hello.wasm")
	write(t, path, guesttest.Wasm(t, "hello"))
	h := open(t, dir, func(c *config.Config) { c.Apps.Watch = false })
	goroutines := runtime.NumGoroutine()
	for i := range 200 {
		name := [2]string{"hello2", "hello"}[i%2]
		write(t, path, guesttest.Wasm(t, name))
		if err := h.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		until(t, h, "/hello", 200, "")
	}
	for deadline := time.Now().Add(hang); runtime.NumGoroutine() > goroutines+5; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, %d before", runtime.NumGoroutine(), goroutines)
		}
	}
}
