package cgi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/wasgi/wasgi/abi/wire"
	"github.com/wasgi/wasgi/host/internal/engine"
	"github.com/wasgi/wasgi/host/internal/guest"
)

// instance is one running program. It is not safe for concurrent use.
type instance struct {
	*engine.Instance
	program *program
	start   engine.Function

	// run is the exchange that is played, and what the program sees of it; its exchange is nil outside of Serve.
	run process
	// pairs is scratch space, kept between exchanges.
	pairs []wire.Pair
}

func newInstance(p *program, inner *engine.Instance) *instance {
	i := &instance{Instance: inner, program: p, start: inner.Function(exportStart)}
	inner.Owner = i
	inner.SetLog(i.log)
	return i
}

// Serve implements [guest.Instance].
func (i *instance) Serve(ctx context.Context, exchange guest.Exchange) error {
	if _, ok := exchange.(guest.Event); ok {
		return guest.ErrNoEvents
	}
	i.Begin()
	defer i.leave()
	if err := i.enter(exchange); err != nil {
		return &guest.Fault{Phase: guest.PhaseCall, Kind: guest.KindHost, Cause: err}
	}
	if err := ended(i.Call(ctx, i.start, nil)); err != nil {
		return err
	}
	return i.run.finish()
}

// ended is what ended a program, or nil: to exit with code 0 is to return.
func ended(err error) error {
	if exit, ok := errors.AsType[*engine.ExitError](err); ok && exit.Code == 0 {
		return nil
	}
	return err
}

// enter makes the exchange what WASI shows the program.
func (i *instance) enter(exchange guest.Exchange) error {
	encoded, err := exchange.Environ(nil)
	if err != nil {
		return err
	}
	pairs, err := wire.AppendPairs(i.pairs[:0], encoded)
	if err != nil {
		return err
	}
	i.pairs = pairs[:0]
	r := newRequest(pairs)
	i.run.begin(exchange, r.args(), join(r.environ(), i.program.granted))
	i.SetProcess(&i.run)
	return nil
}

// leave ends what was between the instance and its exchange, which may be another request's next.
func (i *instance) leave() {
	i.Flush()
	i.SetProcess(nil)
	i.run.end()
	clear(i.pairs[:cap(i.pairs)])
}

// Exchange implements [engine.Player].
func (i *instance) Exchange() guest.Exchange { return i.run.exchange }

// log returns the logger for what the program writes now.
func (i *instance) log() *slog.Logger {
	if i.run.exchange != nil {
		return i.run.exchange.Log()
	}
	return i.program.config.Log
}

// Reset implements [guest.Instance]. A program that has left through exit is not put back: it stands where it was.
func (i *instance) Reset() bool {
	return i.program.isolation == guest.IsolationRequest && i.Restore()
}

// GuestTime implements [guest.Accountant].
func (i *instance) GuestTime() time.Duration { return i.Used() }

func protocolFault(format string, args ...any) error {
	return &guest.Fault{Phase: guest.PhaseCall, Kind: guest.KindProtocol, Cause: fmt.Errorf(format, args...)}
}
