package bench

import (
	"errors"
	"io"
	"strings"
	"testing"
)

func TestResponses(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 200_000)
	for _, c := range []struct {
		name, text string
		head       bool
		status     int
		keep       bool
		err        string
		left       string
	}{
		{"a length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhellonext", false, 200, true, "", "next"},
		{"names in any case", "HTTP/1.1 200 OK\r\ncontent-LENGTH:5\r\n\r\nhellonext", false, 200, true, "", "next"},
		{"a long body", "HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + long + "next", false, 200, true, "", "next"},
		{"bare line feeds, no reason", "HTTP/1.1 404\nContent-Length: 0\n\nnext", false, 404, true, "", "next"},
		{"chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nA;x=y\r\n0123456789\r\n0\r\n\r\nnext", false, 200, true, "", "next"},
		{"trailers", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\nContent-Length: 3\r\n\r\nnext", false, 200, true, "", "next"},
		{"chunks and a length", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nnext", false, 200, true, "", "next"},
		{"HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nnext", true, 200, true, "", "next"},
		{"no content", "HTTP/1.1 204 No Content\r\n\r\nnext", false, 204, true, "", "next"},
		{"not modified", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nnext", false, 304, true, "", "next"},
		{"an interim response", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 500 No\r\nContent-Length: 1\r\n\r\nxnext", false, 500, true, "", "next"},
		{"the last of a connection", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx", false, 200, false, "", ""},
		{"up to the end", "HTTP/1.1 200 OK\r\n\r\nall of it", false, 200, false, "", ""},

		{"nothing", "", false, 0, false, "unexpected EOF", ""},
		{"cut in its headers", "HTTP/1.1 200 OK\r\nContent-Le", false, 0, false, "unexpected EOF", ""},
		{"cut in its body", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", false, 200, false, "unexpected EOF", ""},
		{"cut in a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", false, 200, false, "unexpected EOF", ""},
		{"cut between chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nh\r\n", false, 200, false, "unexpected EOF", ""},
		{"another protocol", "SSH-2.0-x\r\n", false, 0, false, `malformed response: it begins with "SSH-2.0-x"`, ""},
		{"an older version", "HTTP/1.0 200 OK\r\n\r\n", false, 0, false, `malformed response: it begins with "HTTP/1.0 200 OK"`, ""},
		{"no number", "HTTP/1.1 OK!\r\n\r\n", false, 0, false, `malformed response: status in "HTTP/1.1 OK!"`, ""},
		{"a switch", "HTTP/1.1 101 Switching Protocols\r\n\r\n", false, 0, false, "malformed response: the protocol is switched", ""},
		{"a bad length", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", false, 0, false, `malformed response: Content-Length "-1"`, ""},
		{"a bad chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", false, 200, false, `malformed response: chunk of size "zz"`, ""},
		{"a chunk that goes on", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", false, 200, false,
			"malformed response: a chunk is longer than its size says", ""},
		{"a line without end", "HTTP/1.1 200 OK\r\nX: " + long, false, 0, false, "malformed response: a line of more than 65536 bytes", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var r responses
			r.reset(strings.NewReader(c.text))
			status, keep, err := r.next(c.head)
			text := ""
			if err != nil {
				text = err.Error()
			}
			if text != c.err || errors.Is(err, errMalformed) != strings.HasPrefix(c.err, "malformed") {
				t.Fatalf("error %q, want %q", text, c.err)
			}
			if status != c.status || err == nil && keep != c.keep {
				t.Errorf("status %d, keep %t", status, keep)
			}
			if left, _ := io.ReadAll(r.in); err == nil && string(left) != c.left {
				t.Errorf("%q is left, want %q", left, c.left)
			}
		})
	}
}

// Reading a response costs no allocation: what the client costs is in every ratio.
func TestResponsesAllocateNothing(t *testing.T) {
	var r responses
	in := strings.NewReader("")
	r.reset(in)
	const text = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nServer: wasgi\r\n\r\nhello"
	if n := testing.AllocsPerRun(100, func() {
		in.Reset(text)
		r.reset(in)
		if _, _, err := r.next(false); err != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("%v allocations a response", n)
	}
}

func FuzzResponses(f *testing.F) {
	f.Add("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", false)
	f.Add("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x\r\nhello\r\n0\r\n\r\n", false)
	f.Add("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No\r\n\r\n", true)
	f.Fuzz(func(t *testing.T, text string, head bool) {
		var r responses
		r.reset(strings.NewReader(text))
		for {
			before := r.in.Buffered()
			status, keep, err := r.next(head)
			if err == nil && (status < 200 || status > 999) {
				t.Fatalf("status %d", status)
			}
			if err != nil || !keep || before == 0 {
				return
			}
		}
	})
}
