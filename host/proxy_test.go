package host_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/wasgi/wasgi/abi/wire"
	"github.com/wasgi/wasgi/host"
	"github.com/wasgi/wasgi/host/config"
	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// variables reads what the guest "environ" answers with.
func variables(t testing.TB, body string) map[string]string {
	t.Helper()
	pairs, err := wire.Decode([]byte(body))
	if err != nil {
		t.Fatalf("%v: %q", err, body)
	}
	out := map[string]string{}
	for _, pair := range pairs {
		out[string(pair.Key)] = string(pair.Value)
	}
	return out
}

// openEnviron opens a host with an app that tells its variables, behind proxies.
func openEnviron(t testing.TB, change ...func(*config.Config)) *host.Host {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "env.wasm"), guesttest.Wasm(t, "environ"))
	write(t, filepath.Join(dir, "other.wasm"), guesttest.Wasm(t, "hello"))
	write(t, filepath.Join(dir, "other.toml"), []byte("mount = '/env'\nhosts = ['*.other.test']\n"))
	return open(t, dir, append(change, func(c *config.Config) { c.Apps.Watch = false })...)
}

// What an app is told about where its request came from, by whom the headers came from.
func TestTrustedProxies(t *testing.T) {
	t.Parallel()
	const all = "X-Forwarded-For: 9.9.9.9, 1.2.3.4\nX-Forwarded-Proto: https\nX-Forwarded-Host: Www.Example.com\nForwarded: for=5.6.7.8;proto=https;host=f.test\nX-Real-IP: 7.7.7.7"
	direct := map[string]string{
		"REMOTE_ADDR": "192.0.2.1", "REMOTE_PORT": "1234", "wsgi.url_scheme": "http", "HTTPS": "", "SERVER_NAME": "example.com", "SERVER_PORT": "80",
		"HTTP_HOST": "example.com", "HTTP_X_FORWARDED_FOR": "", "HTTP_X_FORWARDED_PROTO": "", "HTTP_X_FORWARDED_HOST": "",
		"HTTP_FORWARDED": "", "HTTP_X_REAL_IP": "", "HTTP_X_OTHER": "kept",
	}
	trusting := func(dialect string, proxies ...string) *host.Host {
		return openEnviron(t, func(c *config.Config) { c.Server.TrustedProxies, c.Server.Forwarded = proxies, dialect })
	}
	x, standard := trusting("x-forwarded", "192.0.2.0/24"), trusting("forwarded", "192.0.2.1")
	for name, c := range map[string]struct {
		host    *host.Host
		headers string
		want    map[string]string
	}{
		"no proxies":    {openEnviron(t), all, direct},
		"not this one":  {trusting("x-forwarded", "192.0.2.2", "unix"), all, direct},
		"says nothing":  {x, "", direct},
		"not addresses": {x, "X-Forwarded-For: unknown\nX-Forwarded-Proto: gopher\nX-Forwarded-Host: a/b", map[string]string{"REMOTE_ADDR": "192.0.2.1", "HTTP_HOST": "example.com", "HTTPS": ""}},
		"x-forwarded": {x, all, map[string]string{
			"REMOTE_ADDR": "1.2.3.4", "REMOTE_PORT": "", "wsgi.url_scheme": "https", "HTTPS": "on", "SERVER_NAME": "Www.Example.com", "SERVER_PORT": "443",
			"HTTP_HOST": "Www.Example.com", "HTTP_X_FORWARDED_FOR": "9.9.9.9, 1.2.3.4", "HTTP_X_FORWARDED_PROTO": "https",
			"HTTP_FORWARDED": "", "HTTP_X_REAL_IP": "7.7.7.7", "HTTP_X_OTHER": "kept",
		}},
		"standard": {standard, all, map[string]string{
			"REMOTE_ADDR": "5.6.7.8", "wsgi.url_scheme": "https", "HTTPS": "on", "SERVER_NAME": "f.test", "SERVER_PORT": "443", "HTTP_HOST": "f.test",
			"HTTP_X_FORWARDED_FOR": "", "HTTP_X_FORWARDED_HOST": "", "HTTP_X_REAL_IP": "", "HTTP_FORWARDED": "for=5.6.7.8;proto=https;host=f.test",
		}},
		"port of the host": {x, "X-Forwarded-Host: a.test:8443\nX-Forwarded-Proto: https", map[string]string{"SERVER_NAME": "a.test", "SERVER_PORT": "8443", "HTTP_HOST": "a.test:8443"}},
		"port":             {x, "X-Forwarded-For: 1.2.3.4:99\nX-Forwarded-Port: 8443", map[string]string{"SERVER_PORT": "8443", "REMOTE_PORT": "99"}},
		"plain":            {x, "X-Forwarded-Proto: http", map[string]string{"SERVER_PORT": "80", "wsgi.url_scheme": "http", "HTTPS": ""}},
	} {
		r := httptest.NewRequest("GET", "/env", nil)
		r.Header.Set("X-Other", "kept")
		for line := range strings.Lines(c.headers) {
			key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
			r.Header.Add(key, value)
		}
		w := httptest.NewRecorder()
		c.host.ServeHTTP(w, r)
		got := variables(t, w.Body.String())
		for key, want := range c.want {
			if value, there := got[key]; value != want || there != (want != "") {
				t.Errorf("%s: %s = %q, want %q", name, key, value, want)
			}
		}
	}
}

