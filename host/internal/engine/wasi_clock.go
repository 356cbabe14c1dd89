package engine

import (
	"context"
	"math"
	"time"
)

// clockStep is what a guest can tell of the time: finer clocks show what neighbours do. Sleeping ends at a step too, so that
// nobody who looks at the clock afterwards finds that he was woken early.
const clockStep = time.Millisecond

// The clocks of WASI.
const (
	clockRealtime = iota
	clockMonotonic
	clockProcess
	clockThread
	clocks // how many there are
)

// clock gives guests the time. The monotonic clock goes on from the realtime at which the engine started: it is the same for
// all instances, so that one that is restored or cloned never sees it go back, is never 0, which Go's runtime takes for a
// broken clock, and does not say how long the machine has been up. Processor time is answered with it, since programs that
// measure themselves take a refusal for -1.
type clock struct{ started time.Time }

// moment is what all clocks show at one moment, in nanoseconds, exactly.
type moment [clocks]uint64

func (c clock) now() moment {
	now := time.Now()
	monotonic := uint64(c.started.UnixNano() + int64(now.Sub(c.started)))
	return moment{uint64(now.UnixNano()), monotonic, monotonic, monotonic}
}

// coarse is the last step before a time.
func coarse(ns uint64) uint64 { return ns - ns%uint64(clockStep) }

// stepAfter is the first step at which a time has come. There is none at the end of all time.
func stepAfter(ns uint64) uint64 {
	if step := coarse(ns); step == ns || step > math.MaxUint64-uint64(clockStep) {
		return ns
	}
	return coarse(ns) + uint64(clockStep)
}

func clockRes(_ context.Context, i *Instance, p []uint64) errno {
	switch {
	case uint32(p[0]) >= clocks:
		return errnoInval
	case !i.put64(uint32(p[1]), uint64(clockStep)):
		return errnoFault
	}
	return errnoSuccess
}

// timeGet answers with the last step, whatever precision was asked for.
func (c clock) timeGet(_ context.Context, i *Instance, p []uint64) errno {
	id := uint32(p[0])
	switch {
	case id >= clocks:
		return errnoInval
	case !i.put64(uint32(p[2]), coarse(c.now()[id])):
		return errnoFault
	}
	return errnoSuccess
}
