package http1_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wasgi/wasgi/host/internal/http1"
)

// hang bounds every wait in these tests; none is expected to come near it.
const hang = 20 * time.Second

// guarding is a listener that guards what it accepts.
type guarding struct {
	net.Listener
	options http1.Options
}

func (g guarding) Accept() (net.Conn, error) {
	conn, err := g.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return http1.Guard(conn, g.options), nil
}

// start serves on loopback for the length of a test, guarded if there are options, and returns the address.
func start(t testing.TB, server *http.Server, options *http1.Options) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if options != nil {
		listener = guarding{listener, *options}
		server.Handler = http1.Handler(server.Handler, refuse)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(listener)
	}()
	t.Cleanup(func() {
		_ = server.Close()
		<-ended
	})
	return address
}

func refuse(w http.ResponseWriter, _ *http.Request, status int, cause error) {
	http.Error(w, cause.Error(), status)
}

// echo answers with the request's method and target, and its body.
var echo = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, "cut off", http.StatusBadRequest)
		return
	}
	w.Header().Set("Date", "")
	_, _ = fmt.Fprintf(w, "%s %s %s", r.Method, r.RequestURI, body)
})

// client is one end of a connection.
type client struct {
	t testing.TB
	*net.TCPConn
	*bufio.Reader
}

func dial(t testing.TB, address string) *client {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(hang))
	return &client{t, conn.(*net.TCPConn), bufio.NewReader(conn)}
}

func (c *client) Read(p []byte) (int, error) { return c.Reader.Read(p) }

func (c *client) send(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c.TCPConn, text); err != nil {
		c.t.Fatal(err)
	}
}

// answer reads one response.
func (c *client) answer() (status int, body string) {
	c.t.Helper()
	response, err := http.ReadResponse(c.Reader, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	text, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return response.StatusCode, strings.TrimSpace(string(text))
}

// expect reads one response, and compares it.
func (c *client) expect(status int, body string) {
	c.t.Helper()
	if gotStatus, got := c.answer(); gotStatus != status || got != body {
		c.t.Errorf("got %d %q, want %d %q", gotStatus, got, status, body)
	}
}

// expectBytes reads as much as is wanted, and compares it.
func (c *client) expectBytes(want string) {
	c.t.Helper()
	got := make([]byte, len(want))
	if n, err := io.ReadFull(c, got); string(got) != want {
		c.t.Errorf("got %q, %v, want %q", got[:n], err, want)
	}
}

// expectEnd waits until the server closes the connection, in order and without another word.
func (c *client) expectEnd() {
	c.t.Helper()
	if rest, err := io.ReadAll(c); err != nil || len(rest) > 0 {
		c.t.Errorf("got %q, %v, want the end", rest, err)
	}
}

const (
	get    = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
	noHost = "GET /bad HTTP/1.1\r\n\r\n"
)

func options() *http1.Options { return &http1.Options{MaxHeader: maxHeader, HeaderTimeout: hang} }

// A refusal comes in order, after the answers to all requests before it, and ends the connection.
func TestRefusalInOrder(t *testing.T) {
	t.Parallel()
	c := dial(t, start(t, &http.Server{Handler: echo}, options()))
	c.send(strings.Repeat(get, 300) + noHost + get)
	for range 300 {
		c.expect(200, "GET /")
	}
	c.expect(400, "no Host header")
	c.expectEnd()
}

// A client that is refused while it still sends gets the answer nevertheless, and not a reset.
func TestRefusalIsNotLost(t *testing.T) {
	t.Parallel()
	address := start(t, &http.Server{Handler: echo}, options())
	for range 20 {
		c := dial(t, address)
		c.send("GET /" + strings.Repeat("x", 500_000))
		c.expect(414, "the request's line is longer than server.max_header_bytes")
		c.expectEnd()
	}
}

// A body that is malformed is an error to whoever reads it, and nothing behind it is read.
func TestMalformedBody(t *testing.T) {
	t.Parallel()
	address := start(t, &http.Server{Handler: echo}, options())
	c := dial(t, address)
	c.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab" + get)
	c.expect(400, "cut off")
	c.expectEnd()

	unread := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) })
	c = dial(t, start(t, &http.Server{Handler: unread}, options()))
	c.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab" + get)
	c.expect(204, "")
	c.expectEnd()
}

