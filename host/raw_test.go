package host_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wasgi/wasgi/host/config"
	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// socket is a client's end of a connection, on which a test writes and reads bytes as they are.
type socket struct {
	t testing.TB
	*net.TCPConn
	reader *bufio.Reader
}

func (l *listening) dial(t testing.TB) *socket {
	t.Helper()
	conn, err := net.Dial("tcp", l.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(hang))
	return &socket{t, conn.(*net.TCPConn), bufio.NewReader(conn)}
}

func (s *socket) send(text string) {
	s.t.Helper()
	if _, err := io.WriteString(s.TCPConn, text); err != nil {
		s.t.Fatal(err)
	}
}

// rest reads until the server closes the connection, and leaves out what differs each time.
func (s *socket) rest() string {
	s.t.Helper()
	text, err := io.ReadAll(s.reader)
	if err != nil {
		s.t.Fatalf("%v after %q", err, text)
	}
	return changing.ReplaceAllString(string(text), "$1*")
}

// expect reads as much as is wanted, and compares it.
func (s *socket) expect(want string) {
	s.t.Helper()
	got := make([]byte, len(want))
	n, err := io.ReadFull(s.reader, got)
	if string(got) != want {
		s.t.Errorf("got %q, %v, want %q", got[:n], err, want)
	}
}

var changing = regexp.MustCompile(`(Date: |\nrequest )[^\r\n]*`)

// ask sends text on a connection of its own, and returns everything that comes back until the server closes it.
func (l *listening) ask(t testing.TB, text string) string {
	t.Helper()
	s := l.dial(t)
	s.send(text)
	return s.rest()
}

// page is a refusal as clients see it.
func page(status, connection string) string {
	body := status + "\nrequest 0123456789abcdef\n"
	return fmt.Sprintf("HTTP/1.1 %s\r\nCache-Control: no-store\r\nContent-Length: %d\r\nContent-Type: text/plain; charset=utf-8\r\n"+
		"Server: wasgi\r\nX-Content-Type-Options: nosniff\r\nDate: *\r\n%s\r\n%s", status, len(body), connection,
		strings.Replace(body, "0123456789abcdef", "*", 1))
}

const closing = "Connection: close\r\n"

// A request that breaks the rules gets the usual page, in its turn, and a record of the access log; the log has the cause at level
// debug, and the connection ends.
func TestRawRefusal(t *testing.T) {
	t.Parallel()
	s := serveRaw(t, map[string]string{"hello": "hello"})
	const good = "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n"
	const answer = "HTTP/1.1 200 OK\r\nContent-Length: 11\r\nServer: wasgi\r\nname: wanghui\r\nDate: *\r\n\r\nhello world"
	if got := s.ask(t, good+good+"GET /bad HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"+good); got != answer+answer+page("400 Bad Request", closing) {
		t.Errorf("got %q", got)
	}
	for text, status := range map[string]string{
		"GET / HTTP/2.0\r\n\r\n":                                             "505 HTTP Version Not Supported",
		"CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n":                            "501 Not Implemented",
		"GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: x, chunked\r\n\r\n": "501 Not Implemented",
		"GET / HTTP/1.1\r\nHost: h\r\nExpect: more\r\n\r\n":                  "417 Expectation Failed",
		"GET /" + strings.Repeat("x", 100_000):                               "414 Request URI Too Long",
		"GET / HTTP/1.1\r\n" + strings.Repeat("X: y\r\n", 300):               "431 Request Header Fields Too Large",
	} {
		if got := s.ask(t, text); got != page(status, closing) {
			t.Errorf("%.40q: got %q", text, got)
		}
	}
	if got := s.ask(t, "HEAD /bad HTTP/1.1\r\n\r\n"); !strings.HasSuffix(got, "\r\n\r\n") || !strings.HasPrefix(got, "HTTP/1.1 400 Bad Request\r\n") {
		t.Errorf("HEAD: got %q", got)
	}
	for _, want := range []string{
		`level=DEBUG msg="request refused" app="" request_id=\w+ path=/bad error="more than one Host header"`,
		`level=INFO msg=request request_id=\w+ app="" remote=127\.0\.0\.1:\d+ method=GET target=/bad protocol=HTTP/1\.1 status=400 bytes=41 .*`,
		`level=INFO msg=request request_id=\w+ app="" remote=127\.0\.0\.1:\d+ method=- target=\* protocol=HTTP/1\.1 status=505 bytes=56 .*`,
		`level=DEBUG msg="request refused" app="" request_id=\w+ path=\* error="the version is HTTP/2\.0, not HTTP/1\.0 or HTTP/1\.1"`,
	} {
		if !eventually(func() bool { return regexp.MustCompile(want).MatchString(s.log.String()) }) {
			t.Errorf("the log has no %s", want)
		}
	}
}

