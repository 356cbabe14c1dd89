package host_test

import (
	"fmt"
	"io"
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
				marked := first(w.Header()["x-mw"]) == "1" || w.Body.String() == "mine"
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
