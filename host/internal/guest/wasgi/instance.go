package wasgi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/abi/wire"
	"github.com/wasgi/wasgi/host/internal/engine"
	"github.com/wasgi/wasgi/host/internal/guest"
)

// buffer is memory that a guest gave away.
type buffer struct{ ptr, size uint32 }

// instance is one running guest. It is not safe for concurrent use.
type instance struct {
	*engine.Instance
	program               *program
	application, allocate engine.Function
	errors                *engine.LineLog

	// environ is the buffer that allocate gave; every environ that fits is written there.
	environ buffer
	// exchange is what the host functions speak of; nil outside of application.
	exchange guest.Exchange
	// headers and stack are scratch space, kept between exchanges.
	headers []wire.Pair
	stack   [2]uint64
}

// Serve implements [guest.Instance].
func (i *instance) Serve(ctx context.Context, exchange guest.Exchange) error {
	i.Begin()
	body, err := i.call(ctx, exchange)
	if err != nil {
		return err
	}
	return exchange.Finish(body)
}

// call plays the exchange up to the returned body, which aliases the guest's memory.
func (i *instance) call(ctx context.Context, exchange guest.Exchange) ([]byte, error) {
	environ, err := exchange.Environ(i.program.extra)
	if err != nil {
		return nil, &guest.Fault{Phase: guest.PhaseCall, Kind: guest.KindHost, Cause: err}
	}
	if err := i.place(ctx, environ); err != nil {
		return nil, err
	}
	i.exchange = exchange
	defer i.leave()
	i.stack = [2]uint64{uint64(i.environ.ptr), uint64(len(environ))}
	if err := i.Call(ctx, i.application, i.stack[:]); err != nil {
		return nil, err
	}
	ptr, length := uint32(i.stack[0]>>32), uint32(i.stack[0])
	if length == 0 {
		return nil, nil
	}
	body, ok := i.View(ptr, length)
	if !ok {
		return nil, protocolFault("%s returned a body outside its memory: pointer %d, length %d, memory %d bytes",
			abi.ExportApplication, ptr, length, i.Bytes())
	}
	return body, nil
}

// leave ends what was between the instance and its exchange, which may be another request's next.
func (i *instance) leave() {
	i.errors.Flush()
	i.Flush()
	i.exchange = nil
}

// log returns the logger for what the guest writes now.
func (i *instance) log() *slog.Logger {
	if i.exchange != nil {
		return i.exchange.Log()
	}
	return i.program.config.Log
}

// place copies the environ into the guest.
func (i *instance) place(ctx context.Context, environ []byte) error {
	size := uint32(len(environ))
	if size > i.environ.size {
		if err := i.grow(ctx, size); err != nil {
			return err
		}
	}
	// The view cannot fail: grow has checked the buffer, and memory never shrinks.
	view, _ := i.Writable(i.environ.ptr, size)
	copy(view, environ)
	return nil
}

// grow asks the guest for a buffer of size bytes, which replaces the one before.
func (i *instance) grow(ctx context.Context, size uint32) error {
	i.stack[0] = uint64(size)
	if err := i.Call(ctx, i.allocate, i.stack[:1]); err != nil {
		return err
	}
	ptr := uint32(i.stack[0])
	_, inside := i.View(ptr, size)
	switch {
	case ptr == 0:
		return protocolFault("%s(%d) returned 0: the guest has no memory left", abi.ExportAllocate, size)
	case ptr%abi.Alignment != 0:
		return protocolFault("%s(%d) returned %d, which is not divisible by %d",
			abi.ExportAllocate, size, ptr, abi.Alignment)
	case !inside:
		return protocolFault("%s(%d) returned %d, which lies outside its memory of %d bytes",
			abi.ExportAllocate, size, ptr, i.Bytes())
	}
	i.environ.ptr, i.environ.size = ptr, size
	return nil
}

func protocolFault(format string, args ...any) error {
	return &guest.Fault{Phase: guest.PhaseCall, Kind: guest.KindProtocol, Cause: fmt.Errorf(format, args...)}
}

// Reset implements [guest.Instance].
func (i *instance) Reset() bool {
	switch i.program.isolation {
	case guest.IsolationInstance:
		return i.Reusable()
	case guest.IsolationRequest:
		i.environ = i.program.base.Load().environ
		return i.Restore()
	}
	return false
}

// GuestTime implements [guest.Accountant].
func (i *instance) GuestTime() time.Duration { return i.Used() }

// answer turns the outcome of a host function into what the guest gets: a code that it may handle, or the end of its call.
func answer(n int, err error) uint64 {
	code, isCode := errors.AsType[abi.Code](err)
	switch {
	case err != nil && !isCode:
		engine.End(err)
	case isCode:
		n = int(code.Errno())
	}
	return uint64(uint32(int32(n)))
}
