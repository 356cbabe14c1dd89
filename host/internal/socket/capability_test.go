package socket_test

import (
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"testing"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/abi/wire"
	"github.com/wasgi/wasgi/host/internal/guest"
	"github.com/wasgi/wasgi/host/internal/socket"
)

// caller is a guest with memory, in an exchange of the app "a" or in none.
type caller struct {
	memory   []byte
	exchange guest.Exchange
}

func (c *caller) View(ptr, length uint32) ([]byte, bool) {
	if end := uint64(ptr) + uint64(length); end <= uint64(len(c.memory)) {
		return c.memory[ptr:end], true
	}
	return nil, false
}

func (c *caller) Writable(ptr, length uint32) ([]byte, bool) { return c.View(ptr, length) }
func (c *caller) Exchange() guest.Exchange                   { return c.exchange }

// request is an exchange of the app "a" that is no event.
type request struct{}

func (request) App() string                                   { return "a" }
func (request) Environ([]wire.Pair) ([]byte, error)           { return nil, nil }
func (request) StartResponse([]byte, []wire.Pair, bool) error { return nil }
func (request) Write([]byte) error                            { return nil }
func (request) Finish([]byte) error                           { return nil }
func (request) Read([]byte) (int, error)                      { return 0, nil }
func (request) Log() *slog.Logger                             { return slog.New(slog.DiscardHandler) }
func call(i guest.Import, c *caller, p []uint64) (int32, error) {
	return guest.Answer(i.Call(context.Background(), c, p))
}

// Pointers come first, then lengths, then state, then content.
func TestOrderOfChecks(t *testing.T) {
	t.Parallel()
	s := socket.New()
	defer s.Close(context.Background())
	functions := map[string]guest.Import{}
	for _, i := range s.Imports() {
		if i.Module != abi.WebSocketModule {
			t.Errorf("%s is of the module %s", i.Name, i.Module)
		}
		functions[i.Name] = i
	}
	const end = 1 << 16
	for _, test := range []struct {
		function string
		params   []uint64
		state    bool // within an exchange
		want     abi.Code
	}{
		{"send", []uint64{end, 1, 9, 0, 1}, false, abi.CodeFault},
		{"send", []uint64{0, 1, 9, end - 1, 2}, false, abi.CodeFault},
		{"send", []uint64{0, 1, 9, 0, 1}, false, abi.CodeState},
		{"send", []uint64{0, 1, 9, 0, 1}, true, abi.CodeClosed},
		{"close", []uint64{0, 1, 0, 0, end + 1}, false, abi.CodeFault},
		{"close", []uint64{0, 1, 0, 0, 124}, false, abi.CodeTooLarge},
		{"close", []uint64{0, 1, 0, 0, 123}, false, abi.CodeState},
		{"close", []uint64{0, 1, 0, 0, 123}, true, abi.CodeClosed},
		{"subscribe", []uint64{0, 1, 1, end}, false, abi.CodeFault},
		{"subscribe", []uint64{0, 1, 1, 257}, false, abi.CodeTooLarge},
		{"subscribe", []uint64{0, 1, 1, 0}, false, abi.CodeState},
		{"subscribe", []uint64{0, 1, 1, 256}, true, abi.CodeClosed},
		{"unsubscribe", []uint64{0, 1, 1, 257}, false, abi.CodeTooLarge},
		{"unsubscribe", []uint64{0, 1, 1, 1}, true, abi.CodeClosed},
		{"publish", []uint64{0, 257, 1, end, 1}, true, abi.CodeFault},
		{"publish", []uint64{0, 257, 1, 0, 0}, false, abi.CodeTooLarge},
		{"publish", []uint64{0, 0, 1, 0, 0}, false, abi.CodeState},
		{"publish", []uint64{0, 0, 1, 0, 0}, true, abi.CodeInvalid},
		{"publish", []uint64{0, 1, 0, 0, 0}, true, abi.CodeInvalid},
		{"publish", []uint64{0, 1, 3, 0, 0}, true, abi.CodeInvalid},
		{"publish", []uint64{0, 1, 1, 8, 1}, true, abi.CodeInvalid}, // no UTF-8
		{"publish", []uint64{0, 1, 2, 8, 1}, true, 0},
		{"publish", []uint64{0, 1, 1, end, 0}, true, 0},
		{"accept_protocol", []uint64{end, 1}, false, abi.CodeFault},
		{"accept_protocol", []uint64{0, 1}, false, abi.CodeState},
		{"accept_protocol", []uint64{0, 1}, true, abi.CodeState},
	} {
		c := &caller{memory: make([]byte, end)}
		c.memory[8] = 0xff
		if test.state {
			c.exchange = request{}
		}
		result, err := call(functions[test.function], c, test.params)
		if err != nil || result != test.want.Errno() {
			t.Errorf("%s%v: %d, %v, want %d", test.function, test.params, result, err, test.want.Errno())
		}
	}
}

// Whatever a guest passes, it gets a result, and the host never panics.
func FuzzImports(f *testing.F) {
	s := socket.New()
	f.Cleanup(func() { s.Close(context.Background()) })
	imports := s.Imports()
	f.Add(uint8(0), true, []byte("0123456789012345678901234567890123456789"))
	f.Add(uint8(4), true, make([]byte, 40))
	f.Add(uint8(2), false, []byte("\xff\xff\xff\xff\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, which uint8, state bool, data []byte) {
		c := &caller{memory: data}
		if state {
			c.exchange = request{}
		}
		i := imports[int(which)%len(imports)]
		params := make([]uint64, len(i.Params))
		for n := range params {
			if len(data) >= 4*n+4 {
				params[n] = uint64(binary.LittleEndian.Uint32(data[4*n:]))
			}
		}
		result, err := call(i, c, params)
		if err != nil {
			t.Errorf("%s%v ends the call: %v", i.Name, params, err)
		}
		if _, err := abi.Result(result); err != nil && errors.Is(err, abi.Code(0)) {
			t.Errorf("%s%v: %d", i.Name, params, result)
		}
	})
}
