package engine_test

import (
	"context"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"

	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// soon is the deadline of guests that are meant to be found running long after it.
const soon = 100 * time.Millisecond

// longCall measures a guest whose work grows with its parameter: first as long as it takes to see how fast the machine is, then
// much longer than its deadline.
func longCall(ctx context.Context, m measured, data []byte, config wazero.RuntimeConfig, first uint64, next, longer func(uint64) uint64) error {
	i, err := bareInstance(ctx, config, data)
	if err != nil {
		return err
	}
	application := i.ExportedFunction("application")
	work := func(ctx context.Context, n uint64) error {
		_, err := application.Call(ctx, n, 0)
		return err
	}
	n, err := enough(first, next, func(n uint64) error { return work(ctx, n) })
	if err != nil {
		return err
	}
	m["n"] = int64(longer(n))
	m.note(timed(ctx, soon, func(ctx context.Context) error { return work(ctx, longer(n)) }))
	return nil
}

// callTree makes a tree of calls, without a loop, that takes some ten times its deadline.
func callTree(data []byte) func(context.Context, measured) error {
	deeper := func(by uint64) func(uint64) uint64 { return func(n uint64) uint64 { return n + by } }
	return func(ctx context.Context, m measured) error {
		return longCall(ctx, m, data, bareConfig(), 16, deeper(1), deeper(4))
	}
}

// Functions that call one another and have no loop are not checked: the deadline passes unnoticed.
func TestFact3_CallTree(t *testing.T) {
	tree := guesttest.Wasm(t, "tree")
	t.Run("bare", func(t *testing.T) {
		if got := bare(t, callTree(tree)); got.duration("took") < 5*soon {
			t.Errorf("a tree of calls of depth %d was ended after %v", got.measured["n"], got.duration("took"))
		}
	})
	t.Run("here", func(t *testing.T) { stopped(t, tree, lateDeadline, 32) })
}

// While such a guest runs, no garbage is collected, and with it stands whatever allocates: Go waits for a goroutine that it
// cannot stop.
func TestFact4_GarbageCollectionWaits(t *testing.T) {
	tree := guesttest.Wasm(t, "tree")
	t.Run("bare", func(t *testing.T) {
		if got := bare(t, callTree(tree)); got.duration("pause") < 5*soon {
			t.Errorf("while a guest ran for %v, garbage was collected within %v", got.duration("took"), got.duration("pause"))
		}
	})
	t.Run("here", func(t *testing.T) { stopped(t, tree, lateDeadline, 32) })
}

// Bulk instructions are not interrupted, and between them nobody looks.
func TestFact5_StraightLineOfFills(t *testing.T) {
	fills := guesttest.Fills(400, 64<<20)
	t.Run("bare", func(t *testing.T) {
		got := bare(t, func(ctx context.Context, m measured) error {
			i, err := bareInstance(ctx, bareConfig(), fills)
			if err != nil {
				return err
			}
			m.note(timed(ctx, soon/2, func(ctx context.Context) error {
				_, err := i.ExportedFunction("application").Call(ctx, 0, 0)
				return err
			}))
			return nil
		})
		if got.duration("took") < 5*soon/2 {
			t.Errorf("%d bytes of code were ended after %v", len(fills), got.duration("took"))
		}
	})
	t.Run("here", func(t *testing.T) { stopped(t, fills, lateDeadline) })
}

// A single bulk instruction over memory that was never touched takes as long as the system needs to find that memory.
func TestFact21_FillOfFreshPages(t *testing.T) {
	const deadline = 10 * time.Millisecond
	fill := guesttest.Fills(1, 512<<20)
	t.Run("bare", func(t *testing.T) {
		got := bare(t, func(ctx context.Context, m measured) error {
			i, err := bareInstance(ctx, bareConfig(), fill)
			if err != nil {
				return err
			}
			m.note(timed(ctx, deadline, func(ctx context.Context) error {
				_, err := i.ExportedFunction("application").Call(ctx, 0, 0)
				return err
			}))
			return nil
		})
		if got.duration("took") < 2*deadline { // with large pages the system is ten times as fast
			t.Errorf("one instruction was over after %v", got.duration("took"))
		}
	})
	t.Run("here", func(t *testing.T) { stopped(t, fill, deadline) })
}

// Whoever counts within one activation of a function at a time counts none of these loops to its end: each is short, and
// together they are endless. Without any check, nothing ends them.
func TestFact23_NestedFunctions(t *testing.T) {
	nest := guesttest.Wasm(t, "nest")
	t.Run("bare", func(t *testing.T) {
		got := bare(t, func(ctx context.Context, m measured) error {
			half := func(n uint64) uint64 { return n + n/2 }
			return longCall(ctx, m, nest, wazero.NewRuntimeConfigCompiler(), 64, half, func(n uint64) uint64 { return 3 * n })
		})
		if got.duration("took") < 5*soon || got.measured["failed"] != 0 {
			t.Errorf("three loops of %d turns were ended after %v", got.measured["n"], got.duration("took"))
		}
	})
	t.Run("here", func(t *testing.T) { stopped(t, nest, lateDeadline, 4096) })
}
