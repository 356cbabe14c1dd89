package engine

import (
	"sync"
	"sync/atomic"
)

// region is address space for one linear memory. All of it can be used; the system gives bytes when they are first touched.
// It lies outside of Go's heap: the garbage collector neither sees it nor counts it.
type region []byte

// arena holds the budget of all linear memories, and the regions that no instance uses. Its methods may be called
// concurrently.
type arena struct {
	budget int64 // bytes; 0 is none
	used   atomic.Int64

	mu   sync.Mutex
	idle map[int][]region // by length; all zero
	kept int              // bytes of them that the system has given
}

// A region that is given back keeps the bytes at its front: clearing them is many times faster than having the system give
// them again.
const (
	keepOfRegion = 8 << 20
	keepInAll    = 128 << 20
	// keepRegions is how many regions of one length are kept.
	keepRegions = 256
)

func newArena(budget int64) *arena { return &arena{budget: budget, idle: map[int][]region{}} }

// reserve takes n bytes of the budget, and reports whether there were as many.
func (a *arena) reserve(n int64) bool {
	used := a.used.Add(n)
	if a.budget > 0 && used > a.budget {
		a.used.Add(-n)
		return false
	}
	return true
}

func (a *arena) unreserve(n int64) { a.used.Add(-n) }

// get returns a region of size bytes, all zero; nil where the system has none to give.
func (a *arena) get(size int64) region {
	if int64(int(size)) != size {
		return nil
	}
	a.mu.Lock()
	list := a.idle[int(size)]
	if n := len(list); n > 0 {
		r := list[n-1]
		a.idle[int(size)] = list[:n-1]
		a.kept -= min(len(r), keepOfRegion)
		a.mu.Unlock()
		return r
	}
	a.mu.Unlock()
	return mapRegion(int(size))
}

// put takes back a region of which the first used bytes may not be zero. nil is ignored.
func (a *arena) put(r region, used int) {
	if r == nil {
		return
	}
	clear(r[:min(used, keepOfRegion)])
	if used > keepOfRegion && !zero(r[keepOfRegion:used]) || !a.keep(r) {
		unmapRegion(r)
	}
}

// keep notes a region as idle, and reports whether there was room for it. What it may hold of the system's bytes is counted in
// full, since nobody knows what was touched.
func (a *arena) keep(r region) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	holds := min(len(r), keepOfRegion)
	if a.kept+holds > keepInAll || len(a.idle[len(r)]) >= keepRegions {
		return false
	}
	a.kept += holds
	a.idle[len(r)] = append(a.idle[len(r)], r)
	return true
}

// close gives all idle regions back to the system.
func (a *arena) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, list := range a.idle {
		for _, r := range list {
			unmapRegion(r)
		}
	}
	a.idle, a.kept = map[int][]region{}, 0
}
