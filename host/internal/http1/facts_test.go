package http1_test

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"testing"
)

// ask sends text over a connection of its own, and returns the statuses of the answers and whether the server closed the connection
// before it was asked to.
func ask(t *testing.T, address, text string) (statuses []int, closed bool) {
	t.Helper()
	c := dial(t, address)
	c.send(text + "GET /last HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
	for {
		response, err := http.ReadResponse(c.Reader, nil)
		if err != nil {
			return statuses, true
		}
		body, _ := io.ReadAll(response.Body)
		if string(body) == "GET /last " {
			return statuses, false
		}
		statuses = append(statuses, response.StatusCode)
	}
}

// net/http alone accepts what RFC 9112 forbids, or has a server close the connection after: each of these is a request that
// another server reads otherwise.
func TestFact14_LenientReading(t *testing.T) {
	const (
		get     = "GET / HTTP/1.1\r\nHost: h\r\n"
		post    = "POST / HTTP/1.1\r\nHost: h\r\n"
		chunked = "Transfer-Encoding: chunked\r\n"
	)
	bare := start(t, &http.Server{Handler: echo, DisableGeneralOptionsHandler: true}, nil)
	guarded := start(t, &http.Server{Handler: echo, DisableGeneralOptionsHandler: true}, options())
	for name, c := range map[string]struct {
		text   string
		status int // of the guarded server
	}{
		"Content-Length and chunks":   {post + "Content-Length: 3\r\n" + chunked + "\r\n0\r\n\r\n", 400},
		"a header in two lines":       {get + "X: a\r\n b\r\n\r\n", 400},
		"a bare line feed":            {"GET / HTTP/1.1\nHost: h\n\n", 400},
		"a forbidden trailer":         {post + chunked + "\r\n0\r\nContent-Length: 5\r\n\r\n", 400},
		"GET *":                       {"GET * HTTP/1.1\r\nHost: h\r\n\r\n", 400},
		"another host in the target":  {"GET http://other/ HTTP/1.1\r\nHost: h\r\n\r\n", 400},
		"an authority for a target":   {"GET h:80 HTTP/1.1\r\nHost: h\r\n\r\n", 400},
		"one Content-Length twice":    {post + "Content-Length: 0\r\nContent-Length: 0\r\n\r\n", 400},
		"an underscore for a dash":    {post + "Content_Length: 9\r\n\r\n", 400},
		"a Host that is none":         {"GET / HTTP/1.1\r\nHost:\r\n\r\n", 400},
		"a fragment":                  {"GET /#x HTTP/1.1\r\nHost: h\r\n\r\n", 400},
		"a byte that is no character": {"GET /\xe4 HTTP/1.1\r\nHost: h\r\n\r\n", 400},
	} {
		if statuses, closed := ask(t, bare, c.text); closed || len(statuses) != 1 || statuses[0] != 200 {
			t.Errorf("%s: net/http alone answers %v, and closes the connection: %v; this is no fact any more", name, statuses, closed)
		}
		if statuses, closed := ask(t, guarded, c.text); !closed || len(statuses) != 1 || statuses[0] != c.status {
			t.Errorf("%s: the guarded server answers %v, and closes the connection: %v", name, statuses, closed)
		}
	}
	// A version without chunks, whose requests net/http reads in chunks; the connection is closed as for any request of it.
	const old = "POST / HTTP/1.0\r\n" + chunked + "\r\n3\r\nabc\r\n0\r\n\r\n"
	for address, want := range map[string]string{bare: "HTTP/1.0 200 OK", guarded: "HTTP/1.1 400 Bad Request"} {
		c := dial(t, address)
		c.send(old)
		line, err := bufio.NewReader(c).ReadString('\n')
		if err != nil || strings.TrimSpace(line) != want {
			t.Errorf("Transfer-Encoding in HTTP/1.0: %q, %v, want %s", line, err, want)
		}
	}
}
