package main

import (
	"errors"
	"strings"
	"testing"
	"testing/iotest"
)

func TestAnswer(t *testing.T) {
	t.Parallel()
	env := map[string]string{"REQUEST_METHOD": "PUT", "REMOTE_ADDR": "192.0.2.1", "X_FULL_URL": "http://example.com/plain?a"}
	get := func(name string) string { return env[name] }
	var out strings.Builder
	if err := answer(&out, strings.NewReader("hello"), get); err != nil {
		t.Fatal(err)
	}
	const want = "Content-Type: text/plain; charset=utf-8\n\nPUT from 192.0.2.1 asks for http://example.com/plain?a with 5 bytes.\n"
	if out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
	broken := errors.New("broken off")
	if err := answer(&out, iotest.ErrReader(broken), get); !errors.Is(err, broken) {
		t.Errorf("a body that breaks off: %v", err)
	}
}
