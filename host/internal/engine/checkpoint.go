package engine

import (
	"context"

	"github.com/tetratelabs/wazero/api"

	"github.com/wasgi/wasgi/host/internal/guest"
	"github.com/wasgi/wasgi/host/internal/wasm"
)

// smallStack is the stack that an instance may use and be kept, in bytes: the runtime never gives back what it has grown to. It is
// looked at where work is, so an instance may have used as much as wasm.StackSlack more.
const smallStack = 128 << 10

// linkCheckpoint offers what rewritten modules call when their budget is used up.
func (e *Engine) linkCheckpoint(ctx context.Context) error {
	i32 := []api.ValueType{I32}
	_, err := e.runtime.NewHostModuleBuilder(wasm.HostModule).NewFunctionBuilder().
		WithGoFunction(api.GoFunc(func(ctx context.Context, stack []uint64) {
			stack[0] = uint64(uint32(instanceOf(ctx).checkpoint(wasm.Budget(uint32(stack[0])))))
		}), i32, i32).Export(wasm.CheckpointImport).Instantiate(ctx)
	return err
}

// checkpoint ends the guest's call if its time, its processor time or its stack is used up, and else returns a new budget.
func (i *Instance) checkpoint(spent wasm.Budget) wasm.Budget {
	stack := spent.Stack()
	if stack < 0 && !i.deep {
		// What is beyond the small stack is granted once, and the instance is not used for another exchange.
		i.deep = true
		stack += i.stack - stackUnits(smallStack)
	}
	if stack < 0 {
		End(guest.ErrStack)
	}
	if err := i.meter.check(i.ctx); err != nil {
		End(err)
	}
	if i.process != nil {
		i.busyProcess()
	}
	return wasm.NewBudget(stack)
}

// stackUnits is how many units of a budget that many bytes of stack are.
func stackUnits(bytes int64) int { return int(min(bytes/wasm.StackUnit, wasm.MaxStackUnits)) }