// The host that a proxy tells of decides which app answers, and the client that it tells of is in the log; without trust neither is so.
func TestTrustedProxiesRouteAndLog(t *testing.T) {
	t.Parallel()
	for _, trusted := range []bool{true, false} {
		out := &logBuffer{}
		cfg := config.Default()
		cfg.Apps.Dir, cfg.Apps.Watch, cfg.Log.Access = t.TempDir(), false, true
		if trusted {
			cfg.Server.TrustedProxies = []string{"192.0.2.1"}
		}
		write(t, filepath.Join(cfg.Apps.Dir, "a.wasm"), guesttest.Wasm(t, "hello"))
		write(t, filepath.Join(cfg.Apps.Dir, "a.toml"), []byte("hosts = ['*.a.test']\n"))
		h, err := host.Open(t.Context(), host.Options{Config: cfg, Log: slog.New(slog.NewTextHandler(out, nil))})
		must(t, err)
		defer h.Close()
		r := httptest.NewRequest("GET", "/a", nil)
		r.Header.Set("X-Forwarded-Host", "www.a.test")
		r.Header.Set("X-Forwarded-For", "1.2.3.4")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if (w.Code == http.StatusOK) != trusted {
			t.Errorf("trusted %t: %d", trusted, w.Code)
		}
		if log := out.String(); strings.Contains(log, "remote=1.2.3.4 ") != trusted {
			t.Errorf("trusted %t:\n%s", trusted, log)
		}
	}
}

// Peers at a Unix socket have no address, and are trusted by name.
func TestTrustedProxyAtAUnixSocket(t *testing.T) {
	t.Parallel()
	for _, trusted := range []bool{true, false} {
		h := openEnviron(t, func(c *config.Config) {
			c.Server.TrustedProxies = []string{"10.0.0.1"}
			if trusted {
				c.Server.TrustedProxies = []string{"unix"}
			}
		})
		path := filepath.Join(shortDir(t), "s")
		listener, err := net.Listen("unix", path)
		if err != nil {
			t.Skip(err)
		}
		server := &http.Server{Handler: h}
		go server.Serve(listener)
		defer server.Close()
		client := &http.Client{Timeout: hang, Transport: &http.Transport{
			DialContext: func(context.Context, string, string) (net.Conn, error) { return net.Dial("unix", path) },
		}}
		defer client.CloseIdleConnections()
		r, err := http.NewRequest("GET", "http://a.test/env", nil)
		must(t, err)
		r.Header.Set("X-Forwarded-For", "1.2.3.4")
		response, err := client.Do(r)
		got := variables(t, body(t, response, err, 200))
		if (got["REMOTE_ADDR"] == "1.2.3.4") != trusted || (got["HTTP_X_FORWARDED_FOR"] != "") != trusted {
			t.Errorf("trusted %t: %q", trusted, got)
		}
	}
}

// The configuration of nginx that the README gives: what the client made up is gone, what nginx knows is there.
func TestBehindNginx(t *testing.T) {
	t.Parallel()
	h := openEnviron(t, func(c *config.Config) { c.Server.TrustedProxies = []string{"127.0.0.1"} })
	server := httptest.NewServer(h)
	defer server.Close()
	location := strings.ReplaceAll(nginxLocation(t), "127.0.0.1:8080", strings.TrimPrefix(server.URL, "http://"))
	address := startNginx(t, "tcp", "access_log off; server { listen LISTEN; "+location+" }").address
	r, err := http.NewRequest("GET", "http://"+address+"/env?a=b", nil)
	must(t, err)
	r.Host = "shop.example.com:8443"
	r.Header.Set("X-Forwarded-For", "10.0.0.1, evil")
	r.Header.Set("X-Forwarded-Proto", "https")
	r.Header.Set("X-Forwarded-Host", "evil.test")
	r.Header.Set("X-Forwarded-Port", "1")
	r.Header.Set("Forwarded", "for=10.0.0.1")
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}} // not the proxy's own, which is trusted
	client := &http.Client{Timeout: hang, Transport: &http.Transport{DialContext: dialer.DialContext}}
	defer client.CloseIdleConnections()
	response, err := client.Do(r)
	if errors.Is(err, syscall.EADDRNOTAVAIL) {
		t.Skip("one loopback address alone")
	}
	got := variables(t, body(t, response, err, 200))
	_, port, err := net.SplitHostPort(address)
	must(t, err)
	for key, want := range map[string]string{
		"REMOTE_ADDR": "127.0.0.2", "wsgi.url_scheme": "http", "HTTPS": "", "HTTP_HOST": "shop.example.com:8443", "SERVER_NAME": "shop.example.com",
		"SERVER_PORT": port, "HTTP_FORWARDED": "", "QUERY_STRING": "a=b",
	} {
		if got[key] != want {
			t.Errorf("%s = %q, want %q", key, got[key], want)
		}
	}
	// A host that nginx knows by its wildcard is found by ours.
	r.Host = "www.other.test"
	response, err = client.Do(r)
	if got := body(t, response, err, 200); got != hello {
		t.Errorf("by host: %q", got)
	}
}

// nginxLocation is what the README has nginx do.
func nginxLocation(t testing.TB) string {
	t.Helper()
	readme, err := os.ReadFile(filepath.Join("..", "README.md"))
	must(t, err)
	_, rest, found := strings.Cut(string(readme), "```nginx\n")
	location, _, ended := strings.Cut(rest, "```")
	if !found || !ended {
		t.Fatal("no nginx configuration in the README")
	}
	return location
}
