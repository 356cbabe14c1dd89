package abitest

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

// clock stands still while nobody sleeps, so that a guest that waits for its next block has it at once.
type clock struct{ ns atomic.Int64 }

// begin is what the clock shows first: a time that a guest may take for real.
const begin = 1_800_000_000

func (c *clock) wall() (int64, int32) {
	at := c.ns.Add(int64(time.Microsecond))
	return begin + at/1e9, int32(at % 1e9)
}

func (c *clock) nano() int64    { return c.ns.Add(int64(time.Microsecond)) }
func (c *clock) sleep(ns int64) { c.ns.Add(max(0, min(ns, int64(time.Hour)))) }

// offerWASI offers WASI preview 1: no files, the clock, and random bytes. Two functions are the kit's own: proc_exit ends the call
// and leaves the instance to the kit, and fd_renumber, which could make the runtime take 17 GB, has nothing to renumber.
func (h *strictHost) offerWASI(ctx context.Context) error {
	builder := h.runtime.NewHostModuleBuilder(wasi_snapshot_preview1.ModuleName)
	wasi_snapshot_preview1.NewFunctionExporter().ExportFunctions(builder)
	builder.NewFunctionBuilder().WithGoFunction(api.GoFunc(func(_ context.Context, stack []uint64) {
		h.hosted(func() { h.end(fmt.Errorf("it exited by proc_exit(%d)", uint32(stack[0]))) })
	}), i32s(1), nil).Export("proc_exit")
	const badDescriptor = 8
	builder.NewFunctionBuilder().WithGoFunction(api.GoFunc(func(_ context.Context, stack []uint64) {
		stack[0] = badDescriptor
	}), i32s(2), i32s(1)).Export("fd_renumber")
	_, err := builder.Instantiate(ctx)
	return err
}

func i32s(n int) []api.ValueType {
	types := make([]api.ValueType, n)
	for i := range types {
		types[i] = api.ValueTypeI32
	}
	return types
}

// end ends the call that a host function is in.
func (h *strictHost) end(why error) {
	h.current.ended = why
	panic(why)
}
