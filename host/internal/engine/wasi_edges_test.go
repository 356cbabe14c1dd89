package engine_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/wasgi/wasgi/host/internal/engine"
	"github.com/wasgi/wasgi/host/internal/guest"
)

// edges are the numbers at which bounds are missed: around nothing, the end of the memory, signs, and the end of 32 bits.
var edges = map[byte][]uint64{
	engine.I32: {0, 1, 2, 3, top - 1, top, top + 1, 1<<31 - 1, 1 << 31, 1<<32 - 8, 1<<32 - 1},
	engine.I64: {0, 1, 1<<32 - 1, 1<<63 - 1, 1 << 63, 1<<64 - 1},
}

// maxCombinations is how many calls of one function are made; where there are more combinations, they are drawn.
const maxCombinations = 4000

// combinations calls visit with all parameters from the edges, or with as many as may be.
func combinations(signature engine.Signature, visit func([]uint64)) {
	total := 1
	for _, kind := range signature.Params {
		total *= len(edges[kind])
	}
	random := rand.New(rand.NewPCG(uint64(total), 0))
	for n := range min(total, maxCombinations) {
		if total > maxCombinations {
			n = random.IntN(total)
		}
		params := make([]uint64, len(signature.Params))
		for k, kind := range signature.Params {
			params[k], n = edges[kind][n%len(edges[kind])], n/len(edges[kind])
		}
		visit(params)
	}
}

// Whatever a guest passes, to whatever function: the host neither panics nor allocates much, and a refused call has changed
// nothing.
func TestWASIAtTheEdges(t *testing.T) { // not in parallel: it counts what the process allocates
	c := newCaller(t, engine.Config{Name: "edges", Env: []string{"A=1", "B=2"}})
	delete(c.functions, "proc_exit")
	for _, fill := range []byte{0, 0xff} {
		image := bytes.Repeat([]byte{fill}, top)
		c.put(0, image)
		for _, name := range slices.Sorted(maps.Keys(c.functions)) {
			function := c.Function(name)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			calls := uint64(0)
			combinations(c.functions[name], func(params []uint64) {
				stack := append(slices.Clone(params), 0)
				if err := c.Call(t.Context(), function, stack); err != nil {
					t.Fatalf("%s%v: %v", name, params, err)
				}
				if stack[0] > 76 || stack[0] != 0 && !bytes.Equal(c.bytes(0, top), image) {
					t.Fatalf("%s%v = %d, or the memory has changed", name, params, stack[0])
				}
				if calls++; stack[0] == 0 {
					c.put(0, image)
				}
			})
			runtime.ReadMemStats(&after)
			if each := (after.TotalAlloc - before.TotalAlloc) / calls; each > 16<<10 {
				t.Errorf("%s: each call allocates %d bytes", name, each)
			}
		}
	}
}

// FuzzWASI calls any function with any parameters on any memory.
func FuzzWASI(f *testing.F) {
	module, functions := wasiModule(f)
	names := slices.Sorted(maps.Keys(functions))
	for n, name := range names {
		f.Add(uint8(n), []byte{}, u32s(0, 0, 1, 0, 8, 0, 3, 0))
		f.Add(uint8(n), bytes.Repeat([]byte{0xff}, 8*len(functions[name].Params)), []byte{})
	}
	f.Fuzz(func(t *testing.T, which uint8, numbers, memory []byte) {
		name := names[int(which)%len(names)]
		config := engine.Config{Name: "fuzz", Memory: top, Stack: 1 << 20, Env: []string{"A=1"}, Log: slog.New(slog.DiscardHandler)}
		i, err := module.Instantiate(t.Context(), config, "")
		if err != nil {
			t.Fatal(err)
		}
		defer i.Close()
		view, _ := i.View(0, top)
		copy(view, memory)
		params := make([]uint64, len(functions[name].Params)+1)
		for k := range functions[name].Params {
			var word [8]byte
			numbers = numbers[copy(word[:], numbers):]
			params[k] = binary.LittleEndian.Uint64(word[:])
			if functions[name].Params[k] == engine.I32 {
				params[k] = uint64(uint32(params[k]))
			}
		}
		ctx, cancel := context.WithTimeoutCause(t.Context(), 20*time.Millisecond, guest.ErrTimeout)
		defer cancel()
		err = i.Call(ctx, i.Function(name), params)
		kind := guest.KindOf(err)
		if err != nil && !errors.Is(err, guest.ErrTimeout) && (name != "proc_exit" || kind != guest.KindTrap) {
			t.Fatalf("%s%v: %v", name, params, err)
		}
	})
}
