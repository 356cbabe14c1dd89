package wasgitest_test

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/guest-sdk/go/wasgi"
	"github.com/wasgi/wasgi/guest-sdk/go/wasgi/wasgitest"
)

// header is a list of one.
func header(name, value string) []wasgi.Header { return []wasgi.Header{{Name: name, Value: value}} }

// app starts a 200 with headers, sends blocks and returns body.
func app(headers []wasgi.Header, body string, blocks ...string) wasgi.Application {
	return func(_ wasgi.Environ, start wasgi.StartResponse) wasgi.Body {
		w, _ := start("200 OK", headers)
		for _, block := range blocks {
			io.WriteString(w, block)
		}
		return wasgi.Text(body)
	}
}

func TestResponses(t *testing.T) {
	t.Parallel()
	status := func(status, body string) wasgi.Application {
		return func(_ wasgi.Environ, start wasgi.StartResponse) wasgi.Body {
			start(status, nil)
			return wasgi.Text(body)
		}
	}
	for _, test := range []struct {
		name    string
		method  string
		app     wasgi.Application
		status  string
		headers []wasgi.Header
		body    string
		blocks  int
		fault   string
		cut     bool
	}{
		{"whole", "GET", app(header("A", "1"), "hello"), "200 OK",
			[]wasgi.Header{{Name: "A", Value: "1"}, {Name: "Content-Length", Value: "5"}}, "hello", 0, "", false},
		{"nothing", "GET", app(nil, ""), "200 OK", header("Content-Length", "0"), "", 0, "", false},
		{"streamed", "GET", app(nil, "rest", "one", "two"), "200 OK", nil, "onetworest", 2, "", false},
		{"declared", "GET", app(header("content-length", "6"), "rest", "12"), "200 OK", header("content-length", "6"), "12rest", 1, "", false},
		{"HEAD", "HEAD", app(nil, "hello"), "200 OK", header("Content-Length", "5"), "", 0, "", false},
		{"HEAD with declared length", "HEAD", app(header("Content-Length", "9"), ""), "200 OK", header("Content-Length", "9"), "", 0, "", false},
		{"204", "GET", status("204 No Content", "ignored"), "204 No Content", nil, "", 0, "", false},
		{"304", "GET", status("304 Not Modified", "ignored"), "304 Not Modified", nil, "", 0, "", false},
		{"HEAD with declared length and body", "HEAD", app(header("Content-Length", "2"), "rest", "12"), "200 OK", header("Content-Length", "2"), "", 1, "", false},
		{"short", "GET", app(header("Content-Length", "9"), "rest"), "500 Internal Server Error", nil, "", 0,
			"body of 4 bytes is shorter than its Content-Length of 9 bytes", false},
		{"short after a block", "GET", app(header("Content-Length", "9"), "rest", "12"), "200 OK", header("Content-Length", "9"), "12", 1,
			"body of 6 bytes is shorter than its Content-Length of 9 bytes", true},
		{"long", "GET", app(header("Content-Length", "3"), "rest"), "500 Internal Server Error", nil, "", 0,
			"body is longer than its Content-Length of 3 bytes", false},
		{"long after a block", "GET", app(header("Content-Length", "3"), "rest", "12"), "200 OK", header("Content-Length", "3"), "12", 1,
			"body is longer than its Content-Length of 3 bytes", true},
		{"no start", "GET", func(wasgi.Environ, wasgi.StartResponse) wasgi.Body { return nil }, "500 Internal Server Error", nil, "", 0,
			"application returned without start_response", false},
		{"panic", "GET", func(wasgi.Environ, wasgi.StartResponse) wasgi.Body { panic("oops") }, "500 Internal Server Error", nil, "", 0,
			"the application panicked: oops", false},
		{"goexit", "GET", func(wasgi.Environ, wasgi.StartResponse) wasgi.Body { runtime.Goexit(); return nil }, "500 Internal Server Error", nil, "", 0,
			"the application ended its goroutine: it must not call runtime.Goexit or t.Fatal", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := wasgitest.Call(test.app, wasgitest.Request{Method: test.method})
			if got.Status != test.status || !strings.HasPrefix(test.status, string([]byte{'0' + byte(got.Code/100)})) {
				t.Errorf("status %q, code %d, want %q", got.Status, got.Code, test.status)
			}
			if !slices.Equal(got.Headers, test.headers) {
				t.Errorf("headers %v, want %v", got.Headers, test.headers)
			}
			if string(got.Body) != test.body || len(got.Blocks) != test.blocks {
				t.Errorf("body %q in %d blocks, want %q in %d", got.Body, len(got.Blocks), test.body, test.blocks)
			}
			if text(got.Fault) != test.fault || got.Cut != test.cut {
				t.Errorf("fault %q, cut %v, want %q, %v", text(got.Fault), got.Cut, test.fault, test.cut)
			}
		})
	}
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestPanicKeepsErrorAndStack(t *testing.T) {
	t.Parallel()
	got := wasgitest.Call(func(wasgi.Environ, wasgi.StartResponse) wasgi.Body { panic(io.ErrNoProgress) }, wasgitest.Request{})
	if !errors.Is(got.Fault, io.ErrNoProgress) {
		t.Errorf("fault %v", got.Fault)
	}
	if !strings.HasPrefix(got.Errors, "panic: multiple Read calls") || !strings.Contains(got.Errors, "TestPanicKeepsErrorAndStack") {
		t.Errorf("errors %q", got.Errors)
	}
}

