package abitest_test

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/wasgi/wasgi/abi/abitest"
	"github.com/wasgi/wasgi/abi/wire"
)

// responses are what a server may send to GET: the body that is read, or "" with an error.
var responses = []struct {
	text, body string
	bad        bool
}{
	{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello", false},
	{"HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", "", false},
	{"HTTP/1.0 200 OK\r\n\r\nto the end", "to the end", false},
	{"HTTP/1.1 204 No Content\r\n\r\nnever", "", false},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n3;x=y\r\ntwo\r\n0\r\nX: y\r\n\r\n", "onetwo", false},
	{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", "", true},
	{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello", "", true},
	{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello", "", true},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n", "", true},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n", "", true},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none0\r\n\r\n", "", true},
	{"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-3\r\none\r\n0\r\n\r\n", "", true},
	{"HTTP/1.1 200 OK\nContent-Length: 0\n\n", "", true},
	{"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "", true},
	{"HTTP/1.1 200 OK\r\n bad: name\r\n\r\n", "", true},
	{"HTTP/1.1 200 OK\r\nX: a\rb\r\n\r\n", "", true},
	{"HTTP/1.1 2000 OK\r\n\r\n", "", true},
	{"HTTP/1.1 200\r\n\r\n", "", true},
	{"HTTP/2 200 OK\r\n\r\n", "", true},
	{"HTTP/1.1 200 OK\r\n", "", true},
	{"", "", true},
	{strings.Repeat("x", 1<<17), "", true},
	{"HTTP/1.1 200 OK\r\n" + strings.Repeat("a:\r\n", 5000) + "\r\n", "", true},
}

func TestReadResponse(t *testing.T) {
	t.Parallel()
	for _, r := range responses {
		_, body, err := abitest.ReadResponse([]byte(r.text), "GET")
		if (err != nil) != r.bad || !r.bad && string(body) != r.body {
			t.Errorf("%.80q: got %q, %v", r.text, body, err)
		}
	}
	if _, body, err := abitest.ReadResponse([]byte("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"), "HEAD"); err != nil || len(body) != 0 {
		t.Errorf("HEAD: %q, %v", body, err)
	}
}

// FuzzReadResponse: no answer of a server makes the kit panic, and what it takes for whole net/http reads the same.
func FuzzReadResponse(f *testing.F) {
	for _, r := range responses {
		if len(r.text) < 1000 {
			f.Add([]byte(r.text))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		status, body, err := abitest.ReadResponse(data, "GET")
		if err != nil || status < 200 {
			return
		}
		response, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(data)), nil)
		if err != nil {
			return // net/http is stricter here and there
		}
		defer response.Body.Close()
		want, err := io.ReadAll(response.Body)
		if err == nil && (response.StatusCode != status || !bytes.Equal(body, want)) {
			t.Fatalf("%q: %d %q, net/http has %d %q", data, status, body, response.StatusCode, want)
		}
	})
}

// FuzzReadReport: what a broken server makes of a report does no harm.
func FuzzReadReport(f *testing.F) {
	var e wire.Encoder
	e.Add("r", "\x05\x00\x00\x00hello")
	e.Add("w", "\xff\xff\xff\xff")
	list, err := e.Bytes()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(list)
	f.Add(list[:len(list)-3])
	f.Add([]byte("\x01\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00r"))
	f.Fuzz(func(t *testing.T, body []byte) {
		steps, err := abitest.ReadReport(body)
		if pairs, listErr := wire.Decode(body); err == nil && (listErr != nil || steps != len(pairs)) {
			t.Fatalf("%d steps of %d pairs, %v", steps, len(pairs), listErr)
		}
	})
}

// FuzzEscape: an argument comes out as it went in, and is fit for a header.
func FuzzEscape(f *testing.F) {
	for _, s := range []string{"", " ", "a;b%c", "\x00\xff\n", "200 OK"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		escaped := abitest.Escape(s)
		if strings.ContainsAny(escaped, ";\r\n\x00") || strings.TrimSpace(escaped) != escaped {
			t.Fatalf("%q becomes %q", s, escaped)
		}
		if back, err := url.PathUnescape(escaped); err != nil || back != s {
			t.Fatalf("%q becomes %q and then %q, %v", s, escaped, back, err)
		}
	})
}

// FuzzParseStatus: a status is three digits from 200 on, a space and printable bytes.
func FuzzParseStatus(f *testing.F) {
	for _, s := range []string{"200 OK", "204 ", "099 x", "+20 x", "200\tx", "2000 x", "200 \x7f"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, status []byte) {
		code, ok := abitest.ParseStatus(status)
		if ok != (len(status) >= 4 && status[3] == ' ' && status[0] >= '2' && status[0] <= '9' && isDigit(status[1]) && isDigit(status[2]) &&
			!bytes.ContainsFunc(status, func(r rune) bool { return r < ' ' || r == 0x7f })) {
			t.Fatalf("%q: %d, %t", status, code, ok)
		}
		if ok && (code < 200 || code > 999) {
			t.Fatalf("%q: %d", status, code)
		}
	})
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// FuzzStrictHost: whatever a guest does with its imports, the strict host judges it by rules that exist, and does not break.
func FuzzStrictHost(f *testing.F) {
	for _, script := range []string{
		"s200 OK;bx", "t", "h\xff;s200 OK", "+a=b;x200 OK;r9;w;W70000;c10;?6;n;p;V", "k;s200 OK;k;v", "s200 OK;x500 x;wa;x500 x;B99",
	} {
		f.Add(script)
	}
	known := map[string]bool{}
	for _, rule := range abitest.Rules() {
		known[rule.ID] = true
	}
	f.Fuzz(func(t *testing.T, script string) {
		report, err := abitest.Check(t.Context(), abitest.Guest(), abitest.GuestOptions{
			Timeout:  time.Second,
			Requests: []abitest.Request{{Path: "/"}, {Method: "PUT", Path: "/", Body: []byte("body"), Headers: [][2]string{{"HTTP_X_PLAY", script}}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, finding := range report.Findings() {
			if !known[finding.Rule] || finding.Seen == "" {
				t.Errorf("%q: the finding %+v", script, finding)
			}
		}
	})
}