// While a handler runs, net/http waits for one byte in the background, and stops with a deadline in the past. Wherever in the next
// head that happens, no byte is lost.
func TestBackgroundRead(t *testing.T) {
	t.Parallel()
	begun, end := make(chan struct{}), make(chan struct{})
	address := start(t, &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/wait" {
			begun <- struct{}{}
			<-end
		}
		if err := r.Context().Err(); err != nil {
			w.WriteHeader(500)
		}
		echo(w, r)
	})}, options())
	const waiting = "GET /wait HTTP/1.1\r\nHost: h\r\n\r\n"
	for at := range len(get) {
		c := dial(t, address)
		c.send(waiting)
		<-begun
		c.send(get[:at])
		end <- struct{}{}
		c.expect(200, "GET /wait")
		c.send(get[at:] + waiting + get + get[:at])
		c.expect(200, "GET /")
		<-begun
		end <- struct{}{}
		c.expect(200, "GET /wait")
		c.expect(200, "GET /")
		c.send(get[at:])
		c.expect(200, "GET /")
		_ = c.Close()
	}
}

// A client that has ended its side gets its answers, if they do not take too long.
func TestHalfClosed(t *testing.T) {
	t.Parallel()
	begun, end := make(chan struct{}), make(chan struct{})
	o := options()
	o.HalfClosed = hang
	address := start(t, &http.Server{IdleTimeout: hang, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun <- struct{}{}
		<-end
		if r.Context().Err() != nil {
			w.WriteHeader(500)
		}
		echo(w, r)
	})}, o)
	for range 20 {
		c := dial(t, address)
		c.send(get + get)
		_ = c.CloseWrite()
		for range 2 {
			<-begun
			end <- struct{}{}
			c.expect(200, "GET /")
		}
		c.expectEnd()
	}
}

// A client that goes away ends the request, also if it has begun another.
func TestDisconnect(t *testing.T) {
	t.Parallel()
	begun, ended := make(chan struct{}), make(chan error)
	o := options()
	o.HalfClosed = 50 * time.Millisecond
	address := start(t, &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		begun <- struct{}{}
		select {
		case <-r.Context().Done():
			ended <- nil
		case <-time.After(hang):
			ended <- errors.New("the request goes on without its client")
		}
	})}, o)
	for _, more := range []string{"", "G", get[:20]} {
		for name, leave := range map[string]func(*client){
			"close": func(c *client) { _ = c.Close() },
			"reset": func(c *client) { _ = c.SetLinger(0); _ = c.Close() },
			"half":  func(c *client) { _ = c.CloseWrite() },
		} {
			c := dial(t, address)
			c.send(get)
			<-begun
			c.send(more)
			leave(c)
			if err := <-ended; err != nil {
				t.Errorf("%s after %q: %v", name, more, err)
			}
		}
	}
}

// A head that begins and does not end is cut off in time: as the first of a connection and as a later one, however its bytes dribble.
func TestHeaderTimeout(t *testing.T) {
	t.Parallel()
	const short = 500 * time.Millisecond
	o := options()
	o.HeaderTimeout = short
	address := start(t, &http.Server{Handler: echo, ReadHeaderTimeout: short, IdleTimeout: 10 * hang}, o)
	for name, before := range map[string]int{"first": 0, "second": 1, "third": 2} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := dial(t, address)
			for range before {
				c.send(get)
				c.expect(200, "GET /")
			}
			stop := make(chan struct{})
			defer close(stop)
			go func() {
				for {
					select {
					case <-stop:
						return
					case <-time.After(short / 10):
						_, _ = io.WriteString(c.TCPConn, "G") // fails when the server has closed
					}
				}
			}()
			if rest, err := io.ReadAll(c); len(rest) > 0 || errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("got %q, %v", rest, err) // nil, or a reset
			}
		})
	}
}

// A slow head is no reason to end the request before it.
func TestHeaderTimeoutDuringRequest(t *testing.T) {
	t.Parallel()
	const short = time.Second // which the rest of the head has, once the request is answered
	o := options()
	o.HeaderTimeout = short
	address := start(t, &http.Server{ReadHeaderTimeout: short, IdleTimeout: hang, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(short + short/5):
			echo(w, r)
		case <-r.Context().Done():
			w.WriteHeader(500)
		}
	})}, o)
	c := dial(t, address)
	c.send(get + get[:10])
	c.expect(200, "GET /")
	c.send(get[10:])
	c.expect(200, "GET /")
	c.send(get) // the time of the head before is no bound any more
	c.expect(200, "GET /")
}

