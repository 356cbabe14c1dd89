package socket_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/wasgi/wasgi/host"
	"github.com/wasgi/wasgi/host/config"
	"github.com/wasgi/wasgi/host/internal/compile"
	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// hang bounds every wait in these tests; none is expected to come near it.
const hang = 30 * time.Second

func TestMain(m *testing.M) {
	compile.Main()
	os.Exit(m.Run())
}

// logBuffer is a log that a test may read while the host writes it.
type logBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buffer.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buffer.String()
}

// site is a server with the guest "socket" at /socket.
type site struct {
	host    *host.Host
	dir     string
	address string
	log     *logBuffer
	stop    context.CancelFunc
	ended   chan error // what Serve has returned
}

// newSite starts a server whose app has that manifest. change may be nil.
func newSite(t testing.TB, manifest string, change func(*config.Config)) *site {
	t.Helper()
	s := &site{dir: t.TempDir(), log: &logBuffer{}, ended: make(chan error, 1)}
	s.write(t, "socket.toml", []byte(manifest))
	s.write(t, "socket.wasm", guesttest.Wasm(t, "socket"))
	cfg := config.Default()
	cfg.Apps.Dir, cfg.Apps.Cache = s.dir, guesttest.CacheDir(t)
	cfg.Apps.Watch = false
	cfg.Log.Access = true
	if change != nil {
		change(&cfg)
	}
	var err error
	log := slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	if s.host, err = host.Open(t.Context(), host.Options{Config: cfg, Log: log}); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.address = listener.Addr().String()
	ctx, cancel := context.WithCancel(context.Background())
	s.stop = cancel
	go func() { s.ended <- s.host.Serve(ctx, listener) }()
	t.Cleanup(func() {
		cancel()
		if err := s.host.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func (s *site) write(t testing.TB, name string, data []byte) {
	t.Helper()
	path := filepath.Join(s.dir, name)
	if err := errors.Join(os.WriteFile(path+".new", data, 0o600), os.Rename(path+".new", path)); err != nil {
		t.Fatal(err)
	}
}

// reload makes the host take up what the folder holds now.
func (s *site) reload(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), hang)
	defer cancel()
	if err := s.host.Reload(ctx); err != nil {
		t.Fatal(err)
	}
}

// version is the guest with another greeting, of a digit.
func version(t testing.TB, digit string) []byte {
	return bytes.ReplaceAll(guesttest.Wasm(t, "socket"), []byte("welcome1"), []byte("welcome"+digit))
}

// get asks over HTTP.
func (s *site) get(t testing.TB, path string) (int, string) {
	t.Helper()
	response, err := http.Get("http://" + s.address + path)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

// subscribers waits until as many as wanted get what is published.
func (s *site) subscribers(t testing.TB, path, want string) {
	t.Helper()
	for deadline := time.Now().Add(hang); ; time.Sleep(5 * time.Millisecond) {
		_, got := s.get(t, path)
		if got == want {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s reaches %s, want %s", path, got, want)
		}
	}
}

// client is one end of a connection.
type client struct {
	*websocket.Conn
	t testing.TB
}

// dial opens a connection at /socket, with what follows in the path.
func (s *site) dial(t testing.TB, rest string) *client {
	t.Helper()
	c, response, err := s.tryDial("/socket"+rest, nil)
	if err != nil {
		t.Fatalf("dial %s: %v (%+v)", rest, err, response)
	}
	t.Cleanup(func() { _ = c.CloseNow() }) // or closing the host would wait for it to answer
	return &client{c, t}
}

func (s *site) tryDial(path string, options *websocket.DialOptions) (*websocket.Conn, *http.Response, error) {
	ctx, cancel := context.WithTimeout(context.Background(), hang)
	defer cancel()
	c, response, err := websocket.Dial(ctx, "ws://"+s.address+path, options)
	if err == nil {
		c.SetReadLimit(-1)
	}
	return c, response, err
}

func (c *client) send(text string) { c.write(websocket.MessageText, []byte(text)) }

func (c *client) write(kind websocket.MessageType, data []byte) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), hang)
	defer cancel()
	if err := c.Write(ctx, kind, data); err != nil {
		c.t.Fatalf("send %.40q: %v", data, err)
	}
}

func (c *client) read() (websocket.MessageType, []byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), hang)
	defer cancel()
	return c.Conn.Read(ctx)
}

// want reads the next message, and fails if it is another one.
func (c *client) want(text string) {
	c.t.Helper()
	kind, data, err := c.read()
	if err != nil || kind != websocket.MessageText || string(data) != text {
		c.t.Fatalf("got %v %.80q, %v, want %.80q", kind, data, err, text)
	}
}

// wantResult reads what an imported function has returned.
func (c *client) wantResult(result int32) {
	c.t.Helper()
	kind, data, err := c.read()
	if err != nil || kind != websocket.MessageBinary || len(data) != 4 || int32(binary.LittleEndian.Uint32(data)) != result {
		c.t.Fatalf("got %v %q, %v, want the number %d", kind, data, err, result)
	}
}

// wantClosed reads to the end, past messages that are still there.
func (c *client) wantClosed(code websocket.StatusCode, reason string) {
	c.t.Helper()
	for {
		_, _, err := c.read()
		if err == nil {
			continue
		}
		var farewell websocket.CloseError
		if !errors.As(err, &farewell) || farewell.Code != code || farewell.Reason != reason {
			c.t.Fatalf("closed by %v, want %d %q", err, code, reason)
		}
		return
	}
}

// until waits for a line in the log.
func (s *site) until(t testing.TB, text string) {
	t.Helper()
	for deadline := time.Now().Add(hang); !strings.Contains(s.log.String(), text); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("the log does not say %q:\n%s", text, s.log)
		}
	}
}
