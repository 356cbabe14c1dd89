package bench

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var get = []byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")

// serve serves a handler and returns its address.
func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

func hello(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }

func load() Load { return Load{Request: get, Status: 200, Clients: 3, Duration: 30 * time.Millisecond} }

func TestCompareTakesTurns(t *testing.T) {
	t.Parallel()
	slow := serve(t, func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(5 * time.Millisecond)
		hello(w, r)
	})
	c, err := load().Compare(t.Context(), 4, 2, serve(t, hello), slow)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Ratios) != 4 || len(c.Base.Rates) != 4 || len(c.Other.Rates) != 4 || c.Base.Failed+c.Other.Failed > 0 {
		t.Errorf("%d ratios, %d and %d rounds, %d and %d failures", len(c.Ratios), len(c.Base.Rates), len(c.Other.Rates),
			c.Base.Failed, c.Other.Failed)
	}
	if ratio := Median(c.Ratios); ratio <= 0 || ratio >= 1 {
		t.Errorf("a server that waits has ratio %v", ratio)
	}
	if p50 := c.Other.Quantile(0.5); p50 < 4*time.Millisecond {
		t.Errorf("a server that waits 5 ms answers within %s", p50)
	}
}

// Another status, and a connection that breaks, are failures; the clients go on.
func TestFailuresAreCounted(t *testing.T) {
	t.Parallel()
	var n atomic.Int64
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch n.Add(1) % 3 {
		case 0:
			panic(http.ErrAbortHandler)
		case 1:
			w.WriteHeader(500)
		}
		hello(w, r)
	})
	l, s := load(), Series{}
	l.Clients = 1
	if err := l.Turn(t.Context(), address, &s); err != nil {
		t.Fatal(err)
	}
	if good := s.Requests - s.Failed; s.Requests < 3 || good < s.Requests/3 || good > s.Requests/3+1 {
		t.Errorf("%d of %d failed, want two of three", s.Failed, s.Requests)
	}
}

// A server that closes its connections is dialled again, but not for ever.
func TestDialsAreBounded(t *testing.T) {
	t.Parallel()
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		hello(w, r)
	})
	l, s := load(), Series{}
	l.Duration = time.Minute
	if err := l.Turn(t.Context(), address, &s); err != nil {
		t.Fatal(err)
	}
	if s.Requests < maxDials || s.Requests > maxDials+l.Clients || s.Failed > 0 {
		t.Errorf("%d requests, %d of them failed", s.Requests, s.Failed)
	}
}

func TestTurnEndsAfterRequests(t *testing.T) {
	t.Parallel()
	l, s := load(), Series{}
	l.Duration, l.Requests = time.Minute, 100
	if err := l.Turn(t.Context(), serve(t, hello), &s); err != nil || s.Requests != 100 || s.Failed > 0 {
		t.Errorf("%d requests, %d failed, %v", s.Requests, s.Failed, err)
	}
}

func TestTurnEndsWithContext(t *testing.T) {
	t.Parallel()
	over := make(chan struct{})
	address := serve(t, func(http.ResponseWriter, *http.Request) { <-over })
	t.Cleanup(func() { close(over) }) // before the server is closed, which waits
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(50*time.Millisecond, func() { cancel(cause) })
	if err := load().Turn(ctx, address, &Series{}); !errors.Is(err, cause) {
		t.Errorf("it ends with %v", err)
	}
}

func TestTurnWithoutServer(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	if err := load().Turn(t.Context(), address, &Series{}); err == nil {
		t.Error("nothing listens, and nobody notices")
	}
}

// What is no HTTP ends the turn with what is wrong.
func TestTurnWithOtherProtocol(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(conn, "220 mail.example.org\r\n")
		}
	}()
	if err := load().Turn(t.Context(), listener.Addr().String(), &Series{}); !errors.Is(err, errMalformed) {
		t.Errorf("it ends with %v", err)
	}
}

// Turns of one load on one server, with many clients each, count every request once.
func TestHammer(t *testing.T) {
	t.Parallel()
	var served atomic.Int64
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		served.Add(1)
		hello(w, r)
	})
	l := load()
	l.Clients = 8
	series := make([]Series, 4)
	var running sync.WaitGroup
	for i := range series {
		running.Go(func() {
			if err := l.Turn(t.Context(), address, &series[i]); err != nil {
				t.Error(err)
			}
		})
	}
	running.Wait()
	var all Series
	for i := range series {
		all.Merge(&series[i])
	}
	if int64(all.Requests) != served.Load() || all.Failed > 0 || all.times.total != uint64(all.Requests) {
		t.Errorf("%d requests, %d failed, %d served, %d timed", all.Requests, all.Failed, served.Load(), all.times.total)
	}
}
