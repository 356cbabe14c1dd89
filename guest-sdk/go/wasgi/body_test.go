package wasgi_test

import (
	"errors"
	"io"
	"iter"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/guest-sdk/go/wasgi"
)

// blocks yields each text, and counts how many were asked for.
func blocks(asked *int, texts ...string) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for _, text := range texts {
			*asked++
			if !yield([]byte(text)) {
				return
			}
		}
	}
}

// play runs an app that starts a 200 and returns body.
func play(t *testing.T, host *fakeHost, method string, body wasgi.Body) string {
	t.Helper()
	rest := wasgi.Play(host, environ(t, "REQUEST_METHOD", method), func(_ wasgi.Environ, start wasgi.StartResponse) wasgi.Body {
		start("200 OK", nil)
		return body
	})
	return string(rest)
}

// closer records that it was closed.
type closer struct {
	io.Reader
	closed int
}

func (c *closer) Close() error {
	c.closed++
	return errors.New("close is not heard")
}

func TestBodies(t *testing.T) {
	t.Parallel()
	asked := 0
	for _, test := range []struct {
		name     string
		body     wasgi.Body
		writes   []string
		returned string
	}{
		{"none", nil, nil, ""},
		{"bytes", wasgi.Bytes([]byte("a\x00\xff")), nil, "a\x00\xff"},
		{"no bytes", wasgi.Bytes(nil), nil, ""},
		{"text", wasgi.Text("hello"), nil, "hello"},
		{"stream", wasgi.Stream(blocks(&asked, "", "one", "", "two")), []string{"write one", "write two"}, ""},
		{"empty stream", wasgi.Stream(blocks(&asked)), nil, ""},
		{"reader", wasgi.Reader(iotest.HalfReader(strings.NewReader("abc"))), []string{"write abc"}, ""},
		{"reader with its last bytes at its end", wasgi.Reader(iotest.DataErrReader(strings.NewReader("abc"))), []string{"write abc"}, ""},
		{"empty reader", wasgi.Reader(strings.NewReader("")), nil, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			host := &fakeHost{}
			if got := play(t, host, "GET", test.body); got != test.returned {
				t.Errorf("returned %q, want %q", got, test.returned)
			}
			if got := host.calls[1:]; !slices.Equal(got, test.writes) {
				t.Errorf("calls %q, want %q", got, test.writes)
			}
			if host.log.Len() > 0 {
				t.Errorf("logged %q", host.log.String())
			}
		})
	}
}

func TestReaderStreamsInBlocks(t *testing.T) {
	t.Parallel()
	host := &fakeHost{}
	source := &closer{Reader: strings.NewReader(strings.Repeat("x", 40<<10))}
	play(t, host, "GET", wasgi.Reader(source))
	if got := len(host.calls); got != 3 || len(host.calls[1]) != len("write ")+32<<10 {
		t.Errorf("%d calls, the first block is %d bytes", got, len(host.calls[1])-len("write "))
	}
	if source.closed != 1 {
		t.Errorf("closed %d times, want 1", source.closed)
	}
}

func TestStreamStopsWhenAWriteFails(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		code abi.Code
		log  string
	}{
		{abi.CodeClosed, ""}, // the client's doing, and no news to an app's author
		{abi.CodeLength, "wasgi: body: write: more body than Content-Length\n"},
		{abi.CodeState, "wasgi: body: write: call not allowed now\n"},
	} {
		asked := 0
		host := &fakeHost{write: test.code.Errno()}
		play(t, host, "GET", wasgi.Stream(blocks(&asked, "one", "two")))
		if asked != 1 {
			t.Errorf("%v: %d blocks asked for, want 1", test.code, asked)
		}
		if host.log.String() != test.log {
			t.Errorf("%v: log %q, want %q", test.code, host.log.String(), test.log)
		}
	}
	source := &closer{Reader: strings.NewReader("abc")}
	play(t, &fakeHost{write: abi.CodeClosed.Errno()}, "GET", wasgi.Reader(source))
	if source.closed != 1 {
		t.Errorf("reader closed %d times, want 1", source.closed)
	}
}

func TestStreamMayStartTheResponse(t *testing.T) {
	t.Parallel()
	host := &fakeHost{}
	wasgi.Play(host, environ(t), func(_ wasgi.Environ, start wasgi.StartResponse) wasgi.Body {
		return wasgi.Stream(func(yield func([]byte) bool) {
			start("200 Late", nil)
			yield([]byte("x"))
		})
	})
	if want := []string{"start 200 Late", "write x"}; !slices.Equal(host.calls, want) {
		t.Errorf("calls %q, want %q", host.calls, want)
	}
}

func TestHeadStopsAStreamAtItsFirstBlock(t *testing.T) {
	t.Parallel()
	asked := 0
	host := &fakeHost{}
	play(t, host, "HEAD", wasgi.Stream(blocks(&asked, "one", "two")))
	if want := []string{"start 200 OK", "write one"}; !slices.Equal(host.calls, want) || asked != 1 {
		t.Errorf("calls %q, %d blocks asked for, want %q, 1", host.calls, asked, want)
	}
}

func TestFailingBodyBecomesA500(t *testing.T) {
	t.Parallel()
	host := &fakeHost{}
	source := &closer{Reader: io.MultiReader(strings.NewReader("abc"), iotest.ErrReader(abi.CodeTruncated))}
	if got, want := play(t, host, "GET", wasgi.Reader(source)), "Internal Server Error\n"; got != want {
		t.Errorf("returned %q, want %q", got, want)
	}
	if want := []string{"start 200 OK", "write abc", "start 500 Internal Server Error exc_info"}; !slices.Equal(host.calls, want) {
		t.Errorf("calls %q, want %q", host.calls, want)
	}
	if want := "wasgi: body: request body ended early\n"; host.log.String() != want {
		t.Errorf("log %q, want %q", host.log.String(), want)
	}
	if source.closed != 1 {
		t.Errorf("closed %d times, want 1", source.closed)
	}
	host = &fakeHost{start: []int32{0, abi.CodeClosed.Errno()}}
	if got := play(t, host, "GET", wasgi.Reader(iotest.ErrReader(errors.New("no")))); got != "" {
		t.Errorf("after a refused 500: returned %q, want none", got)
	}
}

// Middleware changes a body through Blocks, whatever its kind.
func TestBlocksOfEveryBody(t *testing.T) {
	t.Parallel()
	asked := 0
	for _, body := range []wasgi.Body{
		wasgi.Text("abc"),
		wasgi.Stream(blocks(&asked, "a", "bc")),
		wasgi.Reader(strings.NewReader("abc")),
	} {
		var got []byte
		for block, err := range body.Blocks() {
			if err != nil {
				t.Error(err)
			}
			got = append(got, block...)
		}
		if string(got) != "abc" {
			t.Errorf("%T: got %q, want abc", body, got)
		}
	}
}
