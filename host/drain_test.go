package host_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wasgi/wasgi/host/config"
	"github.com/wasgi/wasgi/host/internal/certtest"
	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// regulars are clients that ask again on the same connection, as soon as they have an answer or a moment later, until they are told
// that it is the last one.
type regulars struct {
	group          sync.WaitGroup
	served, failed atomic.Int64
	mu             sync.Mutex
	first          error // that failed one
}

const regularClients = 24

// come makes them ask a server, and returns when all have been served.
func (g *regulars) come(t *testing.T, address, path string) {
	t.Helper()
	var ready sync.WaitGroup
	for i := range regularClients {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		ready.Add(1)
		g.group.Go(func() {
			defer conn.Close()
			reader := bufio.NewReader(conn)
			for n := 0; ; n++ {
				last, err := ask(conn, reader, path)
				if n == 0 {
					ready.Done()
				}
				switch {
				case err != nil:
					g.failed.Add(1)
					g.mu.Lock()
					g.first = errors.Join(g.first, err)
					g.mu.Unlock()
					return
				case last:
					g.served.Add(1)
					return
				}
				g.served.Add(1)
				time.Sleep(time.Duration(i%3) * 5 * time.Millisecond)
			}
		})
	}
	ready.Wait()
}

// ask sends a request that must not be sent twice, and reports whether its answer is the connection's last.
func ask(conn net.Conn, reader *bufio.Reader, path string) (last bool, err error) {
	_ = conn.SetDeadline(time.Now().Add(hang)) // an error is the request's
	if _, err := fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx", path); err != nil {
		return false, err
	}
	response, err := http.ReadResponse(reader, nil)
	if err != nil {
		return false, err
	}
	defer response.Body.Close()
	if body, err := io.ReadAll(response.Body); err != nil || response.StatusCode != http.StatusOK {
		return false, fmt.Errorf("%s %q, %w", response.Status, body, err)
	}
	return response.Close, nil
}

// net/http's Shutdown closes connections on which the next request is already on its way. A host that ends lets its clients ask, and
// tells them that it was the last time.
func TestFact15_ShutdownLosesRequests(t *testing.T) {
	t.Parallel()
	t.Run("bare", func(t *testing.T) {
		t.Parallel()
		for try := range 100 {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.Copy(w, r.Body) })}
			go func() { _ = server.Serve(listener) }()
			var clients regulars
			clients.come(t, listener.Addr().String(), "/")
			if err := server.Shutdown(t.Context()); err != nil {
				t.Fatal(err)
			}
			clients.group.Wait()
			if failed := clients.failed.Load(); failed > 0 {
				t.Logf("shutdown %d lost %d requests, the first with %v", try+1, failed, clients.first)
				return
			}
		}
		t.Error("nothing was lost: the fact is none any more")
	})
	t.Run("host", func(t *testing.T) {
		t.Parallel()
		for range 5 {
			dir := t.TempDir()
			write(t, filepath.Join(dir, "echo.wasm"), guesttest.Wasm(t, "echo"))
			s := serve(t, dir)
			var clients regulars
			clients.come(t, s.plain, "/echo")
			if err := s.stop(); err != nil {
				t.Fatal(err)
			}
			clients.group.Wait()
			if failed := clients.failed.Load(); failed > 0 {
				t.Errorf("%d of %d requests failed: %v", failed, failed+clients.served.Load(), clients.first)
			}
		}
	})
}

