package engine

import (
	"bytes"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/wasgi/wasgi/host/internal/wasm"
)

// scribble writes all over the first n bytes.
func scribble(r region, n int) {
	for i := 0; i < n; i += 512 { // all pages, and parts of them
		r[i] = 0xa5
	}
	if n > 0 {
		r[n-1] = 0xa5
	}
}

// clean reports whether a region is all zero.
func clean(r region) bool {
	var zeroes [1 << 16]byte
	for len(r) > 0 {
		n := min(len(r), len(zeroes))
		if !bytes.Equal(r[:n], zeroes[:n]) {
			return false
		}
		r = r[n:]
	}
	return true
}

// What was written into a region is never seen by the next who gets it, however much of it was used.
func TestRegionsAreClean(t *testing.T) {
	t.Parallel()
	const page = wasm.PageSize
	for _, size := range []int{page, 3 * page, keepOfRegion - page, keepOfRegion, keepOfRegion + page, 3 * keepOfRegion, 2*page + 5} {
		a := newArena(0)
		for _, used := range []int{size, 0, page, size / 2 &^ (page - 1), size - size%page, size &^ (page - 1), size} {
			r := a.get(int64(size))
			if r == nil {
				t.Skip("memories lie in Go's heap here")
			}
			if len(r) != size || !clean(r) {
				t.Fatalf("a region of %d bytes, of %d: clean %t", len(r), size, clean(r))
			}
			used = min(used, size)
			scribble(r, used)
			a.put(r, used)
		}
		a.close()
	}
}

// A region that is given back is the one that is given next.
func TestRegionsAreUsedAgain(t *testing.T) {
	t.Parallel()
	a := newArena(0)
	defer a.close()
	r := a.get(wasm.PageSize)
	if r == nil {
		t.Skip("memories lie in Go's heap here")
	}
	a.put(r, wasm.PageSize)
	if a.kept != wasm.PageSize {
		t.Errorf("%d bytes are kept", a.kept)
	}
	if again := a.get(wasm.PageSize); &again[0] != &r[0] {
		t.Error("it is another one")
	}
	if a.kept != 0 {
		t.Errorf("%d bytes are kept of nothing", a.kept)
	}
	if other := a.get(2 * wasm.PageSize); len(other) != 2*wasm.PageSize {
		t.Errorf("a region of two pages has %d bytes", len(other))
	}
}

// What idle regions may hold is bounded, and so is their number.
func TestRegionsKeptAreBounded(t *testing.T) {
	t.Parallel()
	a := newArena(0)
	defer a.close()
	if a.get(wasm.PageSize) == nil {
		t.Skip("memories lie in Go's heap here")
	}
	putAll := func(size int64, n int) {
		var all []region
		for range n {
			all = append(all, a.get(size))
		}
		for _, r := range all {
			a.put(r, 0)
		}
		if a.kept > keepInAll {
			t.Errorf("%d bytes are kept", a.kept)
		}
	}
	putAll(4*keepOfRegion, 2+keepInAll/keepOfRegion)
	if n := len(a.idle[4*keepOfRegion]); n != keepInAll/keepOfRegion {
		t.Errorf("%d regions are kept", n)
	}
	a.close()
	putAll(wasm.PageSize, keepRegions+10)
	if n := len(a.idle[wasm.PageSize]); n != keepRegions || a.kept != keepRegions*wasm.PageSize {
		t.Errorf("%d regions with %d bytes are kept", n, a.kept)
	}
}

// Nobody gets a region that somebody else has, or more than the budget.
func TestArenaUnderFire(t *testing.T) {
	t.Parallel()
	const budget, workers, rounds = 20, 8, 200
	a := newArena(budget)
	defer a.close()
	if a.get(wasm.PageSize) == nil {
		t.Skip("memories lie in Go's heap here")
	}
	var group sync.WaitGroup
	for worker := range workers {
		group.Go(func() {
			random := rand.New(rand.NewPCG(uint64(worker), 2))
			for range rounds {
				n := 1 + random.Int64N(4)
				if !a.reserve(n) {
					continue
				}
				// Others may have added what they are about to be refused.
				if used := a.used.Load(); used > budget+4*workers {
					t.Errorf("%d of %d are used", used, budget)
				}
				r := a.get(n * wasm.PageSize)
				if !clean(r) {
					t.Error("the region is not clean")
				}
				scribble(r, len(r))
				a.put(r, len(r))
				a.unreserve(n)
			}
		})
	}
	group.Wait()
	kept := 0
	for size, list := range a.idle {
		kept += size * len(list)
	}
	if a.used.Load() != 0 || a.kept != kept {
		t.Errorf("%d are used; %d bytes are kept, of which %d are known", a.used.Load(), kept, a.kept)
	}
}

// The budget is given out to the last byte and no further. What is refused costs nothing.
func TestBudget(t *testing.T) {
	t.Parallel()
	a := newArena(100)
	for step, c := range []struct {
		n  int64
		ok bool
	}{{60, true}, {41, false}, {40, true}, {1, false}, {0, true}} {
		if ok := a.reserve(c.n); ok != c.ok {
			t.Errorf("step %d: reserve(%d) = %t", step, c.n, ok)
		}
	}
	a.unreserve(60)
	if !a.reserve(60) || a.used.Load() != 100 {
		t.Errorf("%d of 100 are used", a.used.Load())
	}
	if endless := newArena(0); !endless.reserve(1 << 60) {
		t.Error("no budget is a bound")
	}
}

// tooLargeToMap is a cap for which no system has address space: the memory then lies in Go's heap.
const tooLargeToMap = 1 << 60

// A memory without a region grows as one with a region does: it keeps its content, adds zeroes, stops at its cap and at the
// host's budget, and gives back what it had.
func TestMemoryWithoutARegion(t *testing.T) {
	t.Parallel()
	for name, limit := range map[string]int64{"mapped": 1 << 20, "in the heap": tooLargeToMap} {
		a := newArena(12 * wasm.PageSize)
		m := memory{arena: a, limit: limit}
		if limit == tooLargeToMap && a.get(limit) != nil {
			t.Fatal("there is address space without end")
		}
		var want []byte
		for _, pages := range []int{0, 1, 2, 2, 3, 7, 12} {
			got := m.Reallocate(uint64(pages * wasm.PageSize))
			want = append(want, make([]byte, pages*wasm.PageSize-len(want))...)
			if !bytes.Equal(got, want) {
				t.Fatalf("%s: %d pages: the content is not what it was, with zeroes after it", name, pages)
			}
			if m.reserved != int64(pages*wasm.PageSize) || a.used.Load() != m.reserved {
				t.Errorf("%s: %d pages: reserved %d, used %d", name, pages, m.reserved, a.used.Load())
			}
			for i := range got {
				got[i] = byte(i + pages)
			}
			copy(want, got)
		}
		if m.Reallocate(13*wasm.PageSize) != nil || m.Reallocate(uint64(limit)+1) != nil {
			t.Errorf("%s: it grows beyond what there is", name)
		}
		if !bytes.Equal(m.buffer, want) {
			t.Errorf("%s: what was refused has changed it", name)
		}
		m.Free()
		m.Free()
		if a.used.Load() != 0 || m.buffer != nil {
			t.Errorf("%s: %d bytes are used after all", name, a.used.Load())
		}
		a.close()
	}
}
