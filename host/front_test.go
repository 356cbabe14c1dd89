package host_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wasgi/wasgi/host"
	"github.com/wasgi/wasgi/host/config"
	"github.com/wasgi/wasgi/host/internal/certtest"
	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// server is a host that serves.
type server struct {
	*host.Host
	plain, tls string // host:port; "" is nowhere
	stop       func() error
}

// serve serves a folder where the configuration says, for the length of a test.
func serve(t testing.TB, dir string, change ...func(*config.Config)) *server {
	t.Helper()
	h, listeners := openListening(t, dir, change...)
	return serveOn(t, h, listeners)
}

// openListening opens a host on a folder, and the listeners that its configuration asks for.
func openListening(t testing.TB, dir string, change ...func(*config.Config)) (*host.Host, []net.Listener) {
	t.Helper()
	var cfg config.Config
	h := open(t, dir, append([]func(*config.Config){func(c *config.Config) { c.Server.Listen = "127.0.0.1:0" }},
		append(change, func(c *config.Config) { cfg = *c })...)...)
	listeners, err := host.Listen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return h, listeners
}

// serveOn serves on listeners, for the length of a test.
func serveOn(t testing.TB, h *host.Host, listeners []net.Listener) *server {
	t.Helper()
	s := &server{Host: h}
	for _, listener := range listeners {
		if _, ok := listener.(host.TLSListener); ok {
			s.tls = listener.Addr().String()
		} else {
			s.plain = listener.Addr().String()
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.Serve(ctx, listeners...) }()
	s.stop = func() error {
		stop()
		err := <-ended
		ended <- err
		return err
	}
	t.Cleanup(func() {
		if err := s.stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// withTLS makes a host serve TLS with a certificate of the authority for 127.0.0.1 and localhost.
func withTLS(t testing.TB, authority *certtest.Authority) func(*config.Config) {
	return func(c *config.Config) {
		c.TLS.Listen = "127.0.0.1:0"
		c.TLS.Cert, c.TLS.Key = authority.Write(t, t.TempDir(), "127.0.0.1", "localhost")
	}
}

// client trusts an authority, speaks HTTP/2 where it can, and follows no redirect.
func client(t testing.TB, authority *certtest.Authority) *http.Client {
	transport := &http.Transport{ForceAttemptHTTP2: true}
	if authority != nil {
		transport.TLSClientConfig = &tls.Config{RootCAs: authority.Pool()}
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       hang,
	}
}

// What the app sees of a connection is what the client made of it.
func TestServeTLS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "environ.wasm"), guesttest.Wasm(t, "environ"))
	authority := certtest.New(t)
	s := serve(t, dir, withTLS(t, authority), func(c *config.Config) { c.TLS.Redirect, c.Server.H2C = false, true })
	http1, http2, h2c := client(t, authority), client(t, authority), client(t, authority)
	http1.Transport.(*http.Transport).ForceAttemptHTTP2 = false
	prior := new(http.Protocols)
	prior.SetUnencryptedHTTP2(true)
	h2c.Transport.(*http.Transport).Protocols = prior
	for _, c := range []struct {
		client *http.Client
		url    string
		want   []string
	}{
		{http1, "http://" + s.plain, []string{"SERVER_PROTOCOL" + "HTTP/1.1"}},
		{http1, "https://" + s.tls, []string{"SERVER_PROTOCOL" + "HTTP/1.1", "wsgi.url_scheme" + "https", "HTTPS" + "on"}},
		{http2, "https://" + s.tls, []string{"SERVER_PROTOCOL" + "HTTP/2.0", "wsgi.url_scheme" + "https", "HTTPS" + "on"}},
		{h2c, "http://" + s.plain, []string{"SERVER_PROTOCOL" + "HTTP/2.0"}},
	} {
		response, err := c.client.Get(c.url + "/environ")
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		_, port, _ := net.SplitHostPort(strings.SplitN(c.url, "//", 2)[1])
		// The body is the environ as the app got it, in which a value follows its key.
		for _, want := range append(c.want, "SERVER_PORT"+port) {
			if !strings.Contains(string(body), want) {
				t.Errorf("%s: no %q in\n%q", c.url, want, body)
			}
		}
		encrypted := strings.Contains(string(body), "HTTPS") && strings.Contains(string(body), "https")
		if encrypted != strings.HasPrefix(c.url, "https") {
			t.Errorf("%s: the app is told otherwise:\n%q", c.url, body)
		}
	}
}

// Plain HTTP is sent to the same place with TLS.
func TestRedirect(t *testing.T) {
	t.Parallel()
	authority := certtest.New(t)
	s := serve(t, t.TempDir(), withTLS(t, authority))
	_, port, _ := net.SplitHostPort(s.tls)
	for _, c := range []struct{ request, want string }{
		{"POST /a%2fb?c=d HTTP/1.1\r\nHost: example.com", "https://example.com/a%2fb?c=d"}, // the usual port, whatever it is here
		{"GET / HTTP/1.1\r\nHost: example.com:8080", "https://example.com:" + port + "/"},
		{"GET /x HTTP/1.1\r\nHost: [::1]:8080", "https://[::1]:" + port + "/x"},
		{"GET //evil.test/ HTTP/1.1\r\nHost: [::1]", "https://[::1]//evil.test/"},
		{"GET / HTTP/1.0", ""},
		{"GET * HTTP/1.1\r\nHost: example.com", ""},
		{"POST / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 1\r\nTransfer-Encoding: chunked", ""}, // refused, and not sent on
	} {
		conn, err := net.Dial("tcp", s.plain)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, c.request+"\r\nConnection: close\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		status := http.StatusPermanentRedirect
		if c.want == "" {
			status = http.StatusBadRequest
		}
		if got := response.Header.Get("Location"); response.StatusCode != status || got != c.want {
			t.Errorf("%q: %d to %s, want %d to %s", c.request, response.StatusCode, got, status, c.want)
		}
	}
}

// What a trusted proxy got with TLS is not sent to where it comes from.
func TestNoRedirectBehindProxy(t *testing.T) {
	t.Parallel()
	authority := certtest.New(t)
	s := serve(t, t.TempDir(), withTLS(t, authority), func(c *config.Config) { c.Server.TrustedProxies = []string{"127.0.0.1"} })
	for scheme, want := range map[string]int{"https": http.StatusNotFound, "http": http.StatusPermanentRedirect} {
		request, err := http.NewRequest("GET", "http://"+s.plain+"/", nil)
		must(t, err)
		request.Header.Set("X-Forwarded-Proto", scheme)
		response, err := http.DefaultTransport.RoundTrip(request)
		must(t, err)
		must(t, response.Body.Close())
		if response.StatusCode != want {
			t.Errorf("%s: %s, want %d", scheme, response.Status, want)
		}
	}
}

func TestListenErrors(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	authority := certtest.New(t)
	for want, change := range map[string]func(*config.Config){
		"server.listen: listen tcp " + taken.Addr().String() + ": ": func(c *config.Config) { c.Server.Listen = taken.Addr().String() },
		"tls.listen: listen tcp " + taken.Addr().String() + ": ": func(c *config.Config) {
			withTLS(t, authority)(c)
			c.TLS.Listen = taken.Addr().String()
		},
		"tls.cert: open none: ": func(c *config.Config) { c.TLS = config.TLS{Listen: "127.0.0.1:0", Cert: "none", Key: "none"} },
	} {
		cfg := config.Default()
		cfg.Server.Listen = "127.0.0.1:0"
		change(&cfg)
		if _, err := host.Listen(cfg); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
	h := open(t, t.TempDir())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Serve(t.Context(), host.TLSListener{Listener: l}); err == nil ||
		err.Error() != "serve: a TLSListener needs tls.cert and tls.key, or tls.domains" {
		t.Errorf("without a certificate: %v", err)
	}
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a listener that is not served is left with %v", err)
	}
}

// A server that has lost one of its listeners ends, with what happened to it.
func TestServeFails(t *testing.T) {
	t.Parallel()
	h := open(t, t.TempDir())
	good, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	bad, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = bad.Close()
	err = h.Serve(t.Context(), good, bad)
	if !errors.Is(err, net.ErrClosed) || !strings.HasPrefix(err.Error(), "serve "+bad.Addr().String()+": ") {
		t.Errorf("it ends with %v", err)
	}
	if _, err := good.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the other listener is left with %v", err)
	}
}
