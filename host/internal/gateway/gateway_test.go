package gateway_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/abi/wire"
	"github.com/wasgi/wasgi/host/internal/app"
	"github.com/wasgi/wasgi/host/internal/engine"
	"github.com/wasgi/wasgi/host/internal/gateway"
	"github.com/wasgi/wasgi/host/internal/guest"
	"github.com/wasgi/wasgi/host/internal/guest/wasgi"
	"github.com/wasgi/wasgi/host/internal/guesttest"
	"github.com/wasgi/wasgi/host/internal/route"
	"github.com/wasgi/wasgi/host/internal/socket"
)

// hang bounds every wait in these tests; none is expected to come near it.
const hang = 20 * time.Second

func settings() guest.Settings {
	return guest.Settings{
		Timeout: hang, WriteTimeout: hang, QueueTimeout: hang,
		Memory: 1 << 20, Stack: 1 << 20, Tables: 1000, MaxBody: 1 << 20, MaxInstances: 4, Isolation: guest.IsolationRequest,
	}
}

// site is a server with one guest, mounted at /app.
type site struct {
	*httptest.Server
	log *logBuffer
}

// logBuffer is a log that a test may read while the server writes it.
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

func newSite(t testing.TB, name string, change func(*guest.Settings)) *site {
	t.Helper()
	e, err := engine.New(t.Context(), engine.Options{CacheDir: guesttest.CacheDir(t), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	kind, err := wasgi.New(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	file := guest.File{Name: name + ".wasm", Data: guesttest.Wasm(t, name)}
	return serve(t, name, change, func(s guest.Settings, log *slog.Logger) (guest.Program, error) {
		return kind.Load(t.Context(), file, s, log)
	})
}

// serve starts a site for what load makes.
func serve(t testing.TB, name string, change func(*guest.Settings), load func(guest.Settings, *slog.Logger) (guest.Program, error)) *site {
	t.Helper()
	s := settings()
	if change != nil {
		change(&s)
	}
	out := &logBuffer{}
	log := slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	served := app.New(name)
	program, err := load(s, served.Log(log, s.LogLines))
	if err != nil {
		t.Fatal(err)
	}
	generation, err := app.NewGeneration(t.Context(), served, 7, program, s, log)
	if err != nil {
		t.Fatal(err)
	}
	served.Swap(generation)
	table, err := route.New([]route.Mount[*app.App]{{Path: "/app", Target: served}})
	if err != nil {
		t.Fatal(err)
	}
	sockets := socket.New()
	g := gateway.New(gateway.Options{Routes: func() *gateway.Routes { return table }, Log: log, AccessLog: true, Sockets: sockets})
	server := httptest.NewServer(g)
	t.Cleanup(func() {
		server.Close()
		sockets.Close(context.Background())
		served.Swap(nil)
		<-generation.Closed()
	})
	return &site{Server: server, log: out}
}

// do sends one request on a connection of its own and returns what came of it.
func (s *site) do(t testing.TB, method, path string, body io.Reader) (*http.Response, string, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, body)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: hang}
	response, err := client.Do(r)
	if err != nil {
		return nil, "", err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	return response, string(data), err
}

// ask is do for a response that is expected to be whole.
func (s *site) ask(t testing.TB, method, path string, body io.Reader) (*http.Response, string) {
	t.Helper()
	response, data, err := s.do(t, method, path, body)
	if err != nil {
		t.Fatal(err)
	}
	return response, data
}

// raw sends text over a connection and returns everything that comes back until it is closed.
func (s *site) raw(t testing.TB, text string) string {
	t.Helper()
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(hang))
	if _, err := io.WriteString(conn, text); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	return string(answer)
}

var date = regexp.MustCompile(`Date: [^\r]*\r\n`)

func TestExactResponse(t *testing.T) {
	t.Parallel()
	got := newSite(t, "hello", nil).raw(t, "GET /app HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
	const want = "HTTP/1.1 200 OK\r\nContent-Length: 11\r\nServer: wasgi\r\nname: wanghui\r\nDATE" +
		"Connection: close\r\n\r\nhello world"
	if got = date.ReplaceAllString(got, "DATE"); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestHead(t *testing.T) {
	t.Parallel()
	got := newSite(t, "hello", nil).raw(t, "HEAD /app HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
	if !strings.Contains(got, "\r\nContent-Length: 11\r\n") || !strings.HasSuffix(got, "\r\n\r\n") {
		t.Errorf("got %q", got)
	}
}

func TestNoContent(t *testing.T) {
	t.Parallel()
	got := newSite(t, "no_content", nil).raw(t, "GET /app HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
	if !strings.HasPrefix(got, "HTTP/1.1 204 No Content\r\n") || !strings.HasSuffix(got, "\r\n\r\n") ||
		strings.Contains(got, "Content-Length") {
		t.Errorf("got %q", got)
	}
}

func TestRepeatedHeaders(t *testing.T) {
	t.Parallel()
	response, _ := newSite(t, "cookies", nil).ask(t, "GET", "/app", nil)
	want := []string{"a=1", "b=2", "c=3"}
	if got := response.Header.Values("Set-Cookie"); !slices.Equal(got, want) {
		t.Errorf("Set-Cookie %q, want %q", got, want)
	}
}

// environ plays one request and returns the environ that the guest saw.
func environ(t *testing.T, s *site, request string) map[string]string {
	t.Helper()
	answer := s.raw(t, request)
	_, body, ok := strings.Cut(answer, "\r\n\r\n")
	if !ok || !strings.Contains(answer, " 200 OK\r\n") {
		t.Fatalf("got %q", answer)
	}
	pairs, err := wire.Decode([]byte(body))
	if err != nil {
		t.Fatal(err)
	}
	variables := map[string]string{}
	for _, pair := range pairs {
		if _, ok := variables[string(pair.Key)]; ok {
			t.Errorf("%s is there twice", pair.Key)
		}
		variables[string(pair.Key)] = string(pair.Value)
	}
	return variables
}

func TestEnviron(t *testing.T) {
	t.Parallel()
	s := newSite(t, "environ", nil)
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	got := environ(t, s, "POST /app/a%20b/%ff%2f?x=%31&y HTTP/1.1\r\nHost: Example.org:99\r\nContent-Type: text/plain\r\n"+
		"Content-Length: 2\r\nX-Two: 1\r\nX-Two: 2\r\nCookie: a=1\r\nCookie: b=2\r\nProxy: evil\r\nX_Forged: 1\r\n"+
		"X-Bytes: \xff\xfe\r\nConnection: close\r\n\r\nhi")
	want := map[string]string{
		"REQUEST_METHOD": "POST", "SCRIPT_NAME": "/app", "PATH_INFO": "/a b/\xff/", "QUERY_STRING": "x=%31&y",
		"RAW_URI": "/app/a%20b/%ff%2f?x=%31&y", "SERVER_NAME": "Example.org", "SERVER_PORT": port,
		"SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1", "CONTENT_TYPE": "text/plain", "CONTENT_LENGTH": "2",
		"HTTP_HOST": "Example.org:99", "HTTP_X_TWO": "1,2", "HTTP_COOKIE": "a=1; b=2", "HTTP_X_BYTES": "\xff\xfe",
		"HTTP_CONNECTION": "close",
		"wsgi.version":    "1.0", "wsgi.url_scheme": "http", "wsgi.multithread": "0", "wsgi.multiprocess": "1",
		"wsgi.run_once": "1", "wsgi.input_terminated": "1",
	}
	for _, varying := range []string{"REMOTE_PORT", "wasgi.request_id"} {
		if got[varying] == "" {
			t.Errorf("%s is missing", varying)
		}
		delete(got, varying)
	}
	for key, value := range want {
		if got[key] != value {
			t.Errorf("%s = %q, want %q", key, got[key], value)
		}
		delete(got, key)
	}
	for key, value := range got {
		t.Errorf("%s = %q is too much", key, value)
	}
}

// A missing variable is left out, and the WSGI variables follow the settings.
func TestEnvironOfLittle(t *testing.T) {
	t.Parallel()
	s := newSite(t, "environ", func(s *guest.Settings) { s.Isolation, s.MaxInstances = guest.IsolationInstance, 1 })
	got := environ(t, s, "GET /app HTTP/1.0\r\n\r\n")
	for _, absent := range []string{"PATH_INFO", "QUERY_STRING", "CONTENT_TYPE", "CONTENT_LENGTH", "HTTP_HOST", "HTTPS"} {
		if value, ok := got[absent]; ok {
			t.Errorf("%s = %q, want none", absent, value)
		}
	}
	for key, want := range map[string]string{
		"SERVER_PROTOCOL": "HTTP/1.0", "SERVER_NAME": "127.0.0.1", "wsgi.multiprocess": "0", "wsgi.run_once": "0",
	} {
		if got[key] != want {
			t.Errorf("%s = %q, want %q", key, got[key], want)
		}
	}
}

// A chunked body has no CONTENT_LENGTH; an empty one that was declared has.
func TestContentLength(t *testing.T) {
	t.Parallel()
	s := newSite(t, "environ", nil)
	chunked := environ(t, s, "POST /app HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n")
	if value, ok := chunked["CONTENT_LENGTH"]; ok {
		t.Errorf("chunked: CONTENT_LENGTH = %q", value)
	}
	empty := environ(t, s, "POST /app HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
	if empty["CONTENT_LENGTH"] != "0" {
		t.Errorf("empty: CONTENT_LENGTH = %q", empty["CONTENT_LENGTH"])
	}
}

func TestEchoIsBinarySafe(t *testing.T) {
	t.Parallel()
	s := newSite(t, "echo", nil)
	sent := make([]byte, 1<<20)
	for i := range sent {
		sent[i] = byte(i * i >> 3)
	}
	for name, body := range map[string]io.Reader{
		"with a length": bytes.NewReader(sent),
		"chunked":       struct{ io.Reader }{bytes.NewReader(sent)},
	} {
		if _, got := s.ask(t, "POST", "/app", body); got != string(sent) {
			t.Errorf("%s: %d bytes came back changed", name, len(got))
		}
	}
}

// Both directions stream: each byte is answered before the next is sent.
func TestStreamsBothWays(t *testing.T) {
	t.Parallel()
	s := newSite(t, "gate", nil)
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(hang))
	fmt.Fprint(conn, "POST /app HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nConnection: close\r\n\r\n")
	in := bufio.NewReader(conn)
	response, err := http.ReadResponse(in, nil) // the headers come before a byte of the body was sent
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		fmt.Fprint(conn, "x")
		var dot [1]byte
		if _, err := io.ReadFull(response.Body, dot[:]); err != nil || dot[0] != '.' {
			t.Fatalf("got %q, %v", dot, err)
		}
	}
	if rest, err := io.ReadAll(response.Body); err != nil || len(rest) != 0 {
		t.Errorf("then %q, %v", rest, err)
	}
}

// A slow body does not outlive its connection's deadlines: reading pauses longer than nothing at all, then goes on.
func TestExpectContinue(t *testing.T) {
	t.Parallel()
	s := newSite(t, "count", nil)
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(hang))
	fmt.Fprint(conn, "POST /app HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n")
	in := bufio.NewReader(conn)
	if line, err := in.ReadString('\n'); line != "HTTP/1.1 100 Continue\r\n" {
		t.Fatalf("got %q, %v", line, err)
	}
	fmt.Fprint(conn, "abc")
	answer, err := io.ReadAll(in)
	if err != nil || !strings.Contains(string(answer), "HTTP/1.1 200 OK") || !strings.HasSuffix(string(answer), count(3, 0)) {
		t.Errorf("got %q, %v", answer, err)
	}
}

// count is what the guest of that name answers with.
func count(length uint64, last int32) string {
	b := binary.LittleEndian.AppendUint64(nil, length)
	return string(binary.LittleEndian.AppendUint32(b, uint32(last)))
}

func TestTruncatedBody(t *testing.T) {
	t.Parallel()
	s := newSite(t, "count", nil)
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(hang))
	fmt.Fprint(conn, "POST /app HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc")
	_ = conn.(*net.TCPConn).CloseWrite()
	answer, _ := io.ReadAll(conn)
	// Either the guest learns of it, or it is ended because its client is gone: never a short success.
	if strings.HasSuffix(string(answer), count(3, 0)) {
		t.Errorf("a body that was cut off passed as whole: %q", answer)
	}
}

// What is left of a body that the guest did not read neither holds the connection for ever nor spoils it.
func TestUnreadBody(t *testing.T) {
	t.Parallel()
	s := newSite(t, "hello", func(s *guest.Settings) { s.WriteTimeout = 200 * time.Millisecond })
	read := s.raw(t, "POST /app HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"+
		"GET /app HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
	if strings.Count(read, "HTTP/1.1 200 OK") != 2 {
		t.Errorf("got %q", read)
	}
	// As nothing, then as a request of its own, may pass what the guest leaves unread.
	smuggled := s.raw(t, "POST /app HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n"+strings.Repeat("x", 300_000)+
		"GET /app HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
	if strings.Count(smuggled, "HTTP/1.1 200 OK") != 1 || !strings.Contains(smuggled, "\r\nConnection: close\r\n") {
		t.Errorf("got %q", smuggled)
	}
	// The rest never comes: raw returns because the server gives the connection up.
	if unsent := s.raw(t, "POST /app HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\na"); !strings.HasSuffix(unsent, "hello world") {
		t.Errorf("got %q", unsent)
	}
}

func TestMaxBody(t *testing.T) {
	t.Parallel()
	s := newSite(t, "count", func(s *guest.Settings) { s.MaxBody = 100 })
	chunks := func(n int) io.Reader { return struct{ io.Reader }{strings.NewReader(strings.Repeat("x", n))} }
	if _, body := s.ask(t, "POST", "/app", strings.NewReader(strings.Repeat("x", 100))); body != count(100, 0) {
		t.Errorf("100 bytes: %q", body)
	}
	if _, body := s.ask(t, "POST", "/app", chunks(100)); body != count(100, 0) {
		t.Errorf("100 bytes, chunked: %q", body)
	}
	if response, _ := s.ask(t, "POST", "/app", strings.NewReader(strings.Repeat("x", 101))); response.StatusCode != 413 {
		t.Errorf("101 bytes: %s", response.Status)
	}
	if _, body := s.ask(t, "POST", "/app", chunks(101)); body != count(0, abi.CodeTooLarge.Errno()) {
		t.Errorf("101 bytes, chunked: %q", body)
	}
}

// What start_response refuses, and that the guest may answer all the same.
func TestCodes(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]abi.Code{
		"code_status":       abi.CodeInvalid,
		"code_status_1xx":   abi.CodeInvalid,
		"code_header_name":  abi.CodeInvalid,
		"code_header_value": abi.CodeInvalid,
		"code_length_twice": abi.CodeInvalid,
		"code_hop":          abi.CodeForbidden,
		"code_write_first":  abi.CodeState,
		"code_start_twice":  abi.CodeState,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			response, body := newSite(t, name, nil).ask(t, "GET", "/app", nil)
			if len(body) != 4 || response.StatusCode != 200 {
				t.Fatalf("%s: %q", response.Status, body)
			}
			if got := int32(binary.LittleEndian.Uint32([]byte(body))); got != want.Errno() {
				t.Errorf("the guest got %d, want %d (%v)", got, want.Errno(), want)
			}
		})
	}
}

func TestWriteBeyondLength(t *testing.T) {
	t.Parallel()
	response, body := newSite(t, "code_over_length", nil).ask(t, "GET", "/app", nil)
	if want := "abcd" + string(rune(abi.CodeLength)); body != want || response.ContentLength != 5 {
		t.Errorf("length %d, body %q", response.ContentLength, body)
	}
}

func TestExcInfo(t *testing.T) {
	t.Parallel()
	response, body := newSite(t, "exc_info", nil).ask(t, "GET", "/app", nil)
	if response.StatusCode != 500 || response.Header.Get("A") != "" || body != "500 Sorry" {
		t.Errorf("%s, a %q, body %q", response.Status, response.Header.Get("A"), body)
	}
}

// Faults before the headers: a status, the request's id, and not a word more.
func TestFaultPages(t *testing.T) {
	t.Parallel()
	page := regexp.MustCompile(`^(\d+ [A-Za-z ]+)\nrequest [0-9a-f]{16}\n$`)
	for _, c := range []struct {
		guest  string
		change func(*guest.Settings)
		status int
		log    string
	}{
		{"trap", nil, 500, `kind=trap cause=unreachable method=GET path=/app stack="[inner outer application]"`},
		{"exit", nil, 500, `kind=trap cause="the guest exited with code 3"`},
		{"recurse", nil, 500, `kind=budget cause="the app's calls lie deeper than its stack; raise stack in its manifest"`},
		{"no_start", nil, 500, `kind=protocol cause="application returned without start_response"`},
		{"wild_body", nil, 500, `kind=protocol cause="application returned a body outside its memory: ` +
			`pointer 4294967280, length 32, memory 65536 bytes"`},
		{"long_body", nil, 500, `kind=protocol cause="body is longer than its Content-Length of 5 bytes"`},
		{"short_body", nil, 500, `kind=protocol cause="body of 4 bytes is shorter than its Content-Length of 5 bytes"`},
		{"spin", func(s *guest.Settings) { s.Timeout = 100 * time.Millisecond }, 504,
			`kind=deadline cause="no first byte of the response within timeout" method=GET path=/app stack="[spinning`},
		{"sleep", func(s *guest.Settings) { s.Timeout = 100 * time.Millisecond }, 504, `stack="[wasi_snapshot_preview1.poll_oneoff`},
		{"spin", func(s *guest.Settings) { s.MaxDuration = 100 * time.Millisecond }, 504,
			`kind=deadline cause="response took longer than max_duration"`},
	} {
		t.Run(c.guest, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, c.guest, c.change)
			response, body := s.ask(t, "GET", "/app", nil)
			if match := page.FindStringSubmatch(body); match == nil || match[1] != response.Status {
				t.Errorf("%s: page %q", response.Status, body)
			}
			if response.StatusCode != c.status {
				t.Errorf("status %s", response.Status)
			}
			if log := s.log.String(); !strings.Contains(log, c.log) ||
				!strings.Contains(log, `msg="request failed" app=`+c.guest+` request_id=`+
					strings.TrimSuffix(body[strings.Index(body, "request ")+8:], "\n")+` generation=7 phase=call`) {
				t.Errorf("the log says\n%s\nwant %s", log, c.log)
			}
		})
	}
}

