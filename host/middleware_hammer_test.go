package host_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/wasgi/wasgi/host/config"
	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// Middleware and app are replaced while requests go through both. Each request sees one version of each, none is lost, and none passes
// the middleware by.
func TestMiddlewareIsReplacedUnderLoad(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put := func(name, text string, module string) {
		if module != "" {
			write(t, filepath.Join(dir, name+".wasm"), guesttest.Wasm(t, module))
		}
		write(t, filepath.Join(dir, name+".toml"), []byte(text))
	}
	put("_mw", "config = 'c'\n", "handler")
	put("app", "middleware = ['mw']\n", "echo")
	h := open(t, dir, func(c *config.Config) { c.Apps.Watch = false })
	var over atomic.Bool
	var asked atomic.Int64
	var load sync.WaitGroup
	for range 4 {
		load.Go(func() {
			for !over.Load() {
				w, cut := play(h, httptest.NewRequest("POST", "/app", strings.NewReader("hello")))
				marked := spelled(w, "x-mw") == "1" || w.Body.String() == "mine"
				if cut || w.Code != http.StatusOK && w.Code != http.StatusNonAuthoritativeInfo || !marked {
					t.Errorf("%d %q, %v", w.Code, w.Body, w.Header())
					return
				}
				asked.Add(1)
			}
		})
	}
	for n := range 20 {
		put("_mw", fmt.Sprintf("config = '%c'\nlog_lines = %d\n", "nc"[n%2], 100+n), "")
		put("app", fmt.Sprintf("middleware = ['mw']\nlog_lines = %d\n", 100+n), "")
		if err := h.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	over.Store(true)
	load.Wait()
	t.Logf("%d requests", asked.Load())
}

// A body that nobody keeps goes through a middleware as it comes, in both directions, however long it is.
func TestMiddlewareStreams(t *testing.T) {
	t.Parallel()
	files := handler(t, "mw", "-")
	files["app.wasm"] = guesttest.Wasm(t, "echo")
	files["app.toml"] = []byte("middleware = ['mw']\nmax_body = '1GiB'\n")
	files["_mw.toml"] = []byte("config = '-'\nmemory = '64KiB'\n")
	h, _ := serveFolder(t, files)
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	const size = 16 << 20
	response, err := http.Post(server.URL+"/app", "", io.LimitReader(zeros{}, size))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if n, err := io.Copy(io.Discard, response.Body); n != size || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
}

// zeros is a body without an end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// What is kept for a middleware is bounded by its memory, and more is its own fault.
func TestMiddlewareKeepsNoMoreThanItsMemory(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"r", "B"} {
		files := handler(t, "mw", mode)
		files["_mw.toml"] = []byte("config = '" + mode + "'\nmemory = '64KiB'\n")
		files["app.wasm"] = guesttest.Wasm(t, "echo")
		files["app.toml"] = []byte("middleware = ['mw']\n")
		h, log := serveFolder(t, files)
		w, _ := play(h, httptest.NewRequest("POST", "/app", io.LimitReader(zeros{}, 1<<20)))
		const want = "a body that is kept for the middleware is longer than its memory; raise memory in its manifest"
		if w.Code != http.StatusInternalServerError || !strings.Contains(log.String(), want) || !strings.Contains(log.String(), "middleware=_mw") {
			t.Errorf("%s: %d", mode, w.Code)
		}
	}
}

// All members of a chain are replaced while requests go through it, and calls of another app from its end.
func TestRelayIsReplacedUnderLoad(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, module := range map[string]string{"_mw": "relay_next", "_header": "handler", "app": "relay_app", "users": "echo"} {
		write(t, filepath.Join(dir, name+".wasm"), guesttest.Wasm(t, module))
	}
	write(t, filepath.Join(dir, "_header.toml"), []byte("config = 'B'\n"))
	write(t, filepath.Join(dir, "app.toml"), []byte("middleware = ['header', 'mw']\napps = ['users']\n"))
	h := open(t, dir, func(c *config.Config) { c.Apps.Watch = false })
	var over atomic.Bool
	var load sync.WaitGroup
	for range 4 {
		load.Go(func() {
			for !over.Load() {
				ctx, cancel := context.WithCancel(t.Context())
				body := io.Reader(strings.NewReader("hello"))
				gone := rand.IntN(8) == 0
				if gone {
					body = io.MultiReader(body, &leaver{cancel})
				}
				w, cut := play(h, httptest.NewRequestWithContext(ctx, "POST", "/app", body))
				if !gone && (cut || w.Code != http.StatusOK || w.Body.String() != "[hello]") {
					t.Errorf("%d %q", w.Code, w.Body)
				}
				cancel()
			}
		})
	}
	for n := range 10 {
		for _, name := range []string{"_mw", "users"} {
			write(t, filepath.Join(dir, name+".toml"), fmt.Appendf(nil, "log_lines = %d\n", 100+n))
		}
		write(t, filepath.Join(dir, "app.toml"), fmt.Appendf(nil, "middleware = ['header', 'mw']\napps = ['users']\nlog_lines = %d\n", 100+n))
		if err := h.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	over.Store(true)
	load.Wait()
}

// leaver is the end of a body at which its client goes away.
type leaver struct{ leave func() }

func (l *leaver) Read([]byte) (int, error) {
	l.leave()
	return 0, io.ErrUnexpectedEOF
}

// A request for a WebSocket goes through the middleware like any other, so that no connection is opened past it.
func TestMiddlewareIsNotPassedByAWebSocket(t *testing.T) {
	t.Parallel()
	files := map[string][]byte{"_auth.wasm": guesttest.Wasm(t, "handler_auth")}
	for name, manifest := range map[string]string{"open": "", "guarded": "middleware = ['auth']\n"} {
		files[name+".wasm"], files[name+".toml"] = guesttest.Wasm(t, "socket"), []byte(manifest)
	}
	h, _ := serveFolder(t, files)
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	for name, want := range map[string]int{"open": http.StatusSwitchingProtocols, "guarded": http.StatusUnauthorized} {
		r, err := http.NewRequest("GET", server.URL+"/"+name, nil)
		if err != nil {
			t.Fatal(err)
		}
		for key, value := range map[string]string{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
			"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="} {
			r.Header.Set(key, value)
		}
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != want {
			t.Errorf("%s: %d, want %d", name, response.StatusCode, want)
		}
	}
}
