package wasm_test

import (
	"testing"
	"time"

	"github.com/wasgi/wasgi/host/internal/wasm"
)

// parse reads a module that is right.
func parse(t testing.TB, data []byte) *wasm.Module {
	t.Helper()
	m, err := wasm.Parse(data, wasm.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestRewriteOfManyTypes looks for a type for each function: each gives other results, and none of these types is there yet.
func TestRewriteOfManyTypes(t *testing.T) {
	t.Parallel()
	const n = 40_000
	results := func(i int) []byte { // numbers of sixteen bits, in i32 and i64
		out := leb(16)
		for bit := range 16 {
			out = append(out, byte(0x7f-i>>bit&1))
		}
		return out
	}
	m := parse(t, module(
		section(1, leb(n), times(n, func(i int) []byte { return join(bytes(0x60, 1, 0x7d), results(i)) })), // (f32) -> ...
		section(3, leb(n), times(n, func(i int) []byte { return leb(i) })),
		section(10, leb(n), times(n, func(i int) []byte {
			return body(0, bytes(0x03, 0x40, 0x0b, 0x43, 0, 0, 0, 0, 0x10), leb(i), bytes(0x0b))
		}))))
	begun := time.Now()
	m.Rewrite(false)
	if took := time.Since(begun); took > 5*time.Second { // 0.1 s, without comparing each with each
		t.Errorf("it took %v", took)
	}
}
