package main

import (
	"strings"
	"testing"

	"github.com/wasgi/wasgi/guest-sdk/go/wasgi"
	"github.com/wasgi/wasgi/guest-sdk/go/wasgi/wasgitest"
)

// TestRequests plays one conversation with one app, as its one instance sees it.
func TestRequests(t *testing.T) {
	t.Parallel()
	app := newApp()
	for _, c := range []struct {
		method, path, body    string
		code                  int
		want, allow, location string
	}{
		{"GET", "", "", 200, `{"notes":[]}`, "", ""},
		{"POST", "/", `{"text":" one "}`, 201, `{"id":1,"text":"one"}`, "", "/app/1"},
		{"POST", "", `{"text":"two"}`, 201, `{"id":2,"text":"two"}`, "", "/app/2"},
		{"GET", "/", "", 200, `{"notes":[{"id":1,"text":"one"},{"id":2,"text":"two"}]}`, "", ""},
		{"HEAD", "/2", "", 200, "", "", ""},
		{"GET", "/2", "", 200, `{"id":2,"text":"two"}`, "", ""},
		{"DELETE", "/1", "", 204, "", "", ""},
		{"DELETE", "/1", "", 404, `{"error":"not found"}`, "", ""},
		{"GET", "/1", "", 404, `{"error":"not found"}`, "", ""},
		{"GET", "/x", "", 404, `{"error":"not found"}`, "", ""},
		{"POST", "/", `{"text":""}`, 422, `{"error":"text must have 1 to 200 characters"}`, "", ""},
		{"PUT", "/", "", 405, `{"error":"method not allowed"}`, "GET, POST", ""},
		{"POST", "/1", "", 405, `{"error":"method not allowed"}`, "GET, DELETE", ""},
	} {
		request := wasgitest.Request{Method: c.method, Mount: "/app", Path: c.path, Body: strings.NewReader(c.body),
			Headers: []wasgi.Header{{Name: "Content-Type", Value: "application/json"}}}
		got := wasgitest.Call(app, request)
		if got.Fault != nil || got.Code != c.code || string(got.Body) != c.want {
			t.Errorf("%s %s: %s %s, fault %v", c.method, c.path, got.Status, got.Body, got.Fault)
		}
		if a, l := got.Header("Allow"), got.Header("Location"); a != c.allow || l != c.location {
			t.Errorf("%s %s: Allow %q, Location %q", c.method, c.path, a, l)
		}
		if json := got.Header("Content-Type") == "application/json"; json != (c.code != 204) {
			t.Errorf("%s %s: Content-Type %q", c.method, c.path, got.Header("Content-Type"))
		}
	}
}
