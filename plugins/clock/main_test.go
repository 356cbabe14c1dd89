package main

import (
	"io"
	"testing"
	"time"

	"github.com/wasgi/wasgi/guest-sdk/go/wasgi/wasgitest"
)

// fakeClock passes as it sleeps.
func fakeClock() (clock, *time.Duration) {
	slept := new(time.Duration)
	start := time.Date(2026, 1, 2, 23, 59, 59, 0, time.FixedZone("", 3600))
	return clock{
		now:   func() time.Time { return start.Add(*slept) },
		sleep: func(d time.Duration) { *slept += d },
	}, slept
}

func TestCount(t *testing.T) {
	t.Parallel()
	c, slept := fakeClock()
	got := wasgitest.Call(c.serve, wasgitest.Request{Path: "/?count=2"})
	const want = "id: 1\ndata: 2026-01-02T22:59:59Z\n\nid: 2\ndata: 2026-01-02T23:00:00Z\n\n"
	if got.Status != "200 OK" || string(got.Body) != want || got.Fault != nil {
		t.Errorf("%s\n%s\nfault %v", got.Status, got.Body, got.Fault)
	}
	if len(got.Blocks) != 2 || *slept != time.Second {
		t.Errorf("%d blocks in %v", len(got.Blocks), *slept)
	}
	if got.Header("Content-Type") != "text/event-stream" || got.Header("Content-Length") != "" || got.Header("Cache-Control") != "no-store" {
		t.Errorf("headers %v", got.Headers)
	}
}

func TestEndsWhenTheClientIsGone(t *testing.T) {
	t.Parallel()
	c, slept := fakeClock()
	events := 0
	got := wasgitest.Call(c.serve, wasgitest.Request{OnBlock: func([]byte) error {
		if events++; events > 100 {
			return io.ErrClosedPipe
		}
		return nil
	}})
	if len(got.Blocks) != 100 || *slept != 100*time.Second || got.Fault != nil || got.Errors != "" {
		t.Errorf("%d blocks in %v, fault %v, errors %q", len(got.Blocks), *slept, got.Fault, got.Errors)
	}
}

func TestHeadEndsAtOnce(t *testing.T) {
	t.Parallel()
	c, slept := fakeClock()
	got := wasgitest.Call(c.serve, wasgitest.Request{Method: "HEAD"})
	if got.Code != 200 || len(got.Body) != 0 || *slept != 0 {
		t.Errorf("%s, %q, slept %v", got.Status, got.Body, *slept)
	}
}

func TestBadRequests(t *testing.T) {
	t.Parallel()
	c, _ := fakeClock()
	for _, path := range []string{"/?count=0", "/?count=-1", "/?count=", "/?count=x", "/?count=99999999999999999999", "/?count=%zz"} {
		got := wasgitest.Call(c.serve, wasgitest.Request{Path: path})
		if got.Status != "400 Bad Request" || string(got.Body) != "count must be a whole number from 1 on\n" {
			t.Errorf("%s: %s %q", path, got.Status, got.Body)
		}
	}
	got := wasgitest.Call(c.serve, wasgitest.Request{Method: "POST"})
	if got.Status != "405 Method Not Allowed" || got.Header("Allow") != "GET, HEAD" {
		t.Errorf("POST: %s %v", got.Status, got.Headers)
	}
}