// server.max_header_bytes is the length of the longest head that is served, to the byte.
func TestRawMaxHeader(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{1 << 10, 5000, 64 << 10, 200_000} {
		s := serveRaw(t, map[string]string{"hello": "hello"}, func(cfg *config.Config) { cfg.Server.MaxHeaderBytes = int64(limit) })
		const before, after = "GET /hello HTTP/1.1\r\nHost: h\r\nConnection: close\r\nX_: ", "\r\n\r\n" // no app gets a name with "_"
		head := func(length int) string { return before + strings.Repeat("x", length-len(before)-len(after)) + after }
		if got := s.ask(t, head(limit)); !strings.HasPrefix(got, "HTTP/1.1 200 OK\r\n") {
			t.Errorf("%d bytes of %d: %q", limit, limit, got)
		}
		if got := s.ask(t, head(limit+1)); got != page("431 Request Header Fields Too Large", closing) {
			t.Errorf("%d bytes of %d: %q", limit+1, limit, got)
		}
	}
}

// No response to HEAD, and none of status 204 or 304, has a body, whatever the app returns; the next response follows at once.
func TestRawNoBody(t *testing.T) {
	t.Parallel()
	none := guesttest.Wasm(t, "no_content")
	unchanged := bytes.Replace(none, []byte("204 No Content"), []byte("304 Not Change"), 1)
	s := serveRaw(t, map[string]string{"hello": "hello", "none": "no_content"}, func(cfg *config.Config) {
		write(t, filepath.Join(cfg.Apps.Dir, "unchanged.wasm"), unchanged)
	})
	got := s.ask(t, "HEAD /hello HTTP/1.1\r\nHost: h\r\n\r\n"+"GET /none HTTP/1.1\r\nHost: h\r\n\r\n"+
		"GET /unchanged HTTP/1.1\r\nHost: h\r\n\r\n"+"HEAD /absent HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
	absent, _, _ := strings.Cut(page("404 Not Found", closing), "\r\n\r\n")
	want := "HTTP/1.1 200 OK\r\nContent-Length: 11\r\nServer: wasgi\r\nname: wanghui\r\nDate: *\r\n\r\n" +
		"HTTP/1.1 204 No Content\r\nServer: wasgi\r\nDate: *\r\n\r\n" +
		"HTTP/1.1 304 Not Modified\r\nServer: wasgi\r\nDate: *\r\n\r\n" + absent + "\r\n\r\n"
	if got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// The client that waits for it is asked for its body when the app first reads it, and not if it does not.
func TestRawContinue(t *testing.T) {
	t.Parallel()
	s := serveRaw(t, map[string]string{"hello": "hello", "echo": "echo"}, func(cfg *config.Config) {
		cfg.Defaults.WriteTimeout = 10 * hang // which a connection must not wait for whose client was not asked
	})
	head := func(app string) string {
		return "POST /" + app + " HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
	}
	c := s.dial(t)
	c.send(head("echo"))
	c.expect("HTTP/1.1 100 Continue\r\n\r\n")
	c.send("abc" + strings.Replace(head("echo"), "Host", "Connection: close\r\nHost", 1) + "def")
	got := c.rest()
	if strings.Count(got, "\r\n3\r\nabc\r\n0\r\n\r\n") != 1 || strings.Count(got, "\r\n3\r\ndef\r\n0\r\n\r\n") != 1 || strings.Contains(got, " 100 ") &&
		strings.Index(got, " 100 ") < strings.Index(got, "abc") {
		t.Errorf("got %q", got)
	}
	c = s.dial(t)
	c.send(head("hello"))
	if got := c.rest(); strings.Contains(got, " 100 ") || !strings.Contains(got, closing) || !strings.HasSuffix(got, "\r\n\r\nhello world") {
		t.Errorf("got %q", got)
	}
}

// Chunks become a body and trailers nothing.
func TestRawChunks(t *testing.T) {
	t.Parallel()
	s := serveRaw(t, map[string]string{"echo": "echo", "environ": "environ"})
	const chunks = "Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 12\r\nX-Other: 1\r\n\r\n"
	c := s.dial(t)
	c.send("POST /echo HTTP/1.1\r\nHost: h\r\n" + chunks + "POST /environ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n" + chunks)
	got := c.rest()
	if !strings.Contains(got, "abcde") || strings.Contains(got, "SUM") || strings.Contains(got, "OTHER") || strings.Count(got, "HTTP/1.1 200 OK") != 2 {
		t.Errorf("got %q", got)
	}
}

// A body that is malformed is one that the client broke off: 400 where nothing was answered yet, the cause in the log, and the end of
// the connection, whatever comes behind.
func TestRawMalformedBody(t *testing.T) {
	t.Parallel()
	s := serveRaw(t, map[string]string{"count": "count", "hello": "hello"})
	const next = "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n"
	got := s.ask(t, "POST /count HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nxyz\r\n"+next)
	if !strings.HasPrefix(got, "HTTP/1.1 400 Bad Request\r\n") || !strings.Contains(got, closing) || !strings.HasSuffix(got, "\r\n\r\n400 Bad Request\nrequest *\n") {
		t.Errorf("got %q", got)
	}
	if !eventually(func() bool {
		return strings.Contains(s.log.String(), `level=DEBUG msg="request body broken off" app=count request_id=`) &&
			strings.Contains(s.log.String(), `error="a chunk's size is no number"`)
	}) {
		t.Errorf("the log says %s", s.log.String())
	}
	// An app that does not read it does not notice.
	got = s.ask(t, "POST /hello HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"+next)
	if strings.Count(got, "HTTP/1.1") != 1 || !strings.Contains(got, closing) {
		t.Errorf("got %q", got)
	}
}

// A target in its three forms is one request: the URL's host is the request's, and OPTIONS * is for the app that answers for
// everything.
func TestRawTargets(t *testing.T) {
	t.Parallel()
	whole := serveRaw(t, map[string]string{"index": "environ", "app": "environ"})
	for line, want := range map[string][4]string{ // SERVER_NAME, SCRIPT_NAME, PATH_INFO, RAW_URI
		"GET /app/x?y":           {"h", "/app", "/x", "/app/x?y"},
		"GET http://h/app/x?y":   {"h", "/app", "/x", "http://h/app/x?y"},
		"GET HTTP://H":           {"H", "", "/", "HTTP://H"},
		"options /app":           {"h", "/app", "", "/app"},
		"OPTIONS *":              {"h", "", "", "*"},
		"OPTIONS /*":             {"h", "", "/*", "/*"},
		"GET //app":              {"h", "", "//app", "//app"},
		"get /app%2fx":           {"h", "", "/app/x", "/app%2fx"},
		"GET /[a]|{b}^?c=%&\\d`": {"h", "", "/[a]|{b}^", "/[a]|{b}^?c=%&\\d`"},
	} {
		_, answer, _ := strings.Cut(whole.ask(t, line+" HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n"), "\r\n\r\n")
		got := variables(t, answer)
		if have := [4]string{got["SERVER_NAME"], got["SCRIPT_NAME"], got["PATH_INFO"], got["RAW_URI"]}; have != want {
			t.Errorf("%s: %q, want %q", line, have, want)
		}
		if method, _, _ := strings.Cut(line, " "); got["REQUEST_METHOD"] != method {
			t.Errorf("%s: the method is %q", line, got["REQUEST_METHOD"])
		}
	}
	part := serveRaw(t, map[string]string{"app": "environ"})
	if got := part.ask(t, "OPTIONS * HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"); got != page("404 Not Found", closing) {
		t.Errorf("got %q", got)
	}
}

// HTTP/1.0 knows no chunks: a response without a length ends with the connection, and one with a length keeps it for who asks.
func TestRawHTTP10(t *testing.T) {
	t.Parallel()
	s := serveRaw(t, map[string]string{"hello": "hello", "echo": "echo"})
	got := s.ask(t, "GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\nPOST /echo HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nabc"+
		"GET /hello HTTP/1.0\r\n\r\n")
	const want = "HTTP/1.0 200 OK\r\nContent-Length: 11\r\nServer: wasgi\r\nname: wanghui\r\nDate: *\r\nConnection: keep-alive\r\n\r\nhello world" +
		"HTTP/1.0 200 OK\r\nServer: wasgi\r\nDate: *\r\n\r\nabc"
	if got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if got := s.ask(t, "GET /hello HTTP/1.0\r\n\r\n"); !strings.HasSuffix(got, "Date: *\r\n\r\nhello world") {
		t.Errorf("got %q", got)
	}
}

// A body that the app has not read is skipped, so that the next request is found, or ends the connection.
func TestRawUnreadBody(t *testing.T) {
	t.Parallel()
	s := serveRaw(t, map[string]string{"hello": "hello"})
	const next = "GET /hello HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
	for name, body := range map[string]string{
		"length":  "Content-Length: 100000\r\n\r\n" + strings.Repeat("x", 100_000),
		"chunks":  "Transfer-Encoding: chunked\r\n\r\n" + strings.Repeat("3e8\r\n"+strings.Repeat("x", 1000)+"\r\n", 100) + "0\r\n\r\n",
		"trailer": "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX: y\r\n\r\n",
	} {
		if got := s.ask(t, "POST /hello HTTP/1.1\r\nHost: h\r\n"+body+next); strings.Count(got, "HTTP/1.1 200 OK") != 2 {
			t.Errorf("%s: %q", name, got)
		}
	}
	got := s.ask(t, "POST /hello HTTP/1.1\r\nHost: h\r\nContent-Length: 10000000\r\n\r\n"+strings.Repeat(next, 10_000))
	if strings.Count(got, "HTTP/1.1 200 OK") != 1 || !strings.Contains(got, closing) {
		t.Errorf("%q", got)
	}
}

// Requests that come in one piece or byte by byte are answered in their order.
func TestRawPieces(t *testing.T) {
	t.Parallel()
	s := serveRaw(t, map[string]string{"count": "count"})
	const requests = 60
	var out strings.Builder
	for i := range requests {
		body := strings.Repeat("x", i)
		if i%2 == 0 {
			fmt.Fprintf(&out, "post /count HTTP/1.1\r\nhost: h\r\ncontent-length: %d\r\n\r\n%s", len(body), body)
		} else {
			fmt.Fprintf(&out, "POST /count HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: Chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", len(body), body)
		}
	}
	for _, size := range []int{1, 17, out.Len()} {
		c := s.dial(t)
		go func() {
			for piece := range slices.Chunk([]byte(out.String()), size) {
				_, _ = c.TCPConn.Write(piece)
			}
		}()
		for i := range requests {
			response, err := http.ReadResponse(c.reader, nil)
			if err != nil {
				t.Fatal(err)
			}
			if body, err := io.ReadAll(response.Body); err != nil || len(body) != 12 || int(body[0]) != i {
				t.Fatalf("in pieces of %d bytes: answer %d is %q, %v", size, i, body, err)
			}
		}
	}
}

// A client that takes its time is served, one that takes more than read_header_timeout is not, be it with its first request or a later one.
func TestRawSlowHead(t *testing.T) {
	t.Parallel()
	s := serveRaw(t, map[string]string{"hello": "hello"}, func(cfg *config.Config) {
		cfg.Server.ReadHeaderTimeout, cfg.Server.IdleTimeout = 3*time.Second, 10*hang
	})
	const request = "GET /hello HTTP/1.1\r\nHost: h\r\n\r\n"
	for before := range 2 {
		c := s.dial(t)
		c.send(strings.Repeat(request, before))
		for i := range len(request) - 2 {
			c.send(request[i : i+1])
			time.Sleep(time.Millisecond)
		}
		c.send("\r\n")
		c.send(request[:20])
		if got := strings.Count(c.rest(), "hello world"); got != before+1 {
			t.Errorf("%d answers", got)
		}
	}
}

// The guard does not change what an app is told: the length of the count guest's answer is that of the body.
func TestRawLargeBody(t *testing.T) {
	t.Parallel()
	s := serveRaw(t, map[string]string{"count": "count"})
	const size = 3_000_000
	body := strings.Repeat("x", size)
	for name, framed := range map[string]string{
		"length": fmt.Sprintf("Content-Length: %d\r\n\r\n%s", size, body),
		"chunks": fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n", size, body),
	} {
		got := s.ask(t, "POST /count HTTP/1.1\r\nHost: h\r\nConnection: close\r\n"+framed)
		if count := got[max(0, len(got)-12):]; len(count) != 12 || binary.LittleEndian.Uint64([]byte(count)) != size {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// A client that sends all it has and then ends its side, as nc -N does, gets its answers.
func TestRawHalfClosed(t *testing.T) {
	t.Parallel()
	s := serveRaw(t, map[string]string{"hello": "hello"})
	for range 50 {
		c := s.dial(t)
		c.send("GET /hello HTTP/1.1\r\nHost: h\r\n\r\nGET /hello HTTP/1.1\r\nHost: h\r\n\r\n")
		_ = c.CloseWrite()
		if got := c.rest(); strings.Count(got, "HTTP/1.1 200 OK") != 2 {
			t.Fatalf("got %q", got)
		}
	}
}
