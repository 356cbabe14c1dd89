package listen_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wasgi/wasgi/host/internal/certtest"
	"github.com/wasgi/wasgi/host/internal/listen"
)

// hang bounds every wait; none is expected to come near it.
const hang = time.Minute

// guarded is a connection that somebody has put a guard around.
type guarded struct {
	net.Conn
	passed *atomic.Int64
}

func (g guarded) PassThrough() { g.passed.Add(1) }

// server is a door with net/http behind it.
type server struct {
	door       *listen.Door
	plain, tls string
	client     *http.Client
	transport  *http.Transport
	guards     atomic.Int64
	passed     atomic.Int64
	log        lockedBuffer
}

// serve starts a server with a plain listener and one with TLS, for the length of a test. It answers with the protocol, and whether it
// is encrypted.
func serve(t *testing.T, options listen.Options, handler http.Handler) *server {
	t.Helper()
	s := &server{}
	authority := certtest.New(t)
	options.TLS = &tls.Config{Certificates: []tls.Certificate{authority.Certificate(t, "127.0.0.1")}, NextProtos: []string{"h2", "http/1.1"}}
	options.Guard = func(c net.Conn) net.Conn {
		s.guards.Add(1)
		return guarded{c, &s.passed}
	}
	options.Log = slog.New(slog.NewTextHandler(&s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	if options.HandshakeTimeout == 0 {
		options.HandshakeTimeout = hang
	}
	if options.MaxConnections == 0 {
		options.MaxConnections = 1000
	}
	if handler == nil {
		handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, "%s %t", r.Proto, r.TLS != nil && r.TLS.HandshakeComplete)
		})
	}
	s.door = listen.New(options)
	plain, secure := loopback(t), loopback(t)
	s.plain, s.tls = plain.Addr().String(), secure.Addr().String()
	web := &http.Server{Handler: handler, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)}
	var serving sync.WaitGroup
	for _, l := range []net.Listener{s.door.Plain(plain), s.door.TLS(secure)} {
		serving.Go(func() { _ = web.Serve(l) })
	}
	s.transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: authority.Pool()}}
	s.client = &http.Client{Transport: s.transport}
	t.Cleanup(func() {
		s.transport.CloseIdleConnections()
		s.door.Close()
		_ = web.Close() // its listeners are closed
		serving.Wait()
		s.empty(t)
	})
	return s
}

// empty waits until the door has counted all connections out.
func (s *server) empty(t *testing.T) {
	t.Helper()
	select {
	case <-s.door.Empty():
	case <-time.After(hang):
		t.Errorf("%d connections are left", s.door.Open())
	}
}

func loopback(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(hang)); err != nil {
		t.Fatal(err)
	}
	return c
}

// until waits for something that comes by itself.
func until(t *testing.T, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(hang); !so(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %s", what, hang)
		}
	}
}

type lockedBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func TestProtocols(t *testing.T) {
	t.Parallel()
	s := serve(t, listen.Options{}, nil)
	for _, c := range []struct {
		url    string
		h2     bool
		want   string
		guards int64
	}{
		{"http://" + s.plain, false, "HTTP/1.1 false", 1},
		{"https://" + s.tls, false, "HTTP/1.1 true", 2},
		{"https://" + s.tls, true, "HTTP/2.0 true", 2}, // which has no guard: net/http reads its frames
	} {
		transport := s.transport.Clone()
		transport.ForceAttemptHTTP2 = c.h2
		if !c.h2 {
			transport.TLSClientConfig.NextProtos = nil
		}
		response, err := (&http.Client{Transport: transport}).Get(c.url)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		if err != nil || string(body) != c.want {
			t.Errorf("%s: %q, %v, want %q", c.url, body, err, c.want)
		}
		if got := s.guards.Load(); got != c.guards {
			t.Errorf("%s: %d guards, want %d", c.url, got, c.guards)
		}
		transport.CloseIdleConnections()
	}
}

// A connection with TLS that was hijacked still leads to its guard, and to the end of writing.
func TestHijackedTLS(t *testing.T) {
	t.Parallel()
	s := serve(t, listen.Options{}, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		c, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		c.(interface{ PassThrough() }).PassThrough()
		if _, err := io.WriteString(c, "raw"); err != nil {
			t.Error(err)
		}
		if err := c.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
			t.Error(err)
		}
	}))
	config := s.transport.TLSClientConfig.Clone()
	config.NextProtos = nil
	c, err := tls.Dial("tcp", s.tls, config)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(c); err != nil || string(got) != "raw" {
		t.Errorf("%q, %v", got, err)
	}
	if s.passed.Load() != 1 {
		t.Error("the guard was not opened")
	}
}

