package wasgi_test

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/abi/wire"
	"github.com/wasgi/wasgi/guest-sdk/go/wasgi"
)

// fakeHost is a Host whose answers a test sets one by one. What wasgi itself would refuse is wasgitest's to know.
type fakeHost struct {
	calls   []string
	start   []int32 // one answer a call of start_response, then 0
	write   int32
	input   io.Reader
	read    int32 // if negative, the answer of input_read
	log     bytes.Buffer
	logErr  int32
	logged  []int // bytes of each errors_write
	headers []wire.Pair
}

func (h *fakeHost) StartResponse(status, headers []byte, excInfo bool) int32 {
	call := "start " + string(status)
	if excInfo {
		call += " exc_info"
	}
	h.calls = append(h.calls, call)
	h.headers, _ = wire.Decode(headers)
	if len(h.start) == 0 {
		return 0
	}
	answer := h.start[0]
	h.start = h.start[1:]
	return answer
}

func (h *fakeHost) Write(block []byte) int32 {
	h.calls = append(h.calls, "write "+string(block))
	if h.write < 0 {
		return h.write
	}
	return int32(len(block))
}

func (h *fakeHost) InputRead(p []byte) int32 {
	if h.read < 0 {
		return h.read
	}
	n, _ := h.input.Read(p)
	return int32(n)
}

func (h *fakeHost) ErrorsWrite(p []byte) int32 {
	if h.logErr < 0 {
		return h.logErr
	}
	h.log.Write(p)
	h.logged = append(h.logged, len(p))
	return int32(len(p))
}

// environ encodes pairs of keys and values.
func environ(t testing.TB, list ...string) []byte {
	t.Helper()
	var encoder wire.Encoder
	for i := 0; i < len(list); i += 2 {
		encoder.Add(list[i], list[i+1])
	}
	encoded, err := encoder.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return encoded
}

// inApp runs f as the inside of an application that returns no body.
func inApp(host wasgi.Host, environ []byte, f func(wasgi.Environ, wasgi.StartResponse)) {
	wasgi.Play(host, environ, func(env wasgi.Environ, start wasgi.StartResponse) wasgi.Body {
		f(env, start)
		return nil
	})
}

func TestEnvironKeepsOrderRepeatsAndBytes(t *testing.T) {
	t.Parallel()
	want := []string{"PATH_INFO", "/\xff\x00", "A", "1", "A", "2", "EMPTY", ""}
	encoded := environ(t, want...)
	var kept wasgi.Environ
	inApp(&fakeHost{}, encoded, func(env wasgi.Environ, _ wasgi.StartResponse) { kept = env })
	// The host writes the next request's environ over this one.
	for i := range encoded {
		encoded[i] = 0xee
	}
	var got []string
	for key, value := range kept.All() {
		got = append(got, key, value)
	}
	if !slices.Equal(got, want) {
		t.Errorf("All: got %q, want %q", got, want)
	}
	for _, test := range []struct {
		key, value string
		ok         bool
	}{
		{"PATH_INFO", "/\xff\x00", true},
		{"A", "1", true},
		{"EMPTY", "", true},
		{"MISSING", "", false},
		{"path_info", "", false},
	} {
		if value, ok := kept.Lookup(test.key); value != test.value || ok != test.ok {
			t.Errorf("Lookup(%q) = %q, %v, want %q, %v", test.key, value, ok, test.value, test.ok)
		}
		if value := kept.Get(test.key); value != test.value {
			t.Errorf("Get(%q) = %q, want %q", test.key, value, test.value)
		}
	}
	for range kept.All() {
		break
	}
}

func TestMalformedEnvironPanics(t *testing.T) {
	t.Parallel()
	defer func() {
		const want = "wasgi: application: malformed environ: wire: count needs 4 bytes, 2 are left"
		if got := recover(); got != want {
			t.Errorf("panic %v, want %s", got, want)
		}
	}()
	inApp(&fakeHost{}, []byte{1, 2}, func(wasgi.Environ, wasgi.StartResponse) { t.Error("the app ran") })
}

func TestInput(t *testing.T) {
	t.Parallel()
	body := strings.Repeat("0123456789", 1000)
	host := &fakeHost{input: iotest.OneByteReader(strings.NewReader(body))}
	inApp(host, environ(t), func(env wasgi.Environ, _ wasgi.StartResponse) {
		if err := iotest.TestReader(env.Input(), []byte(body)); err != nil {
			t.Error(err)
		}
		if n, err := env.Input().Read(make([]byte, 4)); n != 0 || err != io.EOF {
			t.Errorf("after the end: %d, %v, want 0, EOF", n, err)
		}
	})
	for _, code := range []abi.Code{abi.CodeTruncated, abi.CodeTooLarge, abi.CodeClosed} {
		host := &fakeHost{read: code.Errno()}
		inApp(host, environ(t), func(env wasgi.Environ, _ wasgi.StartResponse) {
			if n, err := env.Input().Read(make([]byte, 4)); n != 0 || err != code {
				t.Errorf("got %d, %v, want 0, %v", n, err, code)
			}
			if n, err := env.Input().Read(nil); n != 0 || err != nil {
				t.Errorf("empty read: got %d, %v, want 0, nil", n, err)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 2*abi.MaxErrorsWrite+1)
	host := &fakeHost{}
	inApp(host, environ(t), func(env wasgi.Environ, _ wasgi.StartResponse) {
		if n, err := io.WriteString(env.Errors(), long); n != len(long) || err != nil {
			t.Errorf("got %d, %v, want %d, nil", n, err, len(long))
		}
	})
	if host.log.String() != long {
		t.Error("the log lost bytes")
	}
	if want := []int{abi.MaxErrorsWrite, abi.MaxErrorsWrite, 1}; !slices.Equal(host.logged, want) {
		t.Errorf("written in parts of %v, want %v", host.logged, want)
	}
	host = &fakeHost{logErr: abi.CodeFault.Errno()}
	inApp(host, environ(t), func(env wasgi.Environ, _ wasgi.StartResponse) {
		if n, err := io.WriteString(env.Errors(), "a"); n != 0 || !errors.Is(err, abi.CodeFault) {
			t.Errorf("got %d, %v, want 0, %v", n, err, abi.CodeFault)
		}
	})
}

// FuzzPlay: whatever the host sends, the app sees the pairs that wire decodes, or the call panics with the SDK's text.
func FuzzPlay(f *testing.F) {
	f.Add(environ(f, "A", "1", "A", "2"))
	f.Add([]byte{1, 0, 0, 0})
	f.Fuzz(func(t *testing.T, encoded []byte) {
		pairs, err := wire.Decode(encoded)
		defer func() {
			text, _ := recover().(string)
			if want := "wasgi: application: malformed environ: "; (err != nil) != strings.HasPrefix(text, want) {
				t.Errorf("decode says %v, Play panicked with %q", err, text)
			}
		}()
		inApp(&fakeHost{}, encoded, func(env wasgi.Environ, _ wasgi.StartResponse) {
			i := 0
			for key, value := range env.All() {
				if key != string(pairs[i].Key) || value != string(pairs[i].Value) {
					t.Errorf("pair %d is %q=%q", i, key, value)
				}
				i++
			}
			if i != len(pairs) {
				t.Errorf("%d pairs, want %d", i, len(pairs))
			}
		})
	})
}
