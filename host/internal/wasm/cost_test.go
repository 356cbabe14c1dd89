package wasm_test

import (
	"testing"

	"github.com/wasgi/wasgi/host/internal/wasm"
)

// costOf is the estimate for one function, without what its length adds.
func costOf(t *testing.T, locals int, code ...[]byte) int {
	t.Helper()
	m, err := wasm.Parse(function(locals, code...), wasm.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	return m.Cost - m.Code[0].Len()
}

var emptyIf = bytes(0x41, 0, 0x04, 0x40, 0x0b)

// TestCostOfLocals tells locals that live across blocks from those that do not.
func TestCostOfLocals(t *testing.T) {
	t.Parallel()
	ifs := func(n int) []byte { return times(n, func(int) []byte { return emptyIf }) }
	read := func(i int) []byte { return join(localGet(i), bytes(0x1a)) }
	write := func(i int) []byte { return join(bytes(0x41, 0), localSet(i)) }
	for _, c := range []struct {
		name string
		code [][]byte
		want int
	}{
		{"nothing", nil, 0},
		{"blocks", [][]byte{ifs(10)}, 10 * 8},
		{"locals without blocks", [][]byte{times(5, write), times(5, read)}, 0},
		{"locals that live on", [][]byte{times(5, write), ifs(10), times(5, read)}, 10 * (8 + 5)},
		{"one local read twice", [][]byte{write(0), ifs(10), read(0), ifs(10), read(0)}, 20 * (8 + 1)},
		{"locals written in the same piece", [][]byte{ifs(10), times(5, write), times(5, read)}, 10 * 8},
		{"three loops in one another, each with a branch", [][]byte{
			times(3, func(int) []byte { return bytes(0x03, 0x40) }),
			times(3, func(int) []byte { return bytes(0x41, 0, 0x0d, 0, 0x0b) })}, (1 + 1 + 1 + 2 + 1 + 3 + 3) * 8},
		{"three loops in a row, each with a branch", [][]byte{
			times(3, func(int) []byte { return bytes(0x03, 0x40, 0x41, 0, 0x0d, 0, 0x0b) })}, 3 * (1 + 1 + 1) * 8},
		{"labels", [][]byte{bytes(0x41, 0, 0x0e, 4, 0, 0, 0, 0, 0)}, 5 * 8},
		{"a block that takes and gives a value", [][]byte{bytes(0x41, 0, 0x02, 1, 0x0b, 0x1a)}, 8 + 2},
	} {
		if got := costOf(t, 8, c.code...); got != c.want {
			t.Errorf("%s: got %d, want %d", c.name, got, c.want)
		}
	}
}

// TestCostOfOperands pushes many operands and takes them away again: what is left on the stack shows in the cost of the
// blocks that follow.
func TestCostOfOperands(t *testing.T) {
	t.Parallel()
	const n = 6400
	repeat := func(b ...byte) []byte { return times(n, func(int) []byte { return b }) }
	for name, code := range map[string][]byte{
		"i32.const, drop":             join(repeat(0x41, 0), repeat(0x1a)),
		"i32.const, i32.add":          join(repeat(0x41, 0), repeat(0x6a)),
		"i64.const, i64.eq":           join(repeat(0x42, 0), repeat(0x51)),
		"f64.const, f64.mul":          join(repeat(0x44, 0, 0, 0, 0, 0, 0, 0, 0), repeat(0xa2)),
		"local.get, local.set":        join(repeat(0x20, 0), repeat(0x21, 0)),
		"memory.size, i32.store":      join(repeat(0x3f, 0), times(n/2, func(int) []byte { return bytes(0x36, 2, 0) })),
		"ref.null, ref.is_null, drop": join(repeat(0xd0, 0x70), repeat(0xd1), repeat(0x1a)),
		"table.size, table.get, drop": join(repeat(0xfc, 16, 0), repeat(0x25, 0), repeat(0x1a)),
		"v128.load, i16x8.add":        join(repeat(0x41, 0, 0xfd, 0, 0, 0), repeat(0xfd, 0x8e, 1)),
		"splat, bitselect":            join(repeat(0x41, 0, 0xfd, 0x0f), times(n/2, func(int) []byte { return bytes(0xfd, 0x52) })),
		"select":                      join(repeat(0x41, 0), times(n/2, func(int) []byte { return bytes(0x1b) })),
		"memory.fill":                 join(repeat(0x41, 0), times(n/3+1, func(int) []byte { return bytes(0xfc, 11, 0) })),
		"more taken than there is":    join(repeat(0x41, 0), repeat(0x1a), bytes(0x1a, 0x1a)),
	} {
		got := costOf(t, 1, code, times(10, func(int) []byte { return emptyIf }))
		// One operand may be left over: a two-operand instruction leaves its result, which is less than a share.
		if most := 10*8 + 8; got > most {
			t.Errorf("%s: got %d, want at most %d", name, got, most)
		}
	}
	ended := costOf(t, 0, bytes(0x02, 0x40), repeat(0x41, 0), bytes(0x0c, 0, 0x0b), times(10, func(int) []byte { return emptyIf }))
	if want := 8 + 8 + n/32 + 10*8; ended != want { // the block, the branch over the operands, and none left
		t.Errorf("left behind by a block's end: got %d, want %d", ended, want)
	}
	left := costOf(t, 0, repeat(0x41, 0), times(10, func(int) []byte { return emptyIf }), bytes(0x00))
	if want := 10 * (8 + n/32); left != want {
		t.Errorf("left on the stack: got %d, want %d", left, want)
	}
}
