package main

import (
	"slices"
	"testing"

	"github.com/wasgi/wasgi/guest-sdk/go/wasgi"
	"github.com/wasgi/wasgi/guest-sdk/go/wasgi/wasgitest"
)

func TestHello(t *testing.T) {
	t.Parallel()
	got := wasgitest.Call(hello, wasgitest.Request{})
	// The second header is the host's.
	want := []wasgi.Header{{Name: "name", Value: "wanghui"}, {Name: "Content-Length", Value: "20"}}
	if got.Status != "200 OK" || !slices.Equal(got.Headers, want) || string(got.Body) != "<h1>hello world</h1>" {
		t.Errorf("got %q %v %q, fault %v", got.Status, got.Headers, got.Body, got.Fault)
	}
}
