package listen_test

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wasgi/wasgi/host/internal/listen"
)

// Whatever passes by itself is waited for, and said once; what does not ends the listener.
func TestAcceptGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var closed atomic.Int64
		var log lockedBuffer
		short := &net.OpError{Op: "accept", Net: "tcp", Err: os.NewSyscallError("accept4", syscall.EMFILE)}
		broken := &net.OpError{Op: "accept", Net: "tcp", Err: os.NewSyscallError("accept4", syscall.EBADF)}
		q := newQueue(short, short, short, from{address: "192.0.2.1", closed: &closed}, syscall.ECONNABORTED, from{address: "192.0.2.1", closed: &closed}, broken)
		door := listen.New(listen.Options{MaxConnections: 10, Log: slog.New(slog.NewTextHandler(&log, nil))})
		defer door.Close()
		l := door.Plain(q)
		began := time.Now()
		for range 2 {
			if _, err := l.Accept(); err != nil {
				t.Fatal(err)
			}
		}
		if waited := time.Since(began); waited != 40*time.Millisecond { // 5, 10 and 20 ms, and 5 again
			t.Errorf("it has waited for %v", waited)
		}
		if _, err := l.Accept(); !errors.Is(err, syscall.EBADF) {
			t.Errorf("a listener that is none ends with %v", err)
		}
		if said := log.String(); strings.Count(said, "no connection can be accepted for now") != 1 || !strings.Contains(said, "too many open files") {
			t.Errorf("it says\n%s", said)
		}
	})
}

// A flood is told of now and then, with how large it was.
func TestRefusalsAreCounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var closed atomic.Int64
		var log lockedBuffer
		one := from{address: "192.0.2.1", closed: &closed}
		q := newQueue(one, one, one, one)
		door := listen.New(listen.Options{MaxConnections: 1, Log: slog.New(slog.NewTextHandler(&log, nil))})
		l := door.Plain(q)
		if _, err := l.Accept(); err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = l.Accept() }()
		synctest.Wait()
		time.Sleep(11 * time.Second) // of the bubble's clock
		q.next <- one
		synctest.Wait()
		if said := log.String(); strings.Count(said, "refused") != 2 || !strings.Contains(said, "times=1") || !strings.Contains(said, "times=3") {
			t.Errorf("it says\n%s", said)
		}
		door.Close()
	})
}

// Connections that the system has made are let in after Stop, handshakes that have begun are finished, and then it is over.
func TestStop(t *testing.T) {
	t.Parallel()
	s := serve(t, listen.Options{}, nil)
	shaking := dial(t, s.tls)
	until(t, "the handshake is waited for", func() bool { return s.door.Open() == 1 })
	s.door.Stop()
	until(t, "no more connections are made", func() bool {
		c, err := net.Dial("tcp", s.tls)
		if err == nil {
			_ = c.Close()
		}
		return err != nil
	})
	select {
	case <-s.door.Empty():
		t.Error("it is empty with a connection left")
	default:
	}
	config := s.transport.TLSClientConfig.Clone()
	config.ServerName, config.NextProtos = "127.0.0.1", nil
	c := tls.Client(shaking, config)
	if _, err := io.WriteString(c, "GET / HTTP/1.0\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(c); err != nil || !strings.Contains(string(got), "HTTP/1.0 true") {
		t.Errorf("%q, %v", got, err)
	}
	s.empty(t)
}

// Only connections on which nothing was ever said are closed by CloseSilent, be it with TLS or without.
func TestCloseSilent(t *testing.T) {
	t.Parallel()
	s := serve(t, listen.Options{}, nil)
	config := s.transport.TLSClientConfig.Clone()
	config.NextProtos = []string{"http/1.1"}
	secure := func() net.Conn {
		c, err := tls.Dial("tcp", s.tls, config)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		if err := c.SetDeadline(time.Now().Add(hang)); err != nil {
			t.Fatal(err)
		}
		return c
	}
	ask := func(c net.Conn) {
		t.Helper()
		if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		response, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, response.Body)
	}
	speaking := []net.Conn{dial(t, s.plain), secure()}
	for _, c := range speaking {
		ask(c)
	}
	silent := []net.Conn{dial(t, s.plain), secure()}
	shaking := dial(t, s.tls)
	until(t, "all are in", func() bool { return s.door.Open() == 5 && s.guards.Load() == 4 })
	s.door.CloseSilent()
	for _, c := range silent {
		if _, err := c.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("a silent client reads %v", err)
		}
	}
	until(t, "they are out", func() bool { return s.door.Open() == 3 })
	for _, c := range append(speaking, tls.Client(shaking, &tls.Config{RootCAs: config.RootCAs, ServerName: "127.0.0.1"})) {
		ask(c)
	}
}

// What a client does not take in time is thrown away with its connection.
func TestStalledClientsAreReset(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{})
	s := serve(t, listen.Options{}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(ended)
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(100 * time.Millisecond))
		block := make([]byte, 1<<20)
		for {
			if _, err := w.Write(block); err != nil {
				panic(http.ErrAbortHandler)
			}
		}
	}))
	c := dial(t, s.plain)
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	<-ended
	until(t, "it is out", func() bool { return s.door.Open() == 0 })
	if _, err := io.Copy(io.Discard, c); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the client reads to its end with %v", err)
	}
}

// Clients come and go, with and without TLS, while others are refused and the door is shut.
func TestDoorHammer(t *testing.T) {
	t.Parallel()
	s := serve(t, listen.Options{MaxConnections: 8, HandshakeTimeout: 50 * time.Millisecond}, nil)
	var group sync.WaitGroup
	var served atomic.Int64
	for i := range 24 {
		group.Go(func() {
			transport := s.transport.Clone()
			transport.ForceAttemptHTTP2 = i%2 == 0
			defer transport.CloseIdleConnections()
			client := &http.Client{Transport: transport, Timeout: hang}
			for n := range 40 {
				url := "http://" + s.plain
				switch (i + n) % 4 {
				case 0:
					url = "https://" + s.tls
				case 1:
					if c, err := net.Dial("tcp", s.tls); err == nil {
						_ = c.Close()
					}
					continue
				}
				response, err := client.Get(url)
				if err != nil {
					continue // refused
				}
				_, _ = io.Copy(io.Discard, response.Body)
				_ = response.Body.Close()
				if response.StatusCode == http.StatusOK {
					served.Add(1)
				}
				if n%3 == 0 {
					transport.CloseIdleConnections()
				}
				if i == 0 && n == 39 {
					s.door.Stop()
				}
			}
		})
	}
	group.Wait()
	if served.Load() == 0 {
		t.Error("nobody was served")
	}
	if open := s.door.Open(); open > 8 {
		t.Errorf("%d are in", open)
	}
}