func TestMaxConnections(t *testing.T) {
	t.Parallel()
	s := serve(t, listen.Options{MaxConnections: 3}, nil)
	first := dial(t, s.plain)
	dial(t, s.tls) // one that does not even shake hands
	dial(t, s.plain)
	until(t, "three are in", func() bool { return s.door.Open() == 3 })

	response, err := http.ReadResponse(bufio.NewReader(dial(t, s.plain)), nil)
	if err != nil || response.StatusCode != 503 || !response.Close {
		t.Errorf("the fourth gets %+v, %v", response, err)
	}
	if got, err := io.ReadAll(dial(t, s.tls)); len(got) > 0 || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the fourth by TLS reads %q, %v", got, err)
	}
	if said := s.log.String(); strings.Count(said, "more than server.max_connections") != 1 || !strings.Contains(said, "times=1") {
		t.Errorf("it says\n%s", said)
	}

	_ = first.Close()
	until(t, "one is out", func() bool { return s.door.Open() == 2 })
	if response, err := s.client.Get("http://" + s.plain); err != nil {
		t.Error(err)
	} else if _ = response.Body.Close(); response.StatusCode != 200 {
		t.Errorf("when one has left: %d", response.StatusCode)
	}
}

// queue is a listener that gives what it was given.
type queue struct {
	next   chan any // net.Conn or error
	closed chan struct{}
	once   sync.Once
}

func newQueue(items ...any) *queue {
	q := &queue{next: make(chan any, len(items)), closed: make(chan struct{})}
	for _, item := range items {
		q.next <- item
	}
	return q
}

func (q *queue) Accept() (net.Conn, error) {
	select {
	case item := <-q.next:
		if err, ok := item.(error); ok {
			return nil, err
		}
		return item.(net.Conn), nil
	case <-q.closed:
		return nil, net.ErrClosed
	}
}
func (q *queue) Close() error   { q.once.Do(func() { close(q.closed) }); return nil }
func (q *queue) Addr() net.Addr { return &net.TCPAddr{} }

// from is a connection from an address.
type from struct {
	net.Conn
	address string
	closed  *atomic.Int64
}

func (f from) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(f.address), 1))
}
func (f from) Write(p []byte) (int, error) { return len(p), nil }
func (f from) Close() error                { f.closed.Add(1); return nil }

func TestMaxConnectionsPerClient(t *testing.T) {
	t.Parallel()
	var closed atomic.Int64
	q := newQueue()
	q.next = make(chan any, 20)
	door := listen.New(listen.Options{MaxConnections: 100, MaxPerClient: 2, Exempt: netip.Addr.IsLoopback, Log: slog.New(slog.DiscardHandler)})
	defer door.Close()
	l := door.Plain(q)
	come := func(address string) { q.next <- from{address: address, closed: &closed} }
	in := func(n int) []net.Conn {
		var conns []net.Conn
		for range n {
			c, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			conns = append(conns, c)
		}
		return conns
	}
	for _, address := range []string{
		"192.0.2.1", "::ffff:192.0.2.1", "192.0.2.1", // one client, however it is written: the third is too many
		"192.0.2.2",
		"2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8:0:1::1", // one customer has a whole network
		"127.0.0.1", "127.0.0.1", "::1", "127.0.0.1", // this machine has no bound
	} {
		come(address)
	}
	conns := in(10)
	if got := closed.Load(); got != 2 {
		t.Errorf("%d were refused, want 2", got)
	}
	if got := door.Open(); got != 10 {
		t.Errorf("%d are in", got)
	}
	for _, c := range conns {
		_ = c.Close()
		_ = c.Close() // which counts once
	}
	if got := door.Open(); got != 0 {
		t.Errorf("%d are in when all have left", got)
	}
	come("192.0.2.1")
	come("192.0.2.1")
	in(2)
}

func TestHandshakes(t *testing.T) {
	t.Parallel()
	s := serve(t, listen.Options{HandshakeTimeout: 200 * time.Millisecond}, nil)
	silent := dial(t, s.tls)
	plain := dial(t, s.tls)
	if _, err := io.WriteString(plain, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if got, _ := io.ReadAll(plain); !strings.HasPrefix(string(got), "HTTP/1.0 400 Bad Request\r\n") {
		t.Errorf("plain HTTP gets %q", got)
	}
	if got, err := io.ReadAll(silent); len(got) > 0 || err != nil {
		t.Errorf("a client without a handshake reads %q, %v", got, err)
	}
	until(t, "both are out", func() bool { return s.door.Open() == 0 })
	garbage := dial(t, s.tls)
	if _, err := io.WriteString(garbage, "\x16\x03\x01\x00\x04\x01\x00\x00\x00"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(garbage); errors.Is(err, context.DeadlineExceeded) {
		t.Error("a bad handshake goes on")
	}
}
