package main

import (
	"net/http"
	"testing"

	"github.com/wasgi/wasgi/guest-sdk/go/wasgi/wasgitest"
	"github.com/wasgi/wasgi/guest-sdk/go/wasgihttp"
)

func TestHello(t *testing.T) {
	t.Parallel()
	got := wasgitest.Call(wasgihttp.Application(http.HandlerFunc(hello)), wasgitest.Request{})
	if got.Fault != nil || got.Code != 200 || string(got.Body) != "hello world\n" || got.Header("Content-Type") != "text/plain; charset=utf-8" {
		t.Errorf("%s %q, fault %v", got.Status, got.Body, got.Fault)
	}
}
