package main

import (
	"strings"
	"testing"

	"github.com/wasgi/wasgi/guest-sdk/go/wasgi/wasgitest"
)

// outcome is what a path of protocol.go should end in.
type outcome struct {
	status string
	body   string
	cut    bool
	fault  string
	log    string // how the log starts
}

func outcomes() map[string]outcome {
	const (
		failed = "500 Internal Server Error"
		none   = "application returned without start_response"
	)
	return map[string]outcome{
		"/panic":  {failed, "", false, "the application panicked: mischief: a panic", "panic: mischief: a panic\n"},
		"/silent": {failed, "", false, none, ""},
		"/twice": {failed, "", false, "the application panicked: mischief: the second start_response: call not allowed now",
			"wasgi: start_response was refused: call not allowed now\n"},
		"/status":       {failed, "", false, none, "wasgi: start_response was refused: malformed status or headers\n"},
		"/header":       {failed, "", false, none, "wasgi: start_response was refused: malformed status or headers\n"},
		"/connection":   {failed, "", false, none, "wasgi: start_response was refused: header not allowed from an application\n"},
		"/headers":      {failed, "", false, none, "wasgi: start_response was refused: over a limit\n"},
		"/overrun":      {"200 OK", "five\n", false, "", "mischief: write: more body than Content-Length\n"},
		"/overrun-body": {failed, "", false, "body is longer than its Content-Length of 5 bytes", ""},
		"/short":        {failed, "", false, "body of 4 bytes is shorter than its Content-Length of 5 bytes", ""},
		"/late": {"200 OK", "half of it\n", true, "the application panicked: mischief: a panic in the middle of the body",
			"panic: mischief: a panic in the middle"},
		"/change": {"200 OK", "half of it\n", true, "start_response with exc_info after the headers were sent", "mischief: a change of mind\n"},
		"/log":    {"200 OK", "10,000 lines written\n", false, "", "mischief: line 0\x1b[2J\r{\"level\":\"ERROR\"}\xff\nmischief: line 1\x1b"},
	}
}

// machine are the paths that would take the test with them.
func machine() []string {
	return []string{"/trap", "/exit", "/spin", "/sleep", "/recurse", "/memory", "/pointer"}
}

func TestDeeds(t *testing.T) {
	t.Parallel()
	for path, want := range outcomes() {
		t.Run(path[1:], func(t *testing.T) {
			t.Parallel()
			got := wasgitest.Call(mischief, wasgitest.Request{Mount: "/mischief", Path: path})
			if got.Status != want.status || string(got.Body) != want.body || got.Cut != want.cut {
				t.Errorf("%s, %q, cut %v, want %s, %q, %v", got.Status, got.Body, got.Cut, want.status, want.body, want.cut)
			}
			if fault := errorText(got.Fault); fault != want.fault {
				t.Errorf("fault %q, want %q", fault, want.fault)
			}
			if !strings.HasPrefix(got.Errors, want.log) || want.log == "" && got.Errors != "" {
				t.Errorf("log %.200q, want it to start with %q", got.Errors, want.log)
			}
		})
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestFloodIsWhole(t *testing.T) {
	t.Parallel()
	got := wasgitest.Call(mischief, wasgitest.Request{Path: "/log"})
	if lines := strings.Count(got.Errors, "\n"); lines != 10_000 {
		t.Errorf("%d lines", lines)
	}
}

func TestListTellsTheTruth(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"", "/"} {
		got := wasgitest.Call(mischief, wasgitest.Request{Mount: "/mischief", Path: path})
		for _, d := range deeds() {
			if line := "/mischief" + d.path + "\n    " + d.client + "\n"; !strings.Contains(string(got.Body), line) {
				t.Errorf("%q is missing in\n%s", line, got.Body)
			}
		}
	}
	known := outcomes()
	for _, path := range machine() {
		known[path] = outcome{}
	}
	for _, d := range deeds() {
		want, ok := known[d.path]
		if !ok {
			t.Errorf("%s is neither tested nor left out", d.path)
		}
		delete(known, d.path)
		if want.status != "" && (d.client[:3] != want.status[:3] || strings.Contains(d.client, "cut connection") != want.cut) {
			t.Errorf("%s: listed as %q, but it is %s, cut %v", d.path, d.client, want.status, want.cut)
		}
	}
	for path := range known {
		t.Errorf("%s is not listed", path)
	}
}

func TestNoSuchPath(t *testing.T) {
	t.Parallel()
	if got := wasgitest.Call(mischief, wasgitest.Request{Path: "/nice"}); got.Status != "404 Not Found" {
		t.Errorf("%s", got.Status)
	}
}
