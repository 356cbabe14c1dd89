package host_test

import (
	"compress/gzip"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// A wasgi app as middleware calls the next one as WSGI does. What goes wrong behind it is answered for as if it stood alone.
func TestNext(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		app, query string
		status     int
		body       string
		cut        bool
		log        string // "" that nothing failed
	}{
		{app: "echo", status: 200, body: "[0123456789]"},
		{app: "hello", status: 200, body: "[hello world]"},
		{app: "echo", query: "?do=twice", status: 200, body: "[0123456789]"},
		{app: "echo", query: "?do=leave", status: 200, body: "left"},
		{app: "trap", status: 500, log: "app=app request_id"},
		{app: "no_start", status: 500, log: "application returned without start_response"},
		{app: "spin", status: 504, log: "raise cpu in its manifest"},
		{app: "trap_late", status: 200, cut: true, log: "kind=trap"},
		{app: "stream", query: "?do=leave", status: 200, body: "left"}, // it would stream for ever
	} {
		t.Run(test.app+test.query, func(t *testing.T) {
			t.Parallel()
			h, log := serveFolder(t, map[string][]byte{
				"_mw.wasm": guesttest.Wasm(t, "relay_next"),
				"app.wasm": guesttest.Wasm(t, test.app),
				"app.toml": []byte("middleware = ['mw']\nquarantine_after = 0\ncpu = '100ms'\n"),
			})
			for range 3 {
				w, cut := play(h, httptest.NewRequest("POST", "/app"+test.query, strings.NewReader("0123456789")))
				if w.Code != test.status || cut != test.cut || test.body != "" && w.Body.String() != test.body {
					t.Errorf("%d %q, cut: %v", w.Code, w.Body, cut)
				}
			}
			if text := log.String(); !strings.Contains(text, test.log) || test.log == "" && strings.Contains(text, "failed") {
				t.Errorf("the log lacks, or has %q", test.log)
			}
			for _, s := range h.Status() {
				if test.app == "trap" && (s.Faults > 0) != (s.Name == "app") {
					t.Errorf("%s has %d faults", s.Name, s.Faults)
				}
			}
		})
	}
}

// Middleware of both kinds stands in one chain, in either order.
func TestChainOfBothKinds(t *testing.T) {
	t.Parallel()
	files := handler(t, "inner", "w")
	maps.Copy(files, map[string][]byte{
		"_auth.wasm":     guesttest.Wasm(t, "handler_auth"),
		"_brackets.wasm": guesttest.Wasm(t, "relay_next"),
	})
	for name, list := range map[string]string{"a": "'auth', 'brackets'", "b": "'brackets', 'auth'", "c": "'brackets', 'inner', 'brackets'"} {
		files[name+".wasm"] = guesttest.Wasm(t, "echo")
		files[name+".toml"] = []byte("middleware = [" + list + "]\n")
	}
	h, _ := serveFolder(t, files)
	for path, want := range map[string]string{"/a": "who are you?\n", "/b": "[who are you?\n]", "/c": "[[another]]"} {
		w, _ := play(h, httptest.NewRequest("POST", path, strings.NewReader("body")))
		if status := map[bool]int{true: 200, false: 401}[path == "/c"]; w.Code != status || w.Body.String() != want {
			t.Errorf("%s: %d %q, want %q", path, w.Code, w.Body, want)
		}
		r := httptest.NewRequest("POST", path, strings.NewReader("body"))
		r.Header.Set("Authorization", "open sesame")
		if w, _ := play(h, r); path != "/c" && (w.Code != 200 || w.Body.String() != "[body]") {
			t.Errorf("%s, let in: %d %q", path, w.Code, w.Body)
		}
	}
}

// Bodies of any length go through a wasgi app as middleware, and through a call of another app.
func TestRelayStreams(t *testing.T) {
	t.Parallel()
	h, _ := serveFolder(t, map[string][]byte{
		"_mw.wasm":   guesttest.Wasm(t, "relay_next"),
		"app.wasm":   guesttest.Wasm(t, "relay_app"),
		"app.toml":   []byte("middleware = ['mw']\napps = ['users']\n"),
		"users.wasm": guesttest.Wasm(t, "echo"),
	})
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	const size = 16 << 20
	response, err := http.Post(server.URL+"/app", "", io.LimitReader(zeros{}, size))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if n, err := io.Copy(io.Discard, response.Body); n != size+2 || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
}

