package socket_test

import (
	"context"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/wasgi/wasgi/host/config"
	"github.com/wasgi/wasgi/host/internal/guesttest"
)

func TestConnectionsOutliveVersions(t *testing.T) {
	t.Parallel()
	s := newSite(t, "", nil)
	a, b := s.dial(t, ""), s.dial(t, "")
	a.want("welcome1")
	b.want("welcome1")
	for _, digit := range []string{"2", "3"} {
		s.write(t, "socket.wasm", version(t, digit))
		s.reload(t)
		a.send("pstill in the room")
		a.want("still in the room")
		b.want("still in the room")
		c := s.dial(t, "")
		c.want("welcome" + digit)
		if err := c.Close(1000, ""); err != nil {
			t.Error(err)
		}
		a.want("left 1000")
		b.want("left 1000")
	}
	// One that fails to load leaves the one before, and one without events has no use for connections.
	s.write(t, "socket.wasm", []byte("no module"))
	s.reload(t)
	a.send("eagain")
	a.want("again")
	s.write(t, "socket.wasm", guesttest.Wasm(t, "hello"))
	s.reload(t)
	a.send("ehello")
	a.wantClosed(1001, "the app is gone")
	if status, body := s.get(t, "/socket"); status != 200 || body != "hello world" {
		t.Errorf("%d %q", status, body)
	}
}

func TestAnAppThatIsRemoved(t *testing.T) {
	t.Parallel()
	for name, remove := range map[string]func(*site){
		"removed": func(s *site) {
			if err := os.Remove(filepath.Join(s.dir, "socket.wasm")); err != nil {
				t.Error(err)
			}
		},
		"disabled": func(s *site) { s.write(t, "socket.toml", []byte("enabled = false")) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, "", nil)
			a, b := s.dial(t, ""), s.dial(t, "?n")
			a.want("welcome1")
			remove(s)
			s.reload(t)
			a.wantClosed(1001, "the app was removed")
			b.wantClosed(1001, "the app was removed")
			if status, _ := s.get(t, "/socket"); status != 404 {
				t.Errorf("status %d", status)
			}
		})
	}
}

// An app that was unloaded keeps its connections, and is loaded for the next event.
func TestAnAppThatIsUnloaded(t *testing.T) {
	t.Parallel()
	s := newSite(t, "", func(c *config.Config) { c.Apps.Memory = 1 })
	s.write(t, "hello.wasm", guesttest.Wasm(t, "hello"))
	s.reload(t)
	a := s.dial(t, "")
	a.want("welcome1")
	for range 3 {
		for deadline := time.Now().Add(hang); s.host.Status()[1].State != "unloaded"; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%+v", s.host.Status())
			}
			s.get(t, "/hello")
		}
		a.send("ehello")
		a.want("hello")
	}
}

func TestTheServerEnds(t *testing.T) {
	t.Parallel()
	s := newSite(t, "", nil)
	var clients []*client
	for range 20 {
		clients = append(clients, s.dial(t, ""))
	}
	for _, c := range clients {
		c.want("welcome1")
	}
	s.stop()
	for _, c := range clients {
		c.wantClosed(1001, "the server is shutting down")
	}
	select {
	case err := <-s.ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(hang):
		t.Fatal("Serve does not return")
	}
}

// A client that takes no leave, and a guest that spins, do not keep the server.
func TestTheServerEndsUnderClientsThatDoNotListen(t *testing.T) {
	t.Parallel()
	s := newSite(t, "timeout = '1h'\ncpu = '1h'", func(c *config.Config) { c.Server.ShutdownTimeout = 200 * time.Millisecond })
	for range 5 {
		s.dial(t, "")
	}
	s.dial(t, "?n").send("t") // its connection is being closed, and it does not listen
	s.until(t, "unreachable")
	s.dial(t, "?n").send("l")
	started := time.Now()
	s.stop()
	select {
	case err := <-s.ended:
		if took := time.Since(started); err != nil || took > 4*time.Second { // a farewell waits for five
			t.Errorf("after %v: %v", took, err)
		}
	case <-time.After(hang):
		t.Fatal("Serve does not return")
	}
}