// Faults after the headers: the client must not take what it has for the whole.
func TestFaultsAfterHeaders(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		guest, log string
		change     func(*guest.Settings)
	}{
		{"trap_late", "kind=trap", nil},
		{"exc_info_late", `kind=protocol cause="start_response with exc_info after the headers were sent"`, nil},
		{"short_late", "shorter than its Content-Length", nil},
		{"spin_late", "max_duration", func(s *guest.Settings) { s.MaxDuration = 200 * time.Millisecond }},
		{"stream", "max_duration", func(s *guest.Settings) { s.MaxDuration = 200 * time.Millisecond }},
	} {
		t.Run(c.guest, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, c.guest, c.change)
			_, body, err := s.do(t, "GET", "/app", nil)
			if err == nil {
				t.Errorf("the client took %d bytes for the whole response", len(body))
			}
			t.Log(err)
			eventually(t, func() bool { return strings.Contains(s.log.String(), c.log) })
		})
	}
}

// timeout ends with the first byte: a stream may go on for longer.
func TestTimeoutEndsWithFirstByte(t *testing.T) {
	t.Parallel()
	s := newSite(t, "stream", func(s *guest.Settings) { s.Timeout = 2 * time.Second })
	response, err := s.Client().Get(s.URL + "/app")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	block := make([]byte, 4096)
	for started := time.Now(); time.Since(started) < 3*time.Second; {
		if _, err := io.ReadFull(response.Body, block); err != nil {
			t.Fatalf("after %v: %v", time.Since(started), err)
		}
	}
}

