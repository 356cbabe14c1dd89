package engine_test

import (
	"context"
	"fmt"
	"math/bits"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/wasgi/wasgi/host/internal/wasm"
)

// noting makes a watched instance of a module that was rewritten.
func noting(t *testing.T, m *wasm.Module) (*plainRuntime, api.Module) {
	t.Helper()
	b := newPlainRuntime(t, rewritten, wazero.NewRuntimeConfig())
	instance, err := b.instantiate(context.Background(), m, wazero.NewModuleConfig())
	if err != nil {
		t.Fatal(err)
	}
	return b, instance
}

// storeTexts are all instructions that store, with something to store.
var storeTexts = map[string]string{
	"i32.store": "(i32.const -1)", "i32.store8": "(i32.const -1)", "i32.store16": "(i32.const -1)",
	"i64.store": "(i64.const -1)", "i64.store8": "(i64.const -1)", "i64.store16": "(i64.const -1)", "i64.store32": "(i64.const -1)",
	"f32.store": "(f32.const nan:0x7fffff)", "f64.store": "(f64.const nan:0xfffffffffffff)", "v128.store": ones,
	"v128.store8_lane": ones, "v128.store16_lane": ones, "v128.store32_lane": ones, "v128.store64_lane": ones,
}

const ones = "(v128.const i32x4 -1 -1 -1 -1)"

// TestNotesReach stores by all instructions at all distances from a place that was noted, which lies at the edges of pages: where
// the second store is not noted, all of it must lie within the margin.
func TestNotesReach(t *testing.T) {
	t.Parallel()
	distances := []int{-600, -513, -512, -511, -273, -272, -258, -257, -256, -255, -17, -16, -15, -8, -1,
		0, 1, 7, 8, 15, 16, 241, 248, 255, 256, 257, 258, 271, 272, 273, 511, 512, 513, 600}
	for _, pages := range []int{1, 5} {
		var functions strings.Builder
		for op, value := range storeTexts {
			lane := ""
			if strings.HasSuffix(op, "_lane") {
				lane = "1"
			}
			for _, d := range distances {
				fmt.Fprintf(&functions, `(func (export "%s at %d") (param i32) (i32.store8 (local.get 0) (i32.const 1))
					(%s align=1 %s (i32.add (local.get 0) (i32.const %d)) %s))`, op, d, op, lane, d, value)
				fmt.Fprintf(&functions, `(func (export "%s from %d") (param i32) (i32.store8 offset=700 (local.get 0) (i32.const 1))
					(%s offset=%d align=1 %s (local.get 0) %s))`, op, d, op, 700+d, lane, value)
			}
		}
		b, instance := noting(t, assemble(t, fmt.Sprintf(`(module (memory %d) %s)`, pages, functions.String())))
		for name := range instance.ExportedFunctionDefinitions() {
			if strings.HasPrefix(name, wasm.ReservedPrefix) {
				continue
			}
			for _, at := range []uint64{8192, 8191, 8193, 8192 - 16, 12288 - 700, 12287 - 700, 12289 - 700} {
				before, _ := b.watched.instance.Memory().Read(0, b.watched.instance.Memory().Size())
				clear(before) // so that each byte that is stored differs
				clear(b.watched.before)
				if _, outcome := b.call(context.Background(), instance.ExportedFunction(name), at); strings.HasPrefix(outcome, traps) {
					t.Fatalf("%s, %#x: %s", name, at, outcome)
				}
				if n := b.watched.count(); n < 1 || n > 2 {
					t.Errorf("%s, %#x: %d pages are noted", name, at, n)
				}
			}
		}
	}
}

// count is how many notes are set.
func (m *watchedMemory) count() (n int) {
	for _, word := range m.notes {
		n += bits.OnesCount64(word)
	}
	return n
}

// TestNotesOfRanges does bulk operations on ranges that begin and end at the edges of pages and of chunks, and on some that come
// round to the first note again: exactly those pages are noted that the range has a byte in.
func TestNotesOfRanges(t *testing.T) {
	t.Parallel()
	const size = 17 << 16 // after growing; there are notes for a quarter of it
	b, instance := noting(t, assemble(t, fmt.Sprintf(`(module (memory 1) (data %q)
		(func (export "grow") (drop (memory.grow (i32.const 16))))
		(func (export "fill") (param i32 i32) (memory.fill (local.get 0) (i32.const 7) (local.get 1)))
		(func (export "copy") (param i32 i32) (memory.copy (local.get 0) (i32.const 4321) (local.get 1)))
		(func (export "copy down") (param i32 i32) (memory.copy (local.get 0) (i32.const 0) (local.get 1)))
		(func (export "init") (param i32 i32) (memory.init 0 (local.get 0) (i32.const 1) (local.get 1))))`, strings.Repeat("x", 700_000))))
	ctx := context.Background()
	b.call(ctx, instance.ExportedFunction("grow"))
	random := rand.New(rand.NewPCG(3, 3))
	edge := func() uint64 {
		place := uint64(random.IntN(17)) << []int{10, 10, 16, 18}[random.IntN(4)]
		return max(place, 2) + uint64(random.IntN(5)) - 2
	}
	for range 3000 {
		name := []string{"fill", "copy", "copy down", "init"}[random.IntN(4)]
		start, length := edge(), edge()
		if random.IntN(5) == 0 {
			length = uint64(random.IntN(3))
		}
		_, outcome := b.call(ctx, instance.ExportedFunction(name), start, length)
		if strings.HasPrefix(outcome, traps) {
			continue // what was noted then is nothing to anybody
		}
		want := make([]uint64, len(b.watched.notes))
		for at := start; at < start+length; at++ {
			page := at >> b.watched.pages.Shift % uint64(b.watched.pages.Count)
			want[page/64] |= 1 << (page % 64)
		}
		if got := b.watched.notes; fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("%s %#x, %#x: noted %x, want %x", name, start, length, got, want)
		}
	}
	if n := instance.Memory().Size(); n != size {
		t.Errorf("the memory has %d bytes", n)
	}
}
