package host_test

import (
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wasgi/wasgi/host"
	"github.com/wasgi/wasgi/host/config"
	"github.com/wasgi/wasgi/host/internal/certtest"
	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// protocol is a server and a client that speaks one version of HTTP with it.
type protocol struct {
	name, url string
	client    *http.Client
	moved     *atomic.Int64 // bytes that the server has read and written, over all protocols
}

// speakAll makes a server speak every version of HTTP, with TLS and without.
func speakAll(t testing.TB, authority *certtest.Authority) func(*config.Config) {
	secure := withTLS(t, authority)
	return func(c *config.Config) {
		secure(c)
		c.TLS.Redirect, c.Server.H2C = false, true
	}
}

// protocols serves a folder over every version of HTTP for the length of a test.
func protocols(t testing.TB, dir string, change ...func(*config.Config)) []protocol {
	t.Helper()
	authority := certtest.New(t)
	h, listeners := openListening(t, dir, append(change, speakAll(t, authority))...)
	moved := new(atomic.Int64)
	for i, l := range listeners {
		if secure, ok := l.(host.TLSListener); ok {
			listeners[i] = host.TLSListener{Listener: countingListener{secure.Listener, moved}}
		} else {
			listeners[i] = countingListener{l, moved}
		}
	}
	s := serveOn(t, h, listeners)
	all := []protocol{
		{name: "HTTP/1.1", url: "http://" + s.plain, client: speaking(t, authority, "http1")},
		{name: "HTTP/1.1 with TLS", url: "https://" + s.tls, client: speaking(t, authority, "http1")},
		{name: "HTTP/2", url: "https://" + s.tls, client: speaking(t, authority, "http2")},
		{name: "h2c", url: "http://" + s.plain, client: speaking(t, authority, "h2c")},
	}
	for i := range all {
		all[i].moved = moved
	}
	return all
}

// speaking returns a client that speaks one version of HTTP.
func speaking(t testing.TB, authority *certtest.Authority, version string) *http.Client {
	c := client(t, authority)
	only := new(http.Protocols)
	only.SetHTTP1(version == "http1")
	only.SetHTTP2(version == "http2")
	only.SetUnencryptedHTTP2(version == "h2c")
	transport := c.Transport.(*http.Transport)
	transport.Protocols, transport.ForceAttemptHTTP2 = only, false
	transport.HTTP2 = &http.HTTP2Config{MaxReceiveBufferPerStream: 256 << 10} // or it takes 4 MiB that nobody has asked for
	return c
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

// write_timeout is how long a block may take, not how long an app may rest between two of them.
func TestRestsBetweenBlocks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "nibble.wasm"), guesttest.Wasm(t, "nibble"))
	for _, p := range protocols(t, dir, func(c *config.Config) { c.Defaults.WriteTimeout = 30 * time.Millisecond }) {
		t.Run(p.name, func(t *testing.T) {
			response, err := p.client.Post(p.url+"/nibble", "text/plain", strings.NewReader("five!"))
			if got := body(t, response, err, 200); got != "five!" {
				t.Errorf("%q", got)
			}
		})
	}
}
