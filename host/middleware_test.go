package host_test

import (
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wasgi/wasgi/abi/wire"
	"github.com/wasgi/wasgi/host"
	"github.com/wasgi/wasgi/host/config"
	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// serveFolder opens a host over a folder with these files, and returns what it logs.
func serveFolder(t testing.TB, files map[string][]byte) (*host.Host, *logBuffer) {
	t.Helper()
	dir, log := t.TempDir(), &logBuffer{}
	for name, data := range files {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, name), data)
	}
	cfg := config.Default()
	cfg.Apps.Dir = dir
	h, err := host.Open(t.Context(), host.Options{Config: cfg, Log: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("the host's log:\n%s", log.String())
		}
	})
	return h, log
}

// handler is the guest "handler" as middleware, in that mode.
func handler(t testing.TB, name string, mode string) map[string][]byte {
	return map[string][]byte{
		"_" + name + ".wasm": guesttest.Wasm(t, "handler"),
		"_" + name + ".toml": []byte("config = \"" + mode + "\"\nquarantine_after = 0\ncpu = \"100ms\"\n"),
	}
}

// play plays one request, and reports whether the connection was cut.
func play(h http.Handler, r *http.Request) (w *httptest.ResponseRecorder, cut bool) {
	w = httptest.NewRecorder()
	defer func() {
		if bug := recover(); bug == http.ErrAbortHandler {
			cut = true
		} else if bug != nil {
			panic(bug)
		}
	}()
	h.ServeHTTP(w, r)
	return w, false
}

// Whatever a middleware does before and after the app, the client gets an answer that fits, and who failed is named.
func TestMiddlewareModes(t *testing.T) {
	t.Parallel()
	const body = "0123456789"
	for _, test := range []struct {
		mode, app string
		status    int
		body      string // "" for any
		header    string // x-mw
		cut       bool
		log       string // what the log must hold; "" that nothing failed
	}{
		{mode: "-", app: "echo", status: 200, body: body},
		{mode: "h", app: "echo", status: 200, body: body, header: "1"},
		{mode: "c", app: "echo", status: 200, body: body, header: "1"},
		{mode: "b", app: "echo", status: 202, body: "made over"},
		{mode: "B", app: "echo", status: 200, body: body},
		{mode: "r", app: "echo", status: 200, body: body},
		{mode: "w", app: "echo", status: 200, body: "another"},
		{mode: "n", app: "echo", status: 203, body: "mine"},
		{mode: "n", app: "trap", status: 203, body: "mine"}, // the app is not asked
		{mode: "t", app: "echo", status: 500, log: "kind=trap cause=unreachable method=POST path=/app middleware=_mw"},
		{mode: "s", app: "echo", status: 504, log: "raise cpu in its manifest\" method=POST path=/app middleware=_mw"},
		{mode: "T", app: "hello", status: 200, cut: true, log: "kind=trap cause=unreachable method=POST path=/app middleware=_mw"},
		{mode: "u", app: "hello", status: 200, cut: true, log: "cause=\"set_status_code: the response of the next handler cannot be read or changed without the feature buffer_response\""},
		{mode: "x", app: "echo", status: 500, log: "handle_request has set headers that cannot be sent: header not allowed from an application"},
		{mode: "h", app: "trap", status: 500, log: "kind=trap cause=unreachable method=POST path=/app stack"},
		{mode: "b", app: "trap", status: 500, log: "kind=trap cause=unreachable method=POST path=/app stack"},
		{mode: "e", app: "trap", status: 500, log: "msg=failed app=_mw"},
		{mode: "-", app: "trap_late", status: 200, cut: true, log: "kind=trap"},
		{mode: "b", app: "trap_late", status: 500, log: "kind=trap"}, // nothing is out yet
		{mode: "T", app: "trap", status: 500, log: "kind=trap cause=unreachable method=POST path=/app stack"},
		{mode: "B", app: "short_body", status: 500, log: "app=app"},
		{mode: "B", app: "no_start", status: 500, log: "application returned without start_response"},
	} {
		t.Run(test.mode+" before "+test.app, func(t *testing.T) {
			t.Parallel()
			files := handler(t, "mw", test.mode)
			files["app.wasm"] = guesttest.Wasm(t, test.app)
			files["app.toml"] = []byte("middleware = ['mw']\nquarantine_after = 0\n")
			h, log := serveFolder(t, files)
			for range 3 {
				w, cut := play(h, httptest.NewRequest("POST", "/app", strings.NewReader(body)))
				if w.Code != test.status || cut != test.cut || test.body != "" && w.Body.String() != test.body || spelled(w, "x-mw") != test.header {
					t.Errorf("%d %q, x-mw %q, cut: %v", w.Code, w.Body, spelled(w, "x-mw"), cut)
				}
			}
			if text := log.String(); !strings.Contains(text, test.log) || test.log == "" && strings.Contains(text, "failed") {
				t.Errorf("the log lacks, or has %q", test.log)
			}
		})
	}
}

// The outermost is the first of the list, and each has its own name in the log.
func TestMiddlewareOrder(t *testing.T) {
	t.Parallel()
	files := handler(t, "over", "b")
	maps.Copy(files, handler(t, "mine", "n"))
	for name, list := range map[string]string{"a": "'over', 'mine'", "b": "'mine', 'over'", "c": "'over', 'over'"} {
		files[name+".wasm"] = guesttest.Wasm(t, "hello")
		files[name+".toml"] = []byte("middleware = [" + list + "]\n")
	}
	h, _ := serveFolder(t, files)
	for path, want := range map[string]string{"/a": "made over", "/b": "mine", "/c": "made over"} {
		if _, body := get(h, path); body != want {
			t.Errorf("%s: %q, want %q", path, body, want)
		}
	}
}