func TestStartResponseChecks(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", abi.MaxStatus)
	for _, test := range []struct {
		status  string
		headers []wasgi.Header
		want    error
	}{
		{"200 OK", header("X-A", "täglich"), nil},
		{"200 ", nil, nil},
		{"999 x", nil, nil},
		{"200", nil, abi.CodeInvalid},
		{"20 OK", nil, abi.CodeInvalid},
		{"+20 OK", nil, abi.CodeInvalid},
		{"100 Continue", nil, abi.CodeInvalid},
		{"200 O\rK", nil, abi.CodeInvalid},
		{"200 " + long, nil, abi.CodeTooLarge},
		{"200 OK", header("", "x"), abi.CodeInvalid},
		{"200 OK", header("A B", "x"), abi.CodeInvalid},
		{"200 OK", header("Ä", "x"), abi.CodeInvalid},
		{"200 OK", header("A", "x\ny"), abi.CodeInvalid},
		{"200 OK", header("A", "\x7f"), abi.CodeInvalid},
		{"200 OK", header("A", " x"), abi.CodeInvalid},
		{"200 OK", header("A", "x "), abi.CodeInvalid},
		{"200 OK", header("Content-Length", "-1"), abi.CodeInvalid},
		{"200 OK", header("Content-Length", "1e3"), abi.CodeInvalid},
		{"200 OK", header("Content-Length", "9223372036854775808"), abi.CodeInvalid},
		{"200 OK", append(header("Content-Length", "1"), header("content-length", "1")...), abi.CodeInvalid},
		{"200 OK", header("connection", "close"), abi.CodeForbidden},
		{"200 OK", header("Transfer-Encoding", "chunked"), abi.CodeForbidden},
		{"200 OK", header("Proxy-Authenticate", "x"), abi.CodeForbidden},
		{"200 OK", slices.Repeat(header("A", ""), abi.MaxHeaders+1), abi.CodeTooLarge},
		{"200 OK", header("A", strings.Repeat("x", abi.MaxHeaderBytes)), abi.CodeTooLarge},
	} {
		got := wasgitest.Call(func(_ wasgi.Environ, start wasgi.StartResponse) wasgi.Body {
			if _, err := start(test.status, test.headers); !errors.Is(err, test.want) {
				t.Errorf("%.20q %.60v: %v, want %v", test.status, test.headers, err, test.want)
			}
			return nil
		}, wasgitest.Request{})
		if (got.Fault == nil) != (test.want == nil) {
			t.Errorf("%.20q %.60v: fault %v", test.status, test.headers, got.Fault)
		}
	}
}

func TestStateOfStartAndWrite(t *testing.T) {
	t.Parallel()
	got := wasgitest.Call(func(_ wasgi.Environ, start wasgi.StartResponse) wasgi.Body {
		if _, err := start("200 OK", header("A", "1")); err != nil {
			t.Error(err)
		}
		if _, err := start("201 Created", nil); err != abi.CodeState {
			t.Errorf("second start: %v, want %v", err, abi.CodeState)
		}
		w, err := start("202 Accepted", header("Content-Length", "3"), errors.New("changed my mind"))
		if err != nil {
			t.Error(err)
		}
		if err := w.Flush(); err != nil {
			t.Error(err)
		}
		if _, err := io.WriteString(w, "four"); err != abi.CodeLength {
			t.Errorf("long block: %v, want %v", err, abi.CodeLength)
		}
		if _, err := io.WriteString(w, "yes"); err != nil {
			t.Error(err)
		}
		return nil
	}, wasgitest.Request{})
	if got.Status != "202 Accepted" || got.Header("a") != "" || string(got.Body) != "yes" || got.Fault != nil {
		t.Errorf("got %+v", got)
	}
	if got.Errors != "changed my mind\n" {
		t.Errorf("errors %q", got.Errors)
	}
}

