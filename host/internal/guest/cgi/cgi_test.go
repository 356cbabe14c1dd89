package cgi_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/abi/wire"
	"github.com/wasgi/wasgi/host/internal/engine"
	"github.com/wasgi/wasgi/host/internal/guest"
	"github.com/wasgi/wasgi/host/internal/guest/cgi"
	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// newKind starts an engine for one test.
func newKind(t testing.TB) *cgi.Kind {
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
	return cgi.New(e)
}

func settings() guest.Settings {
	return guest.Settings{Memory: 64 << 20, Stack: 1 << 20, Tables: 10_000, Isolation: guest.IsolationRequest}
}

// load loads a guest that is expected to be loadable.
func load(t testing.TB, data []byte, change func(*guest.Settings), log *slog.Logger) guest.Program {
	t.Helper()
	s := settings()
	if change != nil {
		change(&s)
	}
	program, err := newKind(t).Load(t.Context(), guest.File{Name: "app.wasm", Data: data}, s, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = program.Close() })
	return program
}

var discard = slog.New(slog.DiscardHandler)

func newInstance(t testing.TB, program guest.Program) guest.Instance {
	t.Helper()
	instance, err := program.New(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(instance.Close)
	return instance
}

// recorder is an exchange that keeps what it is told.
type recorder struct {
	log     *slog.Logger
	pairs   []string // name, value …
	input   io.Reader
	status  string
	headers []string
	blocks  []string
	body    string
	ended   bool
	onWrite error
	wrote   chan struct{} // closed at the first Write, if it is not nil
}

func newRecorder(input string) *recorder {
	return &recorder{log: discard, pairs: []string{"REQUEST_METHOD", "GET"}, input: strings.NewReader(input)}
}

func (r *recorder) Environ([]wire.Pair) ([]byte, error) {
	var e wire.Encoder
	for pair := range slices.Chunk(r.pairs, 2) {
		e.Add(pair[0], pair[1])
	}
	return e.Bytes()
}

func (r *recorder) StartResponse(status []byte, headers []wire.Pair, _ bool) error {
	r.status, r.headers = string(status), nil
	for _, pair := range headers {
		if strings.EqualFold(string(pair.Key), "Transfer-Encoding") {
			return abi.CodeForbidden
		}
		r.headers = append(r.headers, string(pair.Key)+": "+string(pair.Value))
	}
	return nil
}

func (r *recorder) Write(block []byte) error {
	if r.onWrite != nil {
		return r.onWrite
	}
	r.blocks = append(r.blocks, string(block))
	if r.wrote != nil {
		close(r.wrote)
		r.wrote = nil
	}
	return nil
}

func (r *recorder) Finish(body []byte) error {
	r.body, r.ended = string(body), true
	return nil
}

func (r *recorder) Read(p []byte) (int, error) {
	n, err := r.input.Read(p)
	if errors.Is(err, io.EOF) {
		return n, nil
	}
	return n, err
}

func (r *recorder) Log() *slog.Logger { return r.log }

// all is the whole body.
func (r *recorder) all() string { return strings.Join(r.blocks, "") + r.body }

func TestServe(t *testing.T) {
	t.Parallel()
	i := newInstance(t, load(t, guesttest.Wasm(t, "cgi_hello"), nil, discard))
	for range 3 { // the same instance, again and again
		r := newRecorder("")
		if err := i.Serve(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		if r.status != "200 OK" || !slices.Equal(r.headers, []string{"Content-Type: text/plain"}) || r.body != "hello\n" || len(r.blocks) > 0 {
			t.Errorf("%+v", r)
		}
		if !i.Reset() {
			t.Fatal("cannot be used again")
		}
	}
}

func TestDetect(t *testing.T) {
	t.Parallel()
	kind := newKind(t)
	for name, want := range map[string]string{
		"cgi_hello":     "a program: it exports _start, and no application, and imports wasi_snapshot_preview1",
		"cgi_both":      "no program: it exports application beside _start",
		"cgi_no_memory": "no program: it exports no memory",
		"hello":         "no program: it exports no function _start",
	} {
		ok, why := kind.Detect(guest.File{Name: name, Data: guesttest.Wasm(t, name)})
		if ok != strings.HasPrefix(want, "a ") || why != want {
			t.Errorf("%s: %v %q, want %q", name, ok, why, want)
		}
	}
	for _, data := range []string{"", "MZ", "\x00asm\x01\x00\x00\x00", "\x00asm\x0d\x00\x01\x00", "\x00asm\x01\x00\x00\x00\x01\xff"} {
		if ok, why := kind.Detect(guest.File{Data: []byte(data)}); ok || why == "" {
			t.Errorf("%q: %v %q", data, ok, why)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	kind := newKind(t)
	file := guest.File{Name: "app.wasm", Data: guesttest.Wasm(t, "cgi_parameter")}
	const want = `function "_start": has type (i32) -> (); must be () -> ()`
	if _, err := kind.Load(t.Context(), file, settings(), discard); err == nil || err.Error() != want {
		t.Errorf("Load: %v, want %s", err, want)
	}
	if found := kind.Examine(file, settings()); len(found.Problems) != 1 || found.Problems[0].Error() != want {
		t.Errorf("Examine: %v, want %s", found.Problems, want)
	}
	small := settings()
	small.Memory = 1 << 10
	file.Data = guesttest.Wasm(t, "cgi_hello")
	if _, err := kind.Load(t.Context(), file, small, discard); err == nil || !strings.Contains(err.Error(), "raise memory") {
		t.Errorf("Load: %v", err)
	}
}

func TestIsolation(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		guest       string
		asked, runs guest.Isolation
		why         string
	}{
		{"cgi_hello", "request", "request", ""},
		{"cgi_hello", "instance", "request", "a program begins and ends with its request"},
		{"cgi_hello", "fresh", "fresh", ""},
		{"cgi_table", "request", "fresh", "table.set in function 1"},
		{"cgi_table", "instance", "fresh", "table.set in function 1"},
	} {
		p := load(t, guesttest.Wasm(t, c.guest), func(s *guest.Settings) { s.Isolation = c.asked }, discard)
		if runs, why := p.Isolation(); runs != c.runs || why != c.why {
			t.Errorf("%s, %s: %s %q, want %s %q", c.guest, c.asked, runs, why, c.runs, c.why)
		}
		i := newInstance(t, p)
		r := newRecorder("")
		if err := i.Serve(t.Context(), r); err != nil || r.all() != "hello\n" {
			t.Errorf("%s, %s: %v %q", c.guest, c.asked, err, r.all())
		}
		if got, want := i.Reset(), c.runs == guest.IsolationRequest; got != want {
			t.Errorf("%s, %s: Reset is %v", c.guest, c.asked, got)
		}
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		guest string
		kind  guest.FaultKind
		cause string
		sent  int // bytes of the body that went out before
	}{
		{"cgi_silent", guest.KindProtocol, "the program ended without writing to its standard output", 0},
		{"cgi_exit3", guest.KindTrap, "the guest exited with code 3", 0},
		{"cgi_exit3_after", guest.KindTrap, "the guest exited with code 3", 6 + 32768},
		{"cgi_trap", guest.KindTrap, "unreachable", 0},
		{"cgi_spin", guest.KindDeadline, "context deadline exceeded", 0},
		{"cgi_deep", guest.KindBudget, guest.ErrStack.Error(), 0},
	} {
		t.Run(c.guest, func(t *testing.T) {
			t.Parallel()
			i := newInstance(t, load(t, guesttest.Wasm(t, c.guest), nil, discard))
			ctx := t.Context()
			if c.kind == guest.KindDeadline {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, 50*time.Millisecond)
				defer cancel()
			}
			r := newRecorder("")
			err := i.Serve(ctx, r)
			fault, ok := errors.AsType[*guest.Fault](err)
			if !ok || fault.Kind != c.kind || fault.Phase != guest.PhaseCall || fault.Cause.Error() != c.cause {
				t.Fatalf("%v", err)
			}
			if r.ended || len(r.all()) != c.sent {
				t.Errorf("ended %v after %d bytes, want %d", r.ended, len(r.all()), c.sent)
			}
			if c.kind != guest.KindProtocol && i.Reset() {
				t.Error("would be used again")
			}
		})
	}
}

// To exit with 0 is to return, and the instance is another one afterwards.
func TestExit0(t *testing.T) {
	t.Parallel()
	p := load(t, guesttest.Wasm(t, "cgi_exit0"), nil, discard)
	for range 3 {
		i := newInstance(t, p)
		r := newRecorder("")
		if err := i.Serve(t.Context(), r); err != nil || r.body != "hello\n" || !r.ended {
			t.Fatalf("%v %+v", err, r)
		}
		if i.Reset() {
			t.Fatal("would be used again")
		}
	}
}

// cat serves what a program answers that writes text.
func cat(t testing.TB, i guest.Instance, text string) (*recorder, error) {
	t.Helper()
	r := newRecorder(text)
	err := i.Serve(t.Context(), r)
	return r, err
}

func TestResponses(t *testing.T) {
	t.Parallel()
	p := load(t, guesttest.Wasm(t, "cgi_cat"), nil, discard)
	for _, c := range []struct {
		output, status string
		headers        []string
		body           string
	}{
		{"Content-Type: text/plain\n\nhi", "200 OK", []string{"Content-Type: text/plain"}, "hi"},
		{"content-type:text/plain\r\n\r\nhi", "200 OK", []string{"content-type: text/plain"}, "hi"},
		{"Content-Type: text/plain\r\nX-A: 1\n\r\n\n\nhi", "200 OK", []string{"Content-Type: text/plain", "X-A: 1"}, "\n\nhi"},
		{"Content-Type: \t text/plain \t\n\n", "200 OK", []string{"Content-Type: text/plain"}, ""},
		{"Content-Type: a\tb\n\n", "200 OK", []string{"Content-Type: a b"}, ""},
		{"Content-Type: text/plain\nX-Empty:\n\n", "200 OK", []string{"Content-Type: text/plain", "X-Empty: "}, ""},
		{"Status: 404 Not Found\nContent-Type: text/plain\n\nno", "404 Not Found", []string{"Content-Type: text/plain"}, "no"},
		{"Status: 404\nContent-Type: text/plain\n\nno", "404 ", []string{"Content-Type: text/plain"}, "no"},
		{"Status: 204 No Content\n\n", "204 No Content", nil, ""},
		{"STATUS:500\n\n", "500 ", nil, ""},
		{"Location: /elsewhere?a=b\n\n", "302 Found", []string{"Location: /elsewhere?a=b"}, ""},
		{"Location: https://example.com/\n\n", "302 Found", []string{"Location: https://example.com/"}, ""},
		{"Location: https://example.com/\nContent-Type: text/html\n\n<a>", "302 Found",
			[]string{"Location: https://example.com/", "Content-Type: text/html"}, "<a>"},
		{"Status: 301 Moved\nLocation: /new\n\n", "301 Moved", []string{"Location: /new"}, ""},
		{"Location: /7\nStatus: 201 Created\nContent-Type: a/b\n\n{}", "201 Created", []string{"Location: /7", "Content-Type: a/b"}, "{}"},
		{"Content-Type: a/b\nSet-Cookie: a=1\nSet-Cookie: b=2\n\n", "200 OK",
			[]string{"Content-Type: a/b", "Set-Cookie: a=1", "Set-Cookie: b=2"}, ""},
		{"Content-Type: a/b\nConnection: close\nKeep-Alive: timeout=5\n\n", "200 OK", []string{"Content-Type: a/b"}, ""},
		{"Content-Type: a/b\nContent-Length: 2\n\nhi", "200 OK", []string{"Content-Type: a/b", "Content-Length: 2"}, "hi"},
		{"Content-Type: a/b\nX-Latin: caf\xe9\n\n", "200 OK", []string{"Content-Type: a/b", "X-Latin: caf\xe9"}, ""},
	} {
		i := newInstance(t, p)
		r, err := cat(t, i, c.output)
		if err != nil {
			t.Errorf("%q: %v", c.output, err)
			continue
		}
		if r.status != c.status || !slices.Equal(r.headers, c.headers) || r.all() != c.body || !r.ended {
			t.Errorf("%q: %q %q %q, want %q %q %q", c.output, r.status, r.headers, r.all(), c.status, c.headers, c.body)
		}
	}
}

func TestMalformedResponses(t *testing.T) {
	t.Parallel()
	p := load(t, guesttest.Wasm(t, "cgi_cat"), nil, discard)
	const within = "header block: the program ended within it, after line "
	for output, want := range map[string]string{
		"":                                     "the program ended without writing to its standard output",
		"Content-Type: text/plain":             within + "0: no empty line ends it",
		"Content-Type: text/plain\n":           within + "1: no empty line ends it",
		"Content-Type: text/plain\n\r":         within + "1: no empty line ends it",
		"\n":                                   "header block: has no Content-Type, no Location and no Status",
		"\r\nhello":                            "header block: has no Content-Type, no Location and no Status",
		"X-A: 1\n\nhello":                      "header block: has no Content-Type, no Location and no Status",
		"<html>\n\n":                           `header block: line 1 "<html>": has no colon: is the empty line missing before the body?`,
		"Content-Type: a/b\nhello world\n":     `header block: line 2 "hello world": has no colon: is the empty line missing before the body?`,
		"HTTP/1.1 200 OK\n":                    `header block: line 1 "HTTP/1.1 200 OK": is a status line of HTTP; a program writes Status: 404 Not Found`,
		": a\n":                                `header block: line 1 ": a": the name before the colon is none`,
		"Content-Type : a/b\n":                 `header block: line 1 "Content-Type : a/b": the name before the colon is none`,
		"Content-Typ\xc3\xa9: a/b\n":           `header block: line 1 "Content-Typé: a/b": the name before the colon is none`,
		"X-A: 1\n folded\n":                    `header block: line 2 " folded": begins with a space: fields have one line each`,
		"X-A: a\rb\n":                          `header block: line 1 "X-A: a\rb": the value holds the control character 0xd`,
		"X-A: a\x00b\n":                        `header block: line 1 "X-A: a\x00b": the value holds the control character 0x0`,
		"Status: 99\n\n":                       `header block: line 1 "Status: 99": is no status: write three digits from 200 on, and perhaps a reason`,
		"Status: 103 Early\n\n":                `header block: line 1 "Status: 103 Early": is no status: write three digits from 200 on, and perhaps a reason`,
		"Status: OK\n\n":                       `header block: line 1 "Status: OK": is no status: write three digits from 200 on, and perhaps a reason`,
		"Status:\n\n":                          `header block: line 1 "Status:": is no status: write three digits from 200 on, and perhaps a reason`,
		"Status: 200\nStatus: 404\n\n":         `header block: line 2 "Status: 404": comes a second time`,
		"Content-Type: a\ncontent-type: b\n\n": `header block: line 2 "content-type: b": comes a second time`,
		"Location:\n\n":                        `header block: line 1 "Location:": names no place`,
		"Content-Length: 1x\n\n":               `header block: line 1 "Content-Length: 1x": is no number of bytes`,
		"Content-Length: -1\n\n":               `header block: line 1 "Content-Length: -1": is no number of bytes`,
		"Content-Type: a/b\nTransfer-Encoding: chunked\n\n": "header block: holds a field that only the server may send: " +
			"Transfer-Encoding, Upgrade, Trailer, TE or Proxy-…",
		"X: " + strings.Repeat("a", 65536):      `header block: line 1: the block has more than 65536 bytes`,
		strings.Repeat("X: 1\n", 1001) + "\n":   `header block: line 1001 "X: 1": is one field too many: there may be 1000`,
		strings.Repeat("X: 12345\n", 8000) + "": `header block: line 7282: the block has more than 65536 bytes`,
	} {
		r, err := cat(t, newInstance(t, p), output)
		fault, ok := errors.AsType[*guest.Fault](err)
		if !ok || fault.Kind != guest.KindProtocol || fault.Cause.Error() != want {
			t.Errorf("%.80q:\n got %v\nwant %s", output, err, want)
		}
		if r.ended || r.all() != "" {
			t.Errorf("%.80q: answered", output)
		}
	}
}

// What is written in one go is sent together, and blocks that are large by themselves as they are.
func TestBlocks(t *testing.T) {
	t.Parallel()
	p := load(t, guesttest.Wasm(t, "cgi_cat"), nil, discard)
	body := strings.Repeat("0123456789abcdef", 8192)
	r, err := cat(t, newInstance(t, p), "Content-Type: a/b\n\n"+body)
	if err != nil || r.all() != body || len(r.blocks) < 2 {
		t.Errorf("%v, %d bytes in %d blocks", err, len(r.all()), len(r.blocks))
	}
}

// What was written goes out when the program waits for its input.
func TestPause(t *testing.T) {
	t.Parallel()
	p := load(t, guesttest.Wasm(t, "cgi_cat"), nil, discard)
	client, server := io.Pipe()
	r := newRecorder("")
	r.input, r.wrote = client, make(chan struct{})
	wrote := r.wrote
	go func() {
		_, _ = server.Write([]byte("Content-Type: a/b\n\nfirst"))
		<-wrote
		_, _ = server.Write([]byte(" second"))
		_ = server.Close()
	}()
	if err := newInstance(t, p).Serve(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(r.blocks, []string{"first", " second"}) || r.body != "" {
		t.Errorf("%q %q", r.blocks, r.body)
	}
}

// The program is told what is wrong with its streams, as a C program is: by an errno, with which this one exits.
func TestStreamErrors(t *testing.T) {
	t.Parallel()
	p := load(t, guesttest.Wasm(t, "cgi_cat"), nil, discard)
	r := newRecorder("")
	r.input = io.MultiReader(strings.NewReader("Content-Type: a/b\n\nhalf"), failing{abi.CodeTruncated})
	if err := newInstance(t, p).Serve(t.Context(), r); err == nil || !strings.Contains(err.Error(), "code 29") { // EIO
		t.Errorf("a body that breaks off: %v", err)
	}
	r = newRecorder("Content-Type: a/b\n\n" + strings.Repeat("a", 60_000))
	r.onWrite = abi.CodeClosed
	if err := newInstance(t, p).Serve(t.Context(), r); err == nil || !strings.Contains(err.Error(), "code 64") { // EPIPE
		t.Errorf("a client that is gone: %v", err)
	}
	r = newRecorder("Content-Type: a/b\n\n" + strings.Repeat("a", 60_000))
	r.onWrite = abi.CodeLength
	err := newInstance(t, p).Serve(t.Context(), r)
	if fault, ok := errors.AsType[*guest.Fault](err); !ok || fault.Cause.Error() != "the body is longer than its Content-Length" {
		t.Errorf("a body that is too long: %v", err)
	}
	r = newRecorder("Content-Type: a/b\n\n" + strings.Repeat("a", 60_000))
	r.onWrite = guest.ErrStalled
	if err := newInstance(t, p).Serve(t.Context(), r); !errors.Is(err, guest.ErrStalled) {
		t.Errorf("a client that stalls: %v", err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// A canary in memory, in a global and in grown memory is never found by another request. The mark is left by each of them.
func TestCanary(t *testing.T) {
	t.Parallel()
	for _, isolation := range []guest.Isolation{guest.IsolationRequest, guest.IsolationInstance, guest.IsolationFresh} {
		p := load(t, guesttest.Wasm(t, "cgi_canary"), func(s *guest.Settings) { s.Isolation = isolation }, discard)
		i := newInstance(t, p)
		for n := range 300 {
			r := newRecorder(strings.Repeat("secret", n%3/2))
			if err := i.Serve(t.Context(), r); err != nil || r.all() != "clean" {
				t.Fatalf("%s, request %d: %v %q", isolation, n, err, r.all())
			}
			if !i.Reset() {
				i = newInstance(t, p)
			}
		}
	}
}

func TestHammer(t *testing.T) {
	t.Parallel()
	p := load(t, guesttest.Wasm(t, "cgi_canary"), nil, discard)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			i, err := p.New(t.Context())
			for n := 0; err == nil && n < 100; n++ {
				r := newRecorder(strings.Repeat("x", n%2))
				if err = i.Serve(t.Context(), r); err == nil && r.all() != "clean" {
					err = errors.New(r.all())
				}
				if !i.Reset() {
					i.Close()
					i, err = p.New(t.Context())
				}
			}
			if err != nil {
				t.Error(err)
				return
			}
			i.Close()
		})
	}
	all.Wait()
	if p.Kind() != "cgi" || p.Bytes() <= 0 {
		t.Errorf("kind %q, %d bytes", p.Kind(), p.Bytes())
	}
}

// What only a request may say is not granted, and the log says so.
func TestGrantedEnvironment(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	load(t, guesttest.Wasm(t, "cgi_hello"), func(s *guest.Settings) { s.Env = []string{"HTTP_PROXY=http://proxy", "A=b"} },
		slog.New(slog.NewTextHandler(&log, nil)))
	if !strings.Contains(log.String(), `env \"HTTP_PROXY\": left out`) || strings.Contains(log.String(), "http://proxy") {
		t.Errorf("%s", log.String())
	}
}

// What was written goes out when the program sleeps, and when it computes: in both cases for longer than the client waits.
func TestNothingIsHeldBack(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"cgi_sleep", "cgi_busy"} {
		ctx, cancel := context.WithCancel(t.Context())
		r := newRecorder("")
		r.wrote = make(chan struct{})
		go func(wrote chan struct{}) {
			<-wrote
			cancel()
		}(r.wrote)
		err := newInstance(t, load(t, guesttest.Wasm(t, name), nil, discard)).Serve(ctx, r)
		if !errors.Is(err, context.Canceled) || !slices.Equal(r.blocks, []string{"hello\n"}) || r.ended {
			t.Errorf("%s: %v %q", name, err, r.blocks)
		}
		cancel()
	}
}

func TestPointers(t *testing.T) {
	t.Parallel()
	i := newInstance(t, load(t, guesttest.Wasm(t, "cgi_pointers"), nil, discard))
	r := newRecorder("input")
	if err := i.Serve(t.Context(), r); err != nil || r.body != "refused" {
		t.Errorf("%v %q", err, r.body)
	}
}

// What the program writes to its standard error is logged line by line, and what is left of a line at its end too.
func TestLog(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	i := newInstance(t, load(t, guesttest.CProgram(t, "../../guesttest/sources/program.c"), nil, discard))
	r := newRecorder("")
	r.log = slog.New(slog.NewTextHandler(&log, nil))
	r.pairs = append(r.pairs, "PATH_INFO", "/count")
	r.input = failing{abi.CodeTruncated}
	if err := i.Serve(t.Context(), r); err == nil || !strings.Contains(err.Error(), "exited with code 1") {
		t.Errorf("%v", err)
	}
	if !strings.Contains(log.String(), `msg="read: I/O error" stream=stderr`) {
		t.Errorf("%s", log.String())
	}
}