// An app reaches the apps that it was granted, and no others; what fails there is a code for it, and a fault of that app alone.
func TestApps(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, users, apps string
		status            int
		body, log         string
	}{
		{"well", "hello", "'users'", 200, "hello world", ""},
		{"another grant", "hello", "'index'", 502, "D", ""},         // CodeForbidden
		{"trap", "trap", "'users'", 502, "H", "kind=trap"},          // CodeClosed
		{"missing", "", "'users'", 502, "H", "the app was removed"}, // CodeClosed
		{"circle", "relay_app", "'users'", 502, "F", ""},            // CodeTooLarge, at the bottom of it
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			files := map[string][]byte{
				"app.wasm": guesttest.Wasm(t, "relay_app"), "app.toml": []byte("apps = [" + test.apps + "]\n"),
			}
			if test.users != "" {
				files["users.wasm"] = guesttest.Wasm(t, test.users)
			}
			if test.users == "relay_app" {
				files["users.toml"] = []byte("apps = ['users']\n")
			}
			h, log := serveFolder(t, files)
			w, _ := play(h, httptest.NewRequest("POST", "/app", strings.NewReader("x")))
			body := w.Body.String()
			if test.name == "circle" { // each of those above the bottom answers 200 with what it was answered
				w.Code = 502
			}
			if w.Code != test.status || body != test.body {
				t.Errorf("%d %q", w.Code, body)
			}
			if text := log.String(); !strings.Contains(text, test.log) || test.log == "" && strings.Contains(text, "failed") {
				t.Errorf("the log lacks, or has %q", test.log)
			}
		})
	}
	h, log := serveFolder(t, map[string][]byte{"app.wasm": guesttest.Wasm(t, "relay_app")})
	const want = `not granted; name the apps that it may call in its manifest, as in apps = [\"users\"]`
	if status, _ := get(h, "/app"); status != 404 || !strings.Contains(log.String(), want) {
		t.Errorf("without a grant: %d", status)
	}
}

// The samples: a guard of http-wasm and a wasgi app that compresses, in both orders.
func TestGuardAndGzip(t *testing.T) {
	t.Parallel()
	h, _ := serveFolder(t, map[string][]byte{
		"_auth.wasm": guesttest.Wasm(t, "handler_auth"),
		"_gzip.wasm": guesttest.Go(t, filepath.Join("..", "guest-sdk", "go", "examples", "gzip")),
		"a.wasm":     guesttest.Wasm(t, "echo"), "a.toml": []byte("middleware = ['auth', 'gzip']\n"),
		"b.wasm": guesttest.Wasm(t, "echo"), "b.toml": []byte("middleware = ['gzip', 'auth']\n"),
	})
	sent := strings.Repeat("let me in ", 20_000)
	for _, test := range []struct {
		path, word, accept string
		status             int
		body               string
		coded              bool
	}{
		{"/a", "open sesame", "gzip", 200, sent, true},
		{"/b", "open sesame", "br, gzip;q=0.5", 200, sent, true},
		{"/a", "open sesame", "gzip;q=0", 200, sent, false},
		{"/a", "open barley", "gzip", 401, "who are you?\n", false}, // nobody behind the guard is asked
		{"/b", "open barley", "gzip", 401, "who are you?\n", true},
		{"/b", "open sesame", "", 200, sent, false},
	} {
		for range 3 { // each as if it were the first
			r := httptest.NewRequest("POST", test.path, strings.NewReader(sent))
			r.Header.Set("Authorization", test.word)
			r.Header.Set("Accept-Encoding", test.accept)
			w, cut := play(h, r)
			var body io.Reader = w.Body
			if coded := w.Header().Get("Content-Encoding") == "gzip"; coded != test.coded || cut {
				t.Fatalf("%+v: %d, %v, cut: %v", test, w.Code, w.Header(), cut)
			} else if coded {
				var err error
				if body, err = gzip.NewReader(w.Body); err != nil {
					t.Fatal(err)
				}
			}
			if got, err := io.ReadAll(body); err != nil || string(got) != test.body || w.Code != test.status {
				t.Fatalf("%s %s: %d, %d bytes, %v", test.path, test.word, w.Code, len(got), err)
			}
		}
	}
}
