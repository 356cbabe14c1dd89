package engine_test

import (
	"context"
	"errors"
	"runtime"
	"testing"

	"github.com/wasgi/wasgi/host/internal/guest"
	"github.com/wasgi/wasgi/host/internal/guesttest"
	"github.com/wasgi/wasgi/host/internal/wasm"
)

const mebibyte = 1 << 20

// heap returns how many bytes are reachable on Go's heap.
func heap() int64 {
	runtime.GC()
	runtime.GC() // what finalizers let go of in the first
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

// allocated returns how many bytes have been taken from Go's heap since the process began.
func allocated() int64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.TotalAlloc)
}

// bigTable is 17 bytes long and has a table of 2^27 entries.
const bigTable = preamble + "\x04\x07\x01\x70\x00\x80\x80\x80\x40"

// Tables are memory of the host, 8 bytes an entry, and nothing limits them.
func TestFact6_Tables(t *testing.T) {
	const entries = 1<<27 - 1
	growing := guesttest.Wasm(t, "table_grow")
	t.Run("bare", func(t *testing.T) {
		needsLimit(t)
		got := bare(t, func(ctx context.Context, m measured) error {
			before := allocated()
			if _, err := bareInstance(ctx, bareConfig(), []byte(bigTable)); err != nil {
				return err
			}
			m["declared"] = allocated() - before
			i, err := bareInstance(ctx, bareConfig(), growing)
			if err != nil {
				return err
			}
			before = allocated()
			_, err = i.ExportedFunction("application").Call(ctx, entries, 0)
			m["grown"] = allocated() - before
			return err
		})
		if got.measured["declared"] < 1000*mebibyte || got.measured["grown"] < 1000*mebibyte {
			t.Errorf("a table declared with 2^27 entries takes %d bytes, one grown to as many %d",
				got.measured["declared"], got.measured["grown"])
		}
	})
	t.Run("here", func(t *testing.T) {
		refused(t, []byte(bigTable), wasm.KindLimit, "134217728 table entries, at most 1000000")
		refused(t, growing, wasm.KindLimit, "table.grow of table 0: it may grow without bound")
		refusedByEngine(t, []byte(bigTable))
		refusedByEngine(t, growing)
	})
}

// endless is 33 bytes long: a function that calls itself.
const endless = preamble + "\x01\x04\x01\x60\x00\x00\x03\x02\x01\x00\x07\x05\x01\x01f\x00\x00\x0a\x06\x01\x04\x00\x10\x00\x0b"

// The stack of a guest is memory of the host. It grows until it is refused, and belongs to the handle of the function that was
// called for as long as there is one.
func TestFact7_StackOfRecursion(t *testing.T) {
	t.Run("bare", func(t *testing.T) {
		got := bare(t, func(ctx context.Context, m measured) error {
			i, err := bareInstance(ctx, bareConfig(), []byte(endless))
			if err != nil {
				return err
			}
			f := i.ExportedFunction("f")
			before, kept := allocated(), heap()
			if _, err := f.Call(ctx); err == nil {
				return errors.New("a recursion without end has one")
			}
			m["taken"], m["kept"] = allocated()-before, heap()-kept
			runtime.KeepAlive(f)
			return nil
		})
		if got.measured["taken"] < 100*mebibyte || got.measured["kept"] < 20*mebibyte {
			t.Errorf("%d bytes of code take %d bytes, %d for good", len(endless), got.measured["taken"], got.measured["kept"])
		}
	})
	t.Run("here", func(t *testing.T) { stackIsBounded(t, guesttest.Wasm(t, "recurse"), 0) })
}

// Counting how deep calls go is not enough: what a frame holds is up to the guest.
func TestFact22_StackOfLargeFrames(t *testing.T) {
	const depth = 1000
	frames := guesttest.Frames(4000)
	t.Run("bare", func(t *testing.T) {
		got := bare(t, func(ctx context.Context, m measured) error {
			i, err := bareInstance(ctx, bareConfig(), frames)
			if err != nil {
				return err
			}
			f, kept := i.ExportedFunction("application"), heap()
			_, err = f.Call(ctx, depth, 0)
			m["kept"] = heap() - kept
			runtime.KeepAlive(f)
			return err
		})
		if got.measured["kept"] < 30*mebibyte {
			t.Errorf("%d calls in one another keep %d bytes", depth, got.measured["kept"])
		}
	})
	t.Run("here", func(t *testing.T) { stackIsBounded(t, frames, depth) })
}

// stackIsBounded checks that a guest that needs a large stack neither gets one nor leaves one behind.
func stackIsBounded(t *testing.T, data []byte, param uint64) {
	t.Helper()
	i := instantiateBytes(t, data, 1<<20)
	before, kept := allocated(), heap()
	err := i.Call(t.Context(), i.Function("application"), []uint64{param, 0})
	taken := allocated() - before
	i.Close()
	t.Logf("taken %d bytes, kept %d: %v", taken, heap()-kept, err)
	var fault *guest.Fault
	if !errors.As(err, &fault) || fault.Kind == guest.KindHost {
		t.Errorf("Call() = %v", err)
	}
	if taken > 32*mebibyte || heap()-kept > mebibyte {
		t.Errorf("the call took %d bytes, and kept %d", taken, heap()-kept)
	}
}
