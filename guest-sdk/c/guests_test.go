package c_test

import (
	"testing"
	"time"

	"github.com/wasgi/wasgi/abi/abitest"
)

// patience is for a busy machine and the race detector.
const patience = time.Minute

// post is a request whose body the echo sends back.
func post(path, body string) abitest.Request {
	return abitest.Request{Method: "POST", Path: path, Body: []byte(body)}
}

// jsonPost adds a note.
func jsonPost(body string) abitest.Request {
	return abitest.Request{Method: "POST", Path: "/", Body: []byte(body), Headers: [][2]string{{"CONTENT_TYPE", "application/json"}}}
}

// Each example keeps the contract, with a C library and without one.
func TestGuestsKeepTheContract(t *testing.T) {
	t.Parallel()
	echo := []string{"testdata/echo.c", "testdata/stream.c"}
	echoes := []abitest.Request{post("/whole", "all at once"), post("/stream", "block by block")}
	for name, c := range map[string]struct {
		dir      string
		files    []string
		flags    []string
		requests []abitest.Request
	}{
		"hello":          {"examples/hello", nil, bare, []abitest.Request{{Path: "/?you"}}},
		"hello_libc":     {"examples/hello", nil, reactor, nil},
		"hello_cpp":      {"examples/hello-cpp", nil, bare, nil},
		"hello_cpp_libc": {"examples/hello-cpp", nil, reactor, nil},
		"notes":          {"examples/notes", nil, reactor, []abitest.Request{jsonPost(`{"text":"a"}`), {Path: "/1"}, {Method: "DELETE", Path: "/1"}}},
		"starter":        {"starter", nil, reactor, []abitest.Request{{Path: "/elsewhere"}}},
		"echo":           {"", echo, bare, echoes},
		"echo_libc":      {"", echo, reactor, echoes},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := c.files
			if c.dir != "" {
				files = sources(t, c.dir)
			}
			module := build(t, c.flags, files...)
			t.Logf("%s: %d bytes", name, len(module))
			abitest.RunGuest(t, module, abitest.GuestOptions{Requests: c.requests, Timeout: patience})
		})
	}
}