// The same with HTTP/2: what was sent is answered, and who wants more is told to go elsewhere before he asks.
func TestShutdownOfHTTP2(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "echo.wasm"), guesttest.Wasm(t, "echo"))
	authority := certtest.New(t)
	s := serve(t, dir, withTLS(t, authority))
	elsewhere := errors.New("the server accepts no more")
	visitor := client(t, authority)
	transport := visitor.Transport.(*http.Transport)
	transport.DialTLSContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		// One that the system has accepted and the server has not is reset: it was not served, and no request was sent on it.
		config := transport.TLSClientConfig.Clone()
		config.NextProtos = []string{"h2"}
		conn, err := (&tls.Dialer{Config: config}).DialContext(ctx, network, address)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", elsewhere, err)
		}
		return conn, nil
	}
	var group, ready sync.WaitGroup
	var served atomic.Int64
	for range regularClients {
		ready.Add(1)
		group.Go(func() {
			once := sync.OnceFunc(ready.Done)
			defer once()
			for {
				r, err := http.NewRequest("POST", "https://"+s.tls+"/echo", http.NoBody)
				if err != nil {
					t.Error(err)
					return
				}
				response, err := visitor.Do(r)
				if err != nil {
					if !errors.Is(err, elsewhere) {
						t.Errorf("after %d requests: %v", served.Load(), err)
					}
					return
				}
				if body, err := io.ReadAll(response.Body); err != nil || response.StatusCode != http.StatusOK {
					t.Errorf("%s %q, %v", response.Status, body, err)
				}
				_ = response.Body.Close()
				served.Add(1)
				once()
			}
		})
	}
	ready.Wait()
	if err := s.stop(); err != nil {
		t.Error(err)
	}
	group.Wait()
}

// A request that was answered without a word of the end, because it began before, has no word for the next one either: that one is
// waited for, and answered.
func TestShutdownWaitsForTheUntold(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "count.wasm"), guesttest.Wasm(t, "count"))
	write(t, filepath.Join(dir, "echo.wasm"), guesttest.Wasm(t, "echo"))
	s := serve(t, dir)
	conn, err := net.Dial("tcp", s.plain)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn, "POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	reader := bufio.NewReader(conn)
	if line, err := reader.ReadString('\n'); err != nil || line != "HTTP/1.1 100 Continue\r\n" {
		t.Fatalf("%q, %v", line, err)
	}
	if _, err := reader.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.stop() }()
	for refused := false; !refused; {
		other, err := net.Dial("tcp", s.plain)
		if refused = err != nil; !refused {
			_ = other.Close()
		}
	}
	time.Sleep(700 * time.Millisecond) // longer than an idle connection would be kept
	if _, err := io.WriteString(conn, "x"); err != nil {
		t.Fatal(err)
	}
	response, err := http.ReadResponse(reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(response.Body); err != nil || len(body) != 12 || response.Close {
		t.Errorf("%q, closing %t, %v", body, response.Close, err)
	}
	if last, err := ask(conn, reader, "/echo"); err != nil || !last {
		t.Errorf("then last %t, %v", last, err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// With a delay, connections are still accepted after the signal, and each answer is its connection's last.
func TestShutdownDelay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "echo.wasm"), guesttest.Wasm(t, "echo"))
	s := serve(t, dir, func(c *config.Config) { c.Server.ShutdownDelay = time.Second })
	once := func() (bool, error) {
		conn, err := net.Dial("tcp", s.plain)
		if err != nil {
			return false, err
		}
		defer conn.Close()
		return ask(conn, bufio.NewReader(conn), "/echo")
	}
	if last, err := once(); err != nil || last {
		t.Errorf("before the end: last %t, %v", last, err)
	}
	began := time.Now()
	ended := make(chan error, 1)
	go func() { ended <- s.stop() }()
	told := 0
	for {
		last, err := once()
		if err != nil {
			break
		}
		if last {
			told++
		}
	}
	if took := time.Since(began); took < time.Second || told == 0 {
		t.Errorf("it was reached for %v, and told %d clients", took, told)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// Clients that have connected and said nothing do not keep a server from ending.
func TestShutdownOfSilentClients(t *testing.T) {
	t.Parallel()
	authority := certtest.New(t)
	s := serve(t, t.TempDir(), withTLS(t, authority))
	plain, err := net.Dial("tcp", s.plain)
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	secure, err := tls.Dial("tcp", s.tls, &tls.Config{RootCAs: authority.Pool(), NextProtos: []string{"http/1.1"}})
	if err != nil {
		t.Fatal(err)
	}
	defer secure.Close()
	began := time.Now()
	if err := s.stop(); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > 4*time.Second { // net/http would give them 5
		t.Errorf("it took %v", took)
	}
}