// Another server around the host does not know its connections either: Close ends them.
func TestTheHostIsClosed(t *testing.T) {
	t.Parallel()
	s := newSite(t, "", nil)
	server := httptest.NewServer(s.host)
	defer server.Close()
	ws, _, err := websocket.Dial(t.Context(), "ws"+strings.TrimPrefix(server.URL, "http")+"/socket", nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &client{ws, t}
	c.want("welcome1")
	closed := make(chan error, 1)
	go func() { closed <- s.host.Close() }()
	c.wantClosed(1001, "the server is shutting down")
	if err := <-closed; err != nil {
		t.Error(err)
	}
}

// Who does not read is closed, and nobody else waits for it.
func TestASlowReceiver(t *testing.T) {
	t.Parallel()
	s := newSite(t, "websocket.queue = '256KiB'", nil)
	slow, other := s.dial(t, "?n"), s.dial(t, "")
	other.want("welcome1")
	slow.send("f" + strings.Repeat("x", 60_000)) // 60 MB, far more than sockets take
	other.want("left 1013")
	other.send("ehello")
	other.want("hello")
	for {
		if _, _, err := slow.read(); err != nil {
			break
		}
	}
	slow2 := s.dial(t, "?n")
	slow2.send("f" + strings.Repeat("x", 60_000))
	other.want("left 1013")
	// More than the queue at once is refused, and closes nobody.
	other.write(websocket.MessageBinary, append([]byte("S"), make([]byte, 26)...))
	other.wantResult(-7)
}

// The memory of all queues together is bounded, and those who hold the most go first.
func TestTheMemoryOfAllTogether(t *testing.T) {
	t.Parallel()
	s := newSite(t, "websocket.memory = '1MiB'\nwebsocket.queue = '900KiB'", nil)
	good := s.dial(t, "")
	good.want("welcome1")
	var hoarders []*client
	for range 8 { // each begins a message that never ends
		c := s.dial(t, "?n")
		w, err := c.Writer(t.Context(), websocket.MessageBinary)
		if err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = w.Write(make([]byte, 300_000)) }()
		hoarders = append(hoarders, c)
	}
	closed := 0
	for range 6 { // no more than two of them fit
		good.want("left 1013")
		closed++
	}
	good.send("ehello")
	good.want("hello")
	for _, c := range hoarders {
		_ = c.CloseNow()
	}
	for range 8 - closed {
		if _, told, err := good.read(); err != nil || !strings.HasPrefix(string(told), "left 10") {
			t.Errorf("told %q, %v", told, err)
		}
	}
	good.send("e" + strings.Repeat("x", 60_000)) // all was given back
	good.want(strings.Repeat("x", 60_000))
}

func TestAMessageThatTakesTooLong(t *testing.T) {
	t.Parallel()
	s := newSite(t, "timeout = '300ms'", nil)
	watcher := s.dial(t, "")
	watcher.want("welcome1")
	slow := s.upgraded(t, "?n")
	slow.put(frame(opText, "ehalf a mess"))
	slow.wantClose(1008)
	watcher.want("left 1008")
}

// A client that is silent stays as long as it answers pings.
func TestPings(t *testing.T) {
	t.Parallel()
	s := newSite(t, "websocket.ping_interval = '50ms'", nil)
	pinged := make(chan struct{}, 100)
	ws, _, err := s.tryDial("/socket", &websocket.DialOptions{
		OnPingReceived: func(context.Context, []byte) bool { pinged <- struct{}{}; return true },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer ws.CloseNow()
	alive := &client{ws, t}
	alive.want("welcome1")
	dead, _, err := s.tryDial("/socket?n", &websocket.DialOptions{
		OnPingReceived: func(context.Context, []byte) bool { return false },
	})
	if err != nil {
		t.Fatal(err)
	}
	defer dead.CloseNow()
	go func() { _, _, _ = dead.Read(context.Background()) }()
	alive.want("left 1006")
	go func() {
		for range 5 {
			<-pinged
		}
		alive.send("ehello")
	}()
	alive.want("hello")
}
