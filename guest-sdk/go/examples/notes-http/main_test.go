package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/wasgi/wasgi/guest-sdk/go/wasgi"
	"github.com/wasgi/wasgi/guest-sdk/go/wasgi/wasgitest"
	"github.com/wasgi/wasgi/guest-sdk/go/wasgihttp"
	"github.com/wasgi/wasgi/guest-sdk/notestest"
)

// one serves a handler that plays one request at a time, as an instance does.
func one(t *testing.T, h http.Handler) string {
	var lock sync.Mutex
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		lock.Lock()
		defer lock.Unlock()
		h.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// TestContract runs the handler under net/http's own server, at the root.
func TestContract(t *testing.T) {
	t.Parallel()
	notestest.Run(t, one(t, newHandler()), false)
}

// TestForgetful is a handler that keeps nothing.
func TestForgetful(t *testing.T) {
	t.Parallel()
	notestest.Run(t, one(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { newHandler().ServeHTTP(w, r) })), true)
}

// TestMounted runs it as wasgi does, with a mount before the paths.
func TestMounted(t *testing.T) {
	t.Parallel()
	app := wasgihttp.Application(newHandler())
	for _, want := range []string{"/app/1", "/app/2"} {
		got := wasgitest.Call(app, wasgitest.Request{Method: "POST", Mount: "/app", Body: strings.NewReader(`{"text":"a"}`),
			Headers: []wasgi.Header{{Name: "Content-Type", Value: "application/json"}}})
		if got.Code != 201 || got.Header("Location") != want || got.Fault != nil {
			t.Errorf("%s, Location %q, want %q, fault %v", got.Status, got.Header("Location"), want, got.Fault)
		}
	}
}

// changing is a response that is changed on its way.
type changing struct {
	http.ResponseWriter
	status func(int) int
	body   func(string) string
}

func (c changing) WriteHeader(status int) { c.ResponseWriter.WriteHeader(c.status(status)) }
func (c changing) Write(b []byte) (int, error) {
	_, err := c.ResponseWriter.Write([]byte(c.body(string(b))))
	return len(b), err
}

// TestDeviationsAreFound: an app that is off the contract in one thing is found out, with the part that it is off in.
func TestDeviationsAreFound(t *testing.T) {
	t.Parallel()
	sameStatus := func(status int) int { return status }
	replace := func(from, to string) func(string) string {
		return func(body string) string { return strings.ReplaceAll(body, from, to) }
	}
	instead := func(from, to int) func(int) int {
		return func(status int) int {
			if status == from {
				return to
			}
			return status
		}
	}
	for _, c := range []struct {
		part   string
		status func(int) int
		body   func(string) string
		header string // one more
	}{
		{"empty store", sameStatus, replace(`[]}`, `null}`), ""},
		{"empty store", sameStatus, func(body string) string { return body + "\n" }, ""},
		{"empty store", sameStatus, replace("", ""), "Allow"},
		{"paths", instead(404, 400), replace("", ""), ""},
		{"methods", instead(405, 501), replace("", ""), ""},
		{"content types", instead(415, 400), replace("", ""), ""},
		{"sizes", instead(413, 400), replace("", ""), ""},
		{"malformed bodies", instead(400, 422), replace("", ""), ""},
		{"wrong objects", sameStatus, replace("JSON object", "object"), ""},
		{"texts", sameStatus, replace("<", `\u003c`), ""},
		{"texts", sameStatus, replace("\u2028", `\u2028`), ""},
		{"lengths of texts", instead(422, 400), replace("", ""), ""},
		{"notes", instead(204, 200), replace("", ""), ""},
		{"list", sameStatus, replace(`,{"id":`, `, {"id":`), ""},
	} {
		h := newHandler()
		url := one(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if c.header != "" {
				w.Header().Set(c.header, "x")
			}
			h.ServeHTTP(changing{w, c.status, c.body}, r)
		}))
		found := notestest.Check(t.Context(), url, false)
		if !strings.Contains("\n"+strings.Join(found, "\n"), "\n"+c.part+": ") {
			t.Errorf("%s: not found, but %d others", c.part, len(found))
		}
	}
}