// An app is never served without what its manifest names.
func TestMiddlewareFailsClosed(t *testing.T) {
	t.Parallel()
	files := handler(t, "off", "-")
	files["_off.toml"] = []byte("enabled = false")
	files["_no.wasm"] = guesttest.Wasm(t, "hello") // is none
	files["_draft.wasm"] = []byte("nobody looks at this")
	for _, name := range []string{"missing", "off", "no"} {
		files[name+".wasm"] = guesttest.Wasm(t, "hello")
		files[name+".toml"] = []byte("middleware = ['" + name + "']\n")
		files[name+".public/file.txt"] = []byte("open")
	}
	files["only.public/file.txt"] = []byte("open")
	files["only.toml"] = []byte("middleware = ['missing']\n")
	h, log := serveFolder(t, files)
	for _, name := range []string{"missing", "off", "no"} {
		for _, path := range []string{"/" + name, "/" + name + "/file.txt"} {
			if status, body := get(h, path); status != 503 {
				t.Errorf("%s: %d %q", path, status, body)
			}
		}
	}
	if status, body := get(h, "/only/file.txt"); status != 404 {
		t.Errorf("public files alone: %d %q", status, body)
	}
	for _, want := range []string{
		`middleware \"missing\" is not there, or was not loaded: the app is not served without it`,
		"an app's manifest names this module as middleware, and it is none",
		"middleware stands before modules alone",
	} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %s", want)
		}
	}
	if strings.Contains(log.String(), "draft") {
		t.Error("a file that nobody names was looked at")
	}
}

// A chain that waits for an instance of itself ends within queue_timeout.
func TestMiddlewareWaitsForItself(t *testing.T) {
	t.Parallel()
	files := handler(t, "mw", "-")
	files["_mw.toml"] = []byte("config = '-'\nqueue_timeout = '50ms'\ninstances = { max = 1 }\n")
	files["app.wasm"] = guesttest.Wasm(t, "hello")
	files["app.toml"] = []byte("middleware = ['mw', 'mw']\n")
	h, log := serveFolder(t, files)
	if status, _ := get(h, "/app"); status != 503 || !strings.Contains(log.String(), "middleware=_mw") {
		t.Errorf("status %d", status)
	}
}

// Who fails is quarantined, and nobody else: an app that always traps leaves its middleware well, and the other way round.
func TestMiddlewareQuarantine(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ mode, app, ill, well string }{{"h", "trap", "app", "_mw"}, {"t", "hello", "_mw", "app"}} {
		files := handler(t, "mw", test.mode)
		files["_mw.toml"] = []byte("config = '" + test.mode + "'\nquarantine_after = 2\n")
		files["app.wasm"] = guesttest.Wasm(t, test.app)
		files["app.toml"] = []byte("middleware = ['mw']\nquarantine_after = 2\n")
		h, _ := serveFolder(t, files)
		for n, want := range []int{500, 500, 503} {
			if status, _ := get(h, "/app"); status != want {
				t.Errorf("%s before %s: request %d: %d, want %d", test.mode, test.app, n, status, want)
			}
		}
		for _, s := range h.Status() {
			if ill := s.Faults > 0; ill != (s.Name == test.ill) {
				t.Errorf("%s before %s: %s has %d faults", test.mode, test.app, s.Name, s.Faults)
			}
		}
	}
}

// The sample of a middleware that guards: what stands behind it learns who was let in, and not how.
func TestMiddlewareGuards(t *testing.T) {
	t.Parallel()
	h, _ := serveFolder(t, map[string][]byte{
		"_auth.wasm": guesttest.Wasm(t, "handler_auth"),
		"app.wasm":   guesttest.Wasm(t, "environ"),
		"app.toml":   []byte("middleware = ['auth']\n"),
	})
	r := httptest.NewRequest("GET", "/app", nil)
	r.Header.Set("X-User", "somebody else")
	if w, _ := play(h, r); w.Code != 401 || spelled(w, "www-authenticate") != "Basic" || w.Body.String() != "who are you?\n" {
		t.Errorf("without a word: %d %q", w.Code, w.Body)
	}
	r.Header.Set("Authorization", "open barley")
	if w, _ := play(h, r); w.Code != 401 {
		t.Errorf("with the wrong word: %d", w.Code)
	}
	r.Header.Set("Authorization", "open sesame")
	w, _ := play(h, r)
	pairs, err := wire.Decode(w.Body.Bytes())
	if err != nil || w.Code != 200 {
		t.Fatalf("with the word: %d, %v", w.Code, err)
	}
	for _, pair := range pairs {
		switch string(pair.Key) {
		case "HTTP_X_USER":
			if string(pair.Value) != "ali baba" {
				t.Errorf("the app is told of %q", pair.Value)
			}
		case "HTTP_AUTHORIZATION":
			t.Error("the app learns the word")
		}
	}
}

// spelled is the value of a header that is given by the very name that was set.
func spelled(w *httptest.ResponseRecorder, name string) string {
	if values := w.Header()[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}
