package httpwasm

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/wasgi/wasgi/host/internal/engine"
	"github.com/wasgi/wasgi/host/internal/guest"
)

// instance is one running guest. It is not safe for concurrent use.
type instance struct {
	*engine.Instance
	program                       *program
	handleRequest, handleResponse engine.Function
	features                      features // what it has enabled while it was initialised
	turn                          *turn    // nil while nothing is played
	stack                         [2]uint64
}

// turn is one exchange as the guest plays it.
type turn struct {
	outer     guest.Exchange
	features  features
	afterNext bool // handle_response runs
	request   request
	response  response
}

// features are what a guest has asked for, as the ABI numbers it.
type features uint32

const (
	bufferRequest  features = 1
	bufferResponse features = 2
	// offered leaves out trailers, which is 4.
	offered = bufferRequest | bufferResponse
)

func (f features) has(one features) bool { return f&one != 0 }

var errNoNext = errors.New("handle_request has the next handler called, and there is none: name the module in the middleware of an app's manifest")

// Serve implements [guest.Instance], for a guest that answers by itself.
func (i *instance) Serve(ctx context.Context, exchange guest.Exchange) error {
	return i.ServeNext(ctx, exchange, func(context.Context, guest.Exchange) error {
		return &guest.Fault{App: appOf(exchange), Phase: guest.PhaseCall, Kind: guest.KindProtocol, Cause: errNoNext}
	})
}

// ServeNext implements [guest.Wrapper].
func (i *instance) ServeNext(ctx context.Context, exchange guest.Exchange, next guest.Next) error {
	if _, ok := exchange.(guest.Event); ok {
		return guest.ErrNoEvents
	}
	i.Begin()
	t := &turn{outer: exchange, features: i.features}
	if err := t.begin(i.program.mostBuffered); err != nil {
		return &guest.Fault{Phase: guest.PhaseCall, Kind: guest.KindHost, Cause: err}
	}
	i.turn = t
	defer i.leave()
	i.stack[0] = 0
	if err := i.Call(ctx, i.handleRequest, i.stack[:1]); err != nil {
		return err
	}
	if uint32(i.stack[0]) == 0 {
		return t.answer()
	}
	return i.callNext(ctx, next, i.stack[0]>>32)
}

// callNext has the exchange played behind the guest, and tells the guest how that ended. A failure there stays one, whatever the guest
// makes of it.
func (i *instance) callNext(ctx context.Context, next guest.Next, guestContext uint64) error {
	t := i.turn
	t.response.beginNext()
	failed := next(ctx, &inner{t})
	t.afterNext = true
	i.stack = [2]uint64{guestContext, 0}
	if failed != nil {
		i.stack[1] = 1
	}
	err := i.Call(ctx, i.handleResponse, i.stack[:])
	switch {
	case failed != nil:
		return failed
	case err != nil:
		return err
	case t.response.held:
		return t.release()
	}
	return nil
}

// Exchange implements [engine.Player].
func (i *instance) Exchange() guest.Exchange {
	if i.turn == nil {
		return nil
	}
	return i.turn.outer
}

// leave ends what was between the instance and its exchange, which may be another request's next.
func (i *instance) leave() {
	i.Flush()
	i.turn = nil
}

// log returns the logger for what the guest writes now.
func (i *instance) log() *slog.Logger {
	if i.turn != nil {
		return i.turn.outer.Log()
	}
	return i.program.config.Log
}

// Reset implements [guest.Instance].
func (i *instance) Reset() bool {
	switch i.program.isolation {
	case guest.IsolationInstance:
		return i.Reusable()
	case guest.IsolationRequest:
		return i.Restore()
	}
	return false
}

// GuestTime implements [guest.Accountant].
func (i *instance) GuestTime() time.Duration { return i.Used() }

// appOf is the name of the app that plays the exchange. A fault that comes to light while another one runs must bear it.
func appOf(exchange guest.Exchange) string {
	if tenant, ok := exchange.(guest.Tenant); ok {
		return tenant.App()
	}
	return ""
}

// fault is the guest's own breach of the contract, whoever runs when it comes to light.
func (t *turn) fault(format string, args ...any) error {
	return &guest.Fault{App: appOf(t.outer), Phase: guest.PhaseCall, Kind: guest.KindProtocol, Cause: fmt.Errorf(format, args...)}
}
