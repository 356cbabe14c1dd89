package wasgi

import (
	"context"
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
	websocketMessage      engine.Function // nil until the first event
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
	if event, ok := exchange.(guest.Event); ok {
		return i.receive(ctx, event)
	}
	body, err := i.call(ctx, exchange)
	if err != nil {
		return err
	}
	return exchange.Finish(body)
}

// ServeNext implements [guest.Wrapper]. What stands behind the guest is called by functions that it imports, and the exchange knows of
// it: to the guest the exchange is one as any other.
func (i *instance) ServeNext(ctx context.Context, exchange guest.Exchange, _ guest.Next) error {
	return i.Serve(ctx, exchange)
}

// call plays the exchange up to the returned body, which aliases the guest's memory.
func (i *instance) call(ctx context.Context, exchange guest.Exchange) ([]byte, error) {
	defer i.leave()
	if err := i.play(ctx, exchange, i.application); err != nil {
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

// receive plays one event. The handle of its function is made for the first: few guests have any use for one.
func (i *instance) receive(ctx context.Context, event guest.Event) error {
	if i.websocketMessage == nil {
		if i.websocketMessage = i.Function(abi.ExportWebSocketMessage); i.websocketMessage == nil {
			return guest.ErrNoEvents
		}
	}
	defer i.leave()
	if err := i.play(ctx, event, i.websocketMessage); err != nil {
		return err
	}
	if err := event.Answer(int32(uint32(i.stack[0]))); err != nil {
		return protocolFault("%s: %w", abi.ExportWebSocketMessage, err)
	}
	return nil
}

// play gives the guest the exchange's environ and calls function with it. What that returns is left on the stack.
func (i *instance) play(ctx context.Context, exchange guest.Exchange, function engine.Function) error {
	environ, err := exchange.Environ(i.program.extra)
	if err != nil {
		return &guest.Fault{Phase: guest.PhaseCall, Kind: guest.KindHost, Cause: err}
	}
	if err := i.place(ctx, environ); err != nil {
		return err
	}
	i.exchange = exchange
	i.stack = [2]uint64{uint64(i.environ.ptr), uint64(len(environ))}
	return i.Call(ctx, function, i.stack[:])
}

// Exchange implements [engine.Player].
func (i *instance) Exchange() guest.Exchange { return i.exchange }

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
		i.environ = i.program.origin.Known()
		return i.Restore()
	}
	return false
}

// GuestTime implements [guest.Accountant].
func (i *instance) GuestTime() time.Duration { return i.Used() }

// answer leaves what the guest gets of a host function, or ends its call.
func answer(n int, err error) uint64 {
	result, err := guest.Answer(n, err)
	if err != nil {
		engine.End(err)
	}
	return uint64(uint32(result))
}