// A connection without a request ends after IdleTimeout and not after that of a head, an empty line notwithstanding.
func TestIdleTimeout(t *testing.T) {
	t.Parallel()
	for _, more := range [][]string{{""}, {"\r\n"}, {"\r", "\n"}} {
		t.Run(fmt.Sprintf("%q", more), func(t *testing.T) {
			t.Parallel()
			const head, idle = 300 * time.Millisecond, time.Second
			o := options()
			o.HeaderTimeout = head
			c := dial(t, start(t, &http.Server{Handler: echo, ReadHeaderTimeout: hang, IdleTimeout: idle}, o))
			c.send(get)
			c.expect(200, "GET /")
			began := time.Now()
			for _, text := range more {
				c.send(text)
				time.Sleep(head / 10) // so that it comes alone, if the machine is not too slow for that
			}
			c.expectEnd()
			if waited := time.Since(began); waited < idle-head/3 {
				t.Errorf("it ended after %v", waited)
			}
		})
	}
}

// A connection that was taken over is passed on as it is, with what came early.
func TestPassThrough(t *testing.T) {
	t.Parallel()
	address := start(t, &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, buffer, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		conn.(interface{ PassThrough() }).PassThrough()
		_, _ = io.WriteString(conn, "go")
		_, _ = io.Copy(conn, buffer)
		_ = conn.Close()
	})}, options())
	for _, early := range []string{"", "GE"} {
		c := dial(t, address)
		c.send(get + early)
		c.expectBytes("go")
		c.send("\x00\n\n any bytes")
		_ = c.CloseWrite()
		c.expectBytes(early + "\x00\n\n any bytes")
		c.expectEnd()
	}
	c := dial(t, address)
	c.send(get + "\x00\n\n")
	c.expectBytes("go")
	if rest, err := io.ReadAll(c); err != nil || len(rest) > 1 { // net/http may have read a byte of the refusal by then
		t.Errorf("got %q, %v", rest, err)
	}
}

const getWebSocket = "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: h3, WebSocket\r\n\r\n"

// What follows a request for a WebSocket is no request when the connection is taken over: neither what came with it, nor what the client
// sends as soon as it has the answer, while net/http may still be reading.
func TestPassThroughForWebSockets(t *testing.T) {
	t.Parallel()
	address := start(t, &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusSwitchingProtocols) // which Hijack sends before it stops net/http's reading
		conn, buffer, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		conn.(interface{ PassThrough() }).PassThrough()
		_, _ = io.Copy(conn, buffer)
		_ = conn.Close()
	})}, options())
	for range 50 {
		for _, early := range []string{"", "\x81", "\x81\x80\x00\n\n frames", strings.Repeat("\x81\x80", 3000)} {
			c := dial(t, address)
			c.send(getWebSocket + early)
			if response, err := http.ReadResponse(c.Reader, nil); err != nil || response.StatusCode != http.StatusSwitchingProtocols {
				t.Fatalf("%v, %+v", err, response)
			}
			c.send("\x82\x80 more")
			_ = c.CloseWrite()
			c.expectBytes(early + "\x82\x80 more")
			c.expectEnd()
		}
	}
}

// When the connection is not taken over, what follows is a request, and read as strictly as any.
func TestRequestsAfterOneForAWebSocket(t *testing.T) {
	t.Parallel()
	address := start(t, &http.Server{Handler: echo}, options())
	for text, want := range map[string][]int{
		getWebSocket + get:                                  {200, 200},
		getWebSocket + "\r\n" + getWebSocket + get:          {200, 200, 200},
		getWebSocket + "GET /bad HTTP/1.1\r\nHost:\r\n\r\n": {200, 400},
		getWebSocket + "\x81\x80\x00\r\n\r\n":               {200, 400},
	} {
		if statuses, _ := ask(t, address, text); !slices.Equal(statuses, want) {
			t.Errorf("%q: %v, want %v", text, statuses, want)
		}
	}
}

// With H2C, a connection that begins with the preface of HTTP/2 is net/http's; without, it is refused. HTTP/1 goes on as before.
func TestH2C(t *testing.T) {
	t.Parallel()
	var both http.Protocols
	both.SetHTTP1(true)
	both.SetUnencryptedHTTP2(true)
	o := options()
	o.H2C = true
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Proto) })
	address := start(t, &http.Server{Handler: handler, Protocols: &both}, o)
	var h2 http.Protocols
	h2.SetUnencryptedHTTP2(true)
	for want, transport := range map[string]*http.Transport{"HTTP/2.0": {Protocols: &h2}, "HTTP/1.1": {}} {
		response, err := (&http.Client{Transport: transport, Timeout: hang}).Post("http://"+address, "text/plain", strings.NewReader(strings.Repeat("x", 100_000)))
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(response.Body); err != nil || string(body) != want {
			t.Errorf("got %q, %v, want %s", body, err, want)
		}
		_ = response.Body.Close()
		transport.CloseIdleConnections()
	}
	c := dial(t, address)
	c.send("PRI * HTTP/2.1\r\n\r\n")
	c.expect(505, "the version is HTTP/2.1, not HTTP/1.0 or HTTP/1.1")
	c.expectEnd()
	c = dial(t, address)
	c.send(get + "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
	c.expect(200, "HTTP/1.1")
	c.expect(505, "the version is HTTP/2.0, not HTTP/1.0 or HTTP/1.1")
	c.expectEnd()
	c = dial(t, start(t, &http.Server{Handler: handler}, options()))
	c.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
	c.expect(505, "the version is HTTP/2.0, not HTTP/1.0 or HTTP/1.1")
	c.expectEnd()
}

