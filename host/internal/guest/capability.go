package guest

import (
	"context"
	"errors"

	"github.com/wasgi/wasgi/abi"
)

// ValueType is the type of a parameter, as the binary format of WebAssembly writes it.
type ValueType = byte

// The types that the parameters of a capability's functions have.
const (
	I32 ValueType = 0x7f
	I64 ValueType = 0x7e
)

// Import is one function of a capability: what guests of any kind may import beside the functions of their own kind. Each
// returns one i32, 0 or more for success and the negative of a code for a refusal.
type Import struct {
	Module, Name string
	Params       []ValueType
	// Call is given as many params as there are types. What it returns is answered as [Answer] says. It may be called by several
	// guests at once.
	Call func(ctx context.Context, caller Caller, params []uint64) (int, error)
	// Waits says that Call may wait for something. The time that it takes is not the guest's.
	Waits bool
}

// Caller is the instance that calls an imported function. It is valid during the call.
type Caller interface {
	// View returns length bytes of the guest's memory at ptr, to be read, or false if they do not all lie in it. The slice
	// aliases the memory.
	View(ptr, length uint32) ([]byte, bool)
	// Writable is View for bytes that are to be written.
	Writable(ptr, length uint32) ([]byte, bool)
	// Exchange is what the guest plays; nil while it is initialised.
	Exchange() Exchange
}

// Tenant is an Exchange that knows which app it belongs to. Capabilities ask, since what they give belongs to an app.
type Tenant interface {
	// App is the name of the app, which no other app of the host has.
	App() string
}

// Answer turns the outcome of a host function into what the guest gets: n, or a code that it may handle. An error ends its call.
func Answer(n int, err error) (int32, error) {
	if err == nil {
		return int32(n), nil
	}
	if code, ok := errors.AsType[abi.Code](err); ok {
		return code.Errno(), nil
	}
	return 0, err
}
