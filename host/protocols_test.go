package host_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wasgi/wasgi/host"
	"github.com/wasgi/wasgi/host/config"
	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// protocol is a server that speaks one version of HTTP, and a client for it.
type protocol struct {
	name, url string
	client    *http.Client
	moved     *atomic.Int64 // bytes that the server has read and written
}

// protocols serves h over every version of HTTP for the length of a test.
func protocols(t testing.TB, h *host.Host) []protocol {
	t.Helper()
	return []protocol{serveProtocol(t, h, "HTTP/1.1"), serveProtocol(t, h, "h2"), serveProtocol(t, h, "h2c")}
}

func serveProtocol(t testing.TB, h http.Handler, name string) protocol {
	t.Helper()
	server := httptest.NewUnstartedServer(h)
	p := protocol{name: name, moved: new(atomic.Int64)}
	server.Listener = countingListener{server.Listener, p.moved}
	server.EnableHTTP2 = name == "h2"
	var only http.Protocols
	only.SetUnencryptedHTTP2(true)
	if name == "h2c" {
		server.Config.Protocols = &only
	}
	if name == "h2" {
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	p.url, p.client = server.URL, server.Client()
	if name == "h2c" {
		p.client = &http.Client{Transport: &http.Transport{Protocols: &only}}
	}
	t.Cleanup(p.client.CloseIdleConnections)
	return p
}

// countingListener counts the bytes of its connections.
type countingListener struct {
	net.Listener
	moved *atomic.Int64
}

func (l countingListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return countingConn{conn, l.moved}, nil
}

type countingConn struct {
	net.Conn
	moved *atomic.Int64
}

func (c countingConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.moved.Add(int64(n))
	return n, err
}

func (c countingConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.moved.Add(int64(n))
	return n, err
}

// zeroes is a body without an end.
type zeroes struct{}

func (zeroes) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// write_timeout is how long a block may take, not how long an app may rest between two of them.
func TestRestsBetweenBlocks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "nibble.wasm"), guesttest.Wasm(t, "nibble"))
	h := open(t, dir, func(c *config.Config) { c.Defaults.WriteTimeout = 30 * time.Millisecond })
	for _, p := range protocols(t, h) {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			response, err := p.client.Post(p.url+"/nibble", "text/plain", strings.NewReader("five!"))
			if err != nil {
				t.Fatal(err)
			}
			if got := body(t, response, nil, 200); got != "five!" {
				t.Errorf("%q", got)
			}
		})
	}
}
