package wasgi_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"log/slog"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/abi/wire"
	"github.com/wasgi/wasgi/host/internal/guest"
	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// The functions by the numbers that the guest "calls" gives them.
const (
	startResponse = iota
	write
	inputRead
	errorsWrite
	functions // how many there are
)

const top = 1 << 16 // the end of the guest's memory

// edges are the numbers at which bounds are missed.
var edges = []uint32{0, 1, 7, top - 1, top, top + 1, 1<<31 - 1, 1 << 31, 1<<32 - 8, 1<<32 - 1}

// record is one call, as the guest reads it.
func record(function uint32, params [5]uint32) []byte {
	var out []byte
	for _, word := range append([]uint32{function}, params[:]...) {
		out = binary.LittleEndian.AppendUint32(out, word)
	}
	return out
}

// list is a list of one pair.
func list(key, value string) []byte {
	var e wire.Encoder
	e.Add(key, value)
	out, _ := e.Bytes() // it is far from too long
	return out
}

func outside(ptr, length uint32) bool { return uint64(ptr)+uint64(length) > top }

// Pointers come first: whatever a guest passes, it gets CodeFault if any of it lies outside of its memory, another answer if
// none does, and the host never fails.
func TestEveryImportAtTheEdges(t *testing.T) {
	t.Parallel()
	i := newInstance(t, newKind(t), "calls", slog.New(slog.DiscardHandler))
	random := rand.New(rand.NewPCG(1, 2))
	for n := range 10_000 {
		var p [5]uint32
		for k := range p {
			p[k] = edges[random.IntN(len(edges))]
		}
		function := uint32(n % functions)
		if n < 100*functions { // all pairs, for all
			p[0], p[1] = edges[n/functions/10], edges[n/functions%10]
		}
		r := newRecorder(string(record(function, p)) + "the rest of the body")
		if err := i.Serve(t.Context(), r); err != nil {
			t.Fatalf("function %d%v: %v", function, p, err)
		}
		want := outside(p[0], p[1]) || function == startResponse && outside(p[2], p[3])
		result := int32(binary.LittleEndian.Uint32([]byte(r.body)))
		if (result == abi.CodeFault.Errno()) != want || result < abi.CodeLength.Errno() {
			t.Fatalf("function %d%v = %d", function, p, result)
		}
	}
}

// FuzzImports lets a guest make any calls with any parameters, on a memory that it may fill by reading.
func FuzzImports(f *testing.F) {
	f.Add([]byte{}, record(inputRead, [5]uint32{1 << 12, 64}))
	headers := list("name", "value")
	f.Add([]byte("200 OK"), slices.Concat(record(inputRead, [5]uint32{1 << 12, uint32(len(headers))}), headers,
		record(startResponse, [5]uint32{32768, 6, 1 << 12, uint32(len(headers)), 0}), record(write, [5]uint32{0, top})))
	for function := range uint32(functions) {
		f.Add([]byte{}, record(function, [5]uint32{top, 0, 1<<32 - 1, 1<<32 - 1, 1}))
		f.Add([]byte{}, record(function, [5]uint32{0, top, 8, top - 8, 1}))
	}
	kind := newKind(f)
	file := guest.File{Name: "calls.wasm", Data: guesttest.Wasm(f, "calls")}
	program, err := kind.Load(f.Context(), file, settings(), slog.New(slog.DiscardHandler))
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = program.Close() })
	f.Fuzz(func(t *testing.T, environ, calls []byte) {
		i, err := program.New(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer i.Close()
		r := newRecorder("")
		r.input = bytes.NewReader(calls)
		r.environ = list("", string(environ))
		ctx, cancel := context.WithTimeoutCause(t.Context(), 10*time.Second, guest.ErrTimeout)
		defer cancel()
		if err := i.Serve(ctx, r); err != nil && guest.KindOf(err) != guest.KindProtocol {
			t.Fatal(err)
		}
	})
}