func TestWriteBeforeStartFromAStream(t *testing.T) {
	t.Parallel()
	got := wasgitest.Call(func(wasgi.Environ, wasgi.StartResponse) wasgi.Body {
		return wasgi.Reader(strings.NewReader("x"))
	}, wasgitest.Request{})
	if want := "wasgi: body: write: call not allowed now\n"; got.Errors != want || got.Code != 500 {
		t.Errorf("errors %q, code %d", got.Errors, got.Code)
	}
}

// After the host has ended a call no guest code counts: neither what recovers nor what is deferred.
func TestExcInfoAfterHeadersEndsTheCall(t *testing.T) {
	t.Parallel()
	got := wasgitest.Call(func(env wasgi.Environ, start wasgi.StartResponse) wasgi.Body {
		defer io.WriteString(env.Errors(), "from a deferred call")
		defer func() {
			if v := recover(); v != nil {
				t.Errorf("recovered %v", v)
			}
		}()
		w, _ := start("200 OK", nil)
		io.WriteString(w, "half")
		start("500 Oops", nil, errors.New("disk on fire"))
		t.Error("start_response returned")
		return wasgi.Text("no")
	}, wasgitest.Request{})
	if want := "start_response with exc_info after the headers were sent"; text(got.Fault) != want || !got.Cut {
		t.Errorf("fault %v, cut %v", got.Fault, got.Cut)
	}
	if got.Status != "200 OK" || string(got.Body) != "half" || got.Errors != "disk on fire\n" {
		t.Errorf("got %+v", got)
	}
}

func TestOnBlock(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ fails, want error }{
		{abi.CodeClosed, abi.CodeClosed},
		{errors.New("anything"), abi.CodeClosed},
		{abi.CodeFault, abi.CodeFault},
	} {
		sent := 0
		got := wasgitest.Call(func(_ wasgi.Environ, start wasgi.StartResponse) wasgi.Body {
			w, _ := start("200 OK", nil)
			if _, err := io.WriteString(w, "one"); err != nil || sent != 1 {
				t.Errorf("first: %v, %d blocks seen", err, sent)
			}
			if _, err := io.WriteString(w, "two"); err != test.want {
				t.Errorf("second: %v, want %v", err, test.want)
			}
			return nil
		}, wasgitest.Request{OnBlock: func([]byte) error {
			if sent++; sent == 2 {
				return test.fails
			}
			return nil
		}})
		if string(got.Body) != "one" {
			t.Errorf("body %q", got.Body)
		}
	}
}

func TestInput(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		body   io.Reader
		length string
		want   string
		err    error
	}{
		{nil, "", "", nil},
		{strings.NewReader("abc"), "3", "abc", nil},
		{bytes.NewReader([]byte("abc")), "3", "abc", nil},
		{bytes.NewBufferString("abc"), "3", "abc", nil},
		{iotest.OneByteReader(strings.NewReader("abc")), "", "abc", nil},
		{io.MultiReader(strings.NewReader("ab"), iotest.ErrReader(io.ErrClosedPipe)), "", "ab", abi.CodeTruncated},
		{iotest.ErrReader(abi.CodeTooLarge), "", "", abi.CodeTooLarge},
	} {
		wasgitest.Call(func(env wasgi.Environ, start wasgi.StartResponse) wasgi.Body {
			start("200 OK", nil)
			got, err := io.ReadAll(env.Input())
			if string(got) != test.want || err != test.err {
				t.Errorf("%T: read %q, %v, want %q, %v", test.body, got, err, test.want, test.err)
			}
			if length := env.Get("CONTENT_LENGTH"); length != test.length {
				t.Errorf("%T: CONTENT_LENGTH %q, want %q", test.body, length, test.length)
			}
			return nil
		}, wasgitest.Request{Method: "POST", Body: test.body})
	}
}

func TestSeed(t *testing.T) {
	app := func(_ wasgi.Environ, start wasgi.StartResponse) wasgi.Body {
		start("200 OK", nil)
		return wasgi.Text(strconv.FormatUint(wasgi.Rand().Uint64(), 10))
	}
	call := func(seed uint64) string { return string(wasgitest.Call(app, wasgitest.Request{Seed: seed}).Body) }
	first, again, other := call(1), call(1), call(2)
	if first != again || first == other {
		t.Errorf("the seeds 1, 1 and 2 give %s, %s and %s", first, again, other)
	}
	if first, again := call(0), call(0); first == again {
		t.Errorf("without a seed: %s twice", first)
	}
}
