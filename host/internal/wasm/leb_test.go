package wasm_test

import (
	"math"
	"testing"

	"github.com/wasgi/wasgi/host/internal/wasm"
)

// constant reads an i32.const or i64.const as a global's initialiser, which is the way to a signed number's value.
func constant(op byte, number ...byte) (int64, error) {
	of := byte(0x7f)
	if op == 0x42 {
		of = 0x7e
	}
	m, err := wasm.Parse(module(section(6, list(join(bytes(of, 0, op), number, bytes(0x0b))))), wasm.DefaultLimits())
	if err != nil {
		return 0, err
	}
	return m.Globals[0].Init.Value, nil
}

func TestSignedNumbers(t *testing.T) {
	t.Parallel()
	const i32, i64 = 0x41, 0x42
	for _, c := range []struct {
		op   byte
		b    []byte
		want int64
	}{
		{i32, bytes(0), 0},
		{i32, bytes(0x7e), -2},
		{i32, bytes(0xfe, 0xff, 0xff, 0xff, 0x7f), -2},
		{i32, bytes(0x80, 0x80, 0x80, 0x80, 0x78), math.MinInt32},
		{i32, bytes(0xff, 0xff, 0xff, 0xff, 0x07), math.MaxInt32},
		{i64, bytes(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f), math.MinInt64},
		{i64, bytes(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00), math.MaxInt64},
		{i64, bytes(0xff, 0x00), 127},
	} {
		if got, err := constant(c.op, c.b...); err != nil || got != c.want {
			t.Errorf("% x: got %d, %v; want %d", c.b, got, err, c.want)
		}
	}
	for _, b := range [][]byte{
		bytes(i32, 0x80, 0x80, 0x80, 0x80, 0x70), // the sign is not repeated
		bytes(i32, 0xff, 0xff, 0xff, 0xff, 0x0f), // 2^32-1
		bytes(i32, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00),
		bytes(i64, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01),
		bytes(i64, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00),
	} {
		if got, err := constant(b[0], b[1:]...); err == nil {
			t.Errorf("% x: accepted as %d", b, got)
		}
	}
}

func TestUnsignedNumbers(t *testing.T) {
	t.Parallel()
	for _, padded := range [][]byte{bytes(0), bytes(0x80, 0), bytes(0x80, 0x80, 0x80, 0x80, 0)} {
		if _, err := wasm.Parse(module(section(1, padded)), wasm.DefaultLimits()); err != nil {
			t.Errorf("% x: %v", padded, err)
		}
	}
	for _, long := range [][]byte{bytes(0x80, 0x80, 0x80, 0x80, 0x10), bytes(0x80, 0x80, 0x80, 0x80, 0x80, 0)} {
		if _, err := wasm.Parse(module(section(1, long)), wasm.DefaultLimits()); err == nil {
			t.Errorf("% x: accepted", long)
		}
	}
}