// A client that takes nothing more is cut off after write_timeout.
func TestStalledClient(t *testing.T) {
	t.Parallel()
	s := newSite(t, "stream", func(s *guest.Settings) { s.WriteTimeout = 200 * time.Millisecond })
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "GET /app HTTP/1.1\r\nHost: h\r\n\r\n")
	eventually(t, func() bool { return strings.Contains(s.log.String(), "no progress within write_timeout") })
}

// A client that goes away ends its guest, whatever the guest does.
func TestClientGone(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"spin", "sleep", "stream"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, name, nil)
			conn, err := net.Dial("tcp", s.Listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprint(conn, "GET /app HTTP/1.1\r\nHost: h\r\n\r\n")
			_ = conn.Close()
			eventually(t, func() bool { return strings.Contains(s.log.String(), "msg=request ") })
		})
	}
}

// eventually waits for what another goroutine is about to do.
func eventually(t testing.TB, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(hang); !done(); {
		if time.Now().After(deadline) {
			t.Fatal("it did not happen")
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// No instance in time: 503, and when to come back.
func TestBusy(t *testing.T) {
	t.Parallel()
	s := newSite(t, "gate", func(s *guest.Settings) { s.MaxInstances, s.QueueTimeout = 1, 100*time.Millisecond })
	conn, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprint(conn, "POST /app HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n")
	if _, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil { // it has the one instance
		t.Fatal(err)
	}
	response, _ := s.ask(t, "GET", "/app", nil)
	if response.StatusCode != 503 || response.Header.Get("Retry-After") != "1" {
		t.Errorf("%s, Retry-After %q", response.Status, response.Header.Get("Retry-After"))
	}
	fmt.Fprint(conn, "x")       // and gives it back
	eventually(t, func() bool { // the next instance may take longer to make than the queue waits
		response, _ := s.ask(t, "GET", "/app", nil)
		return response.StatusCode == 200
	})
}

func TestUnknownMounts(t *testing.T) {
	t.Parallel()
	s := newSite(t, "hello", nil)
	for target, want := range map[string]string{
		"/":                 "HTTP/1.1 404 Not Found",
		"/application":      "HTTP/1.1 404 Not Found",
		"/App":              "HTTP/1.1 404 Not Found",
		"//app":             "HTTP/1.1 404 Not Found",
		"/app%2fx":          "HTTP/1.1 404 Not Found",
		"/app/../etc":       "HTTP/1.1 400 Bad Request",
		"/app/%2e%2E/x":     "HTTP/1.1 400 Bad Request",
		"/app/a%2f..%2fb":   "HTTP/1.1 400 Bad Request",
		"/app/%00":          "HTTP/1.1 400 Bad Request",
		"/app":              "HTTP/1.1 200 OK",
		"/app/":             "HTTP/1.1 200 OK",
		"/app/x//y":         "HTTP/1.1 200 OK",
		"/%61pp":            "HTTP/1.1 200 OK",
		"http://other/app?": "HTTP/1.1 200 OK",
	} {
		got, _, _ := strings.Cut(s.raw(t, "GET "+target+" HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"), "\r\n")
		if got != want {
			t.Errorf("%s: %s, want %s", target, got, want)
		}
	}
}

// Isolation: with request each call sees the state that initialising left; with instance it lives on.
func TestIsolation(t *testing.T) {
	t.Parallel()
	for isolation, want := range map[guest.Isolation]string{
		guest.IsolationRequest: "111", guest.IsolationFresh: "111", guest.IsolationInstance: "123",
	} {
		s := newSite(t, "counter", func(s *guest.Settings) { s.Isolation, s.MaxInstances = isolation, 1 })
		var got string
		for range 3 {
			_, body := s.ask(t, "GET", "/app", nil)
			got += body
		}
		if got != want {
			t.Errorf("%s: %s, want %s", isolation, got, want)
		}
	}
}

// Log lines of a guest carry app and request, and its control bytes are escaped.
func TestGuestLog(t *testing.T) {
	t.Parallel()
	s := newSite(t, "log", nil)
	s.ask(t, "GET", "/app", nil)
	for _, want := range []string{`msg=one app=log request_id=`, `msg="two\x1b[31m" app=log`, `msg=three app=log`} {
		if !strings.Contains(s.log.String(), want) {
			t.Errorf("the log says\n%s\nwant %s", s.log.String(), want)
		}
	}
}

func TestAccessLog(t *testing.T) {
	t.Parallel()
	s := newSite(t, "hello", nil)
	s.ask(t, "GET", "/app?q=1", nil)
	eventually(t, func() bool { return strings.Contains(s.log.String(), "msg=request ") })
	record := regexp.MustCompile(`msg=request request_id=[0-9a-f]{16} app=hello remote=127\.0\.0\.1:\d+ method=GET ` +
		`target="/app\?q=1" protocol=HTTP/1\.1 status=200 bytes=11 duration_ms=[0-9.]+ user_agent=Go-http-client/1\.1`)
	if !record.MatchString(s.log.String()) {
		t.Errorf("the log says\n%s", s.log.String())
	}
}

// Many clients at once, with faults among them, on few instances.
func TestHammer(t *testing.T) {
	t.Parallel()
	good := newSite(t, "echo", func(s *guest.Settings) { s.Isolation = guest.IsolationInstance })
	var clients sync.WaitGroup
	for client := range 16 {
		clients.Go(func() {
			for i := range 20 {
				sent := strings.Repeat(fmt.Sprintf("%d.%d ", client, i), 1+i*50)
				response, err := http.Post(good.URL+"/app", "text/plain", strings.NewReader(sent))
				if err != nil {
					t.Error(err)
					return
				}
				got, err := io.ReadAll(response.Body)
				_ = response.Body.Close()
				if err != nil || string(got) != sent {
					t.Errorf("client %d got somebody else's bytes, or none: %v", client, err)
				}
			}
		})
	}
	clients.Wait()
}