// A connection of TLS is guarded like any other: net/http's deadlines lose no byte of it, and a refusal arrives.
func TestTLS(t *testing.T) {
	t.Parallel()
	certified := httptest.NewTLSServer(nil)
	defer certified.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http1.Handler(echo, refuse)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(guarding{tls.NewListener(listener, &tls.Config{Certificates: certified.TLS.Certificates}), *options()})
	}()
	defer func() {
		_ = server.Close()
		<-ended
	}()
	conn, err := tls.Dial("tcp", listener.Addr().String(), &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(hang))
	reader := bufio.NewReader(conn)
	expect := func(status int, body string) {
		t.Helper()
		response, err := http.ReadResponse(reader, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(response.Body); err != nil || response.StatusCode != status || strings.TrimSpace(string(got)) != body {
			t.Errorf("got %d %q, %v, want %d %q", response.StatusCode, got, err, status, body)
		}
	}
	for at := range len(get) {
		_, _ = io.WriteString(conn, get+get[:at])
		expect(200, "GET /")
		_, _ = io.WriteString(conn, get[at:])
		expect(200, "GET /")
	}
	_, _ = io.WriteString(conn, noHost)
	expect(400, "no Host header")
	if rest, err := io.ReadAll(reader); err != nil || len(rest) > 0 {
		t.Errorf("got %q, %v", rest, err)
	}
}

// No header of a client passes for a refusal.
func TestForgedRefusal(t *testing.T) {
	t.Parallel()
	c := dial(t, start(t, &http.Server{Handler: echo}, options()))
	c.send("GET / HTTP/1.1\r\nHost: h\r\nRefused: 431 x\r\nRefused-AAAAAAAAAAAAAAAAAAAAAAAAAA: 431 x\r\n\r\n")
	c.expect(200, "GET /")
}

// A shutdown is not held up by clients that were refused.
func TestCloseAfterRefusals(t *testing.T) {
	t.Parallel()
	server := &http.Server{Handler: echo}
	address := start(t, server, options())
	for range 50 {
		c := dial(t, address)
		c.send(noHost)
		c.expect(400, "no Host header")
	}
	ctx, cancel := context.WithTimeout(t.Context(), hang)
	defer cancel()
	began := time.Now()
	if err := server.Shutdown(ctx); err != nil || time.Since(began) > hang/2 {
		t.Errorf("after %v: %v", time.Since(began), err)
	}
}

// plain is a connection that can do nothing but what it must.
type plain struct {
	net.Conn
	out bytes.Buffer
}

func (p *plain) Write(b []byte) (int, error) { return p.out.Write(b) }
func (p *plain) Close() error                { return nil }

// able is one that can do more.
type able struct {
	plain
	sent, ended bool
}

func (a *able) ReadFrom(io.Reader) (int64, error) { a.sent = true; return 7, nil }
func (a *able) CloseWrite() error                 { a.ended = true; return nil }

// What the connection can do, the guarded one can too.
func TestDelegates(t *testing.T) {
	t.Parallel()
	p, a := &plain{}, &able{}
	c := http1.Guard(p, *options())
	if n, err := c.ReadFrom(strings.NewReader("abc")); n != 3 || err != nil || p.out.String() != "abc" {
		t.Errorf("%d, %v: %q", n, err, p.out.String())
	}
	if err := c.CloseWrite(); !errors.Is(err, errors.ErrUnsupported) {
		t.Error(err)
	}
	c = http1.Guard(a, *options())
	if n, err := c.ReadFrom(strings.NewReader("abc")); n != 7 || err != nil || !a.sent {
		t.Errorf("%d, %v", n, err)
	}
	if err := c.CloseWrite(); err != nil || !a.ended || c.NetConn() != a {
		t.Error(err)
	}
}
