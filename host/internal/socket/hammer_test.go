package socket_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/wasgi/wasgi/host/config"
	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// Connections come, talk and go in all ways at once, while their app is replaced, removed and put back. Whoever stays is served, and
// nothing is left of those who went.
func TestHammer(t *testing.T) {
	t.Parallel()
	s := newSite(t, "quarantine_after = 0\nwebsocket.queue = '64KiB'\nwebsocket.ping_interval = '20ms'", nil)
	stop := make(chan struct{})
	var all sync.WaitGroup
	var opened, served, published atomic.Int64
	for range 12 {
		all.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					opened.Add(1)
					served.Add(s.visit())
				}
			}
		})
	}
	all.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			if response, err := http.Get("http://" + s.address + "/socket?news"); err == nil {
				_ = response.Body.Close()
				published.Add(1)
			}
		}
	})
	for n := range 12 {
		switch n % 4 {
		case 0, 1:
			s.write(t, "socket.wasm", version(t, fmt.Sprint(n%10)))
		case 2:
			if err := os.Remove(filepath.Join(s.dir, "socket.wasm")); err != nil {
				t.Error(err)
			}
		case 3:
			s.write(t, "socket.wasm", guesttest.Wasm(t, "socket"))
		}
		s.reload(t)
		time.Sleep(50 * time.Millisecond) // under load, with this version
	}
	close(stop)
	all.Wait()
	if served.Load() == 0 || published.Load() == 0 {
		t.Errorf("of %d connections %d were served, %d requests published", opened.Load(), served.Load(), published.Load())
	}
	s.subscribers(t, "/socket?anybody", "0")
	last := s.dial(t, "")
	last.want("welcome1")
	t.Logf("%d connections, %d of them served to their end, %d requests", opened.Load(), served.Load(), published.Load())
}

// visit opens one connection and does something with it. It returns 1 if the app has said what it should.
func (s *site) visit() int64 {
	ctx, cancel := context.WithTimeout(context.Background(), hang)
	defer cancel()
	c, _, err := websocket.Dial(ctx, "ws://"+s.address+"/socket", nil)
	if err != nil {
		return 0 // while the app is removed
	}
	defer c.CloseNow()
	way := rand.IntN(6)
	message := []string{"ehello", "phello all", "t", "c", "f" + strings.Repeat("x", 10_000), "sanother"}[way]
	if c.Write(ctx, websocket.MessageText, []byte(message)) != nil {
		return 0
	}
	if way == 4 {
		return 0 // and goes without having read
	}
	for {
		_, data, err := c.Read(ctx)
		if err != nil {
			return 0
		}
		if text := string(data); text == "hello" || text == "hello all" {
			_ = c.Close(websocket.StatusNormalClosure, "")
			return 1
		} else if len(data) == 4 {
			return 1
		}
	}
}

// idleLimit is what an idle connection may take of the server's memory, in bytes, the client's end not counted.
const idleLimit = 20 << 10

// What an idle connection takes, and that it gives it back. WASGI_SOCKETS is how many there are.
func TestIdleConnections(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector takes memory too")
	}
	n := 1000
	if text := os.Getenv("WASGI_SOCKETS"); text != "" {
		if _, err := fmt.Sscan(text, &n); err != nil {
			t.Fatal(err)
		}
	}
	s := newSite(t, "websocket.max_connections = 1_000_000\ninstances.max = 4", func(c *config.Config) { c.Log.Access = false })
	var conns []net.Conn
	t.Cleanup(func() {
		for _, c := range conns {
			_ = c.Close()
		}
	})
	open := func() {
		conn, err := net.Dial("tcp", s.address)
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, conn)
		if _, err := fmt.Fprintf(conn, upgrade, "?n"); err != nil {
			t.Fatal(err)
		}
		var answer [256]byte
		if _, err := conn.Read(answer[:]); err != nil {
			t.Fatal(err)
		}
	}
	for range 50 { // so that instances and caches are there
		open()
	}
	before, goroutines := inUse(), runtime.NumGoroutine()
	for range n {
		open()
	}
	after := inUse()
	each := (after - before) / int64(n)
	t.Logf("%d idle connections: %d bytes each, %.2f goroutines", n, each, float64(runtime.NumGoroutine()-goroutines)/float64(n))
	if each > idleLimit {
		t.Errorf("%d bytes for each idle connection, at most %d", each, idleLimit)
	}
	for _, c := range conns {
		_ = c.Close()
	}
	for deadline := time.Now().Add(hang); runtime.NumGoroutine() > goroutines; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines are left of those connections", runtime.NumGoroutine()-goroutines)
		}
	}
	if left := inUse() - before; left > int64(n)*idleLimit/10 {
		t.Errorf("%d bytes are left of %d connections", left, n)
	}
}

// inUse is heap and stacks after a collection, in bytes.
func inUse() int64 {
	runtime.GC()
	runtime.GC() // stacks shrink while they are scanned, and are given back after it
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// strict is a connection that reads HTTP strictly until it is told that what comes is something else.
type strict struct {
	net.Conn
	passed *atomic.Bool
}

func (s strict) PassThrough() { s.passed.Store(true) }

type strictListener struct {
	net.Listener
	passed atomic.Bool
}

func (l *strictListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	return strict{conn, &l.passed}, err
}

// wrapped is what middleware makes of a response.
type wrapped struct{ http.ResponseWriter }

func (w wrapped) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func TestAStrictReaderIsToldOfTheUpgrade(t *testing.T) {
	t.Parallel()
	s := newSite(t, "", nil)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.host.ServeHTTP(wrapped{w}, r) }))
	listener := &strictListener{Listener: server.Listener}
	server.Listener = listener
	server.Start()
	defer server.Close()
	response, err := http.Get(server.URL + "/socket")
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if listener.passed.Load() {
		t.Error("a request without an upgrade has passed through")
	}
	c, _, err := websocket.Dial(t.Context(), "ws"+strings.TrimPrefix(server.URL, "http")+"/socket", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	(&client{c, t}).want("welcome1")
	if !listener.passed.Load() {
		t.Error("the strict reader was not told")
	}
}

// Where no connection can be taken over, a handshake is a request like any other.
func TestWithoutAConnection(t *testing.T) {
	t.Parallel()
	s := newSite(t, "", nil)
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(fmt.Sprintf(upgrade, ""))))
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	s.host.ServeHTTP(w, r)
	if w.Code != 200 || w.Body.String() != "0" {
		t.Errorf("%d %q", w.Code, w.Body)
	}
}
