package engine

import (
	"context"
	"encoding/binary"
	"fmt"
	"runtime"

	"github.com/tetratelabs/wazero/api"
)

// WASI is the name of the import module of WASI preview 1.
const WASI = "wasi_snapshot_preview1"

// errno is what a function of WASI answers. Names and numbers are the specification's.
type errno uint32

const (
	errnoSuccess errno = 0
	errnoBadf    errno = 8
	errnoFault   errno = 21
	errnoInval   errno = 28
	errnoIO      errno = 29
	errnoNosys   errno = 52
	errnoNotdir  errno = 54
	errnoNotsock errno = 57
	errnoNotsup  errno = 58
	errnoPipe    errno = 64
	errnoSpipe   errno = 70
)

// wasiCall is a function of WASI behind its name and type. An i32 lies in the lower half of its parameter. All that it keeps
// between two calls is in the guest's memory, so that a memory that is put back puts WASI back.
type wasiCall func(ctx context.Context, i *Instance, p []uint64) errno

// wasi gives a function its name and its type.
func wasi(name string, call wasiCall, params ...api.ValueType) HostFunction {
	return HostFunction{
		Name: name,
		Type: Signature{Params: params, Results: []api.ValueType{I32}},
		Call: func(ctx context.Context, i *Instance, stack []uint64) {
			stack[0] = uint64(call(ctx, i, stack))
		},
	}
}

// answer is a function without effect: it answers code for the three standard streams, and badf for every other descriptor,
// since there is none. at is the parameter that holds the descriptor.
func answer(at int, code errno) wasiCall {
	return func(_ context.Context, _ *Instance, p []uint64) errno {
		if isStdio(uint32(p[at])) {
			return code
		}
		return errnoBadf
	}
}

// always is a function that gives one answer to everything.
func always(code errno) wasiCall {
	return func(context.Context, *Instance, []uint64) errno { return code }
}

// ExitError ends the call of a guest that exits, with code 0 as with any other: whoever made the call knows what a code means.
type ExitError struct{ Code uint32 }

// Error implements error.
func (e *ExitError) Error() string { return fmt.Sprintf("the guest exited with code %d", e.Code) }

func procExit() HostFunction {
	return HostFunction{
		Name: "proc_exit",
		Type: Signature{Params: []api.ValueType{I32}},
		Call: func(_ context.Context, _ *Instance, stack []uint64) {
			End(&ExitError{uint32(stack[0])})
		},
	}
}

func schedYield(context.Context, *Instance, []uint64) errno {
	runtime.Gosched()
	return errnoSuccess
}

// put32 stores a number at ptr, if that lies within the memory.
func (i *Instance) put32(ptr, value uint32) bool {
	view, ok := i.Writable(ptr, 4)
	if ok {
		binary.LittleEndian.PutUint32(view, value)
	}
	return ok
}

// put64 stores a number at ptr, if that lies within the memory.
func (i *Instance) put64(ptr uint32, value uint64) bool {
	view, ok := i.Writable(ptr, 8)
	if ok {
		binary.LittleEndian.PutUint64(view, value)
	}
	return ok
}
