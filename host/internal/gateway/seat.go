package gateway

import (
	"context"
	"iter"
	"log/slog"
	"slices"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/abi/wire"
	"github.com/wasgi/wasgi/host/internal/guest"
)

// seat is the exchange as one member of a chain has it: what those before it make of the request, under its own name, with the
// exchanges that it has played itself. It implements [guest.Relay].
type seat struct {
	guest.Exchange
	place
	ctx     context.Context
	next    guest.Next // nil at the end of the chain, and once it was called
	log     *slog.Logger
	started bool
	calls   []*call // by their handles less one; nil for one that was closed
	failed  error   // what the call of next has failed with, and nobody has answered for yet
}

// Log implements [guest.Exchange].
func (s *seat) Log() *slog.Logger {
	if s.log == nil {
		s.log = s.app.Log(s.base.log, s.generation.Settings().LogLines).With("request_id", string(s.base.id[:]))
	}
	return s.log
}

// Excused implements [guest.Excuser].
func (s *seat) Excused() bool { return s.base.Excused() }

// App implements [guest.Tenant].
func (s *seat) App() string { return s.app.Name() }

// Fields implements [guest.Fielded].
func (s *seat) Fields() iter.Seq2[string, string] {
	if fielded, ok := s.Exchange.(guest.Fielded); ok {
		return fielded.Fields()
	}
	return nil
}

// StartResponse implements [guest.Exchange].
func (s *seat) StartResponse(status []byte, headers []wire.Pair, excInfo bool) error {
	err := s.Exchange.StartResponse(status, headers, excInfo)
	s.started = s.started || err == nil
	return err
}

// Finish implements [guest.Exchange]. Middleware that has nothing to say to what failed behind it passes that on.
func (s *seat) Finish(body []byte) error {
	if failed := s.failed; failed != nil && !s.started {
		s.failed = nil
		return failed
	}
	return s.Exchange.Finish(body)
}

// CallNext implements [guest.Relay]. What stands behind the guest is called once.
func (s *seat) CallNext(environ, body []byte, rest bool) (int, error) {
	next := s.next
	if next == nil {
		return 0, abi.CodeState
	}
	handle, err := s.begin(next, environ, body, rest)
	if err == nil {
		s.next = nil
		s.calls[handle-1].isNext = true
	}
	return handle, err
}

// CallApp implements [guest.Relay].
func (s *seat) CallApp(name string, environ, body []byte, rest bool) (int, error) {
	switch {
	case !slices.Contains(s.generation.Settings().Apps, name):
		return 0, abi.CodeForbidden
	case s.depth >= abi.MaxCallDepth:
		return 0, abi.CodeTooLarge
	}
	return s.begin(s.callee(name), environ, body, rest)
}

// callee returns what plays an exchange on another app, with the middleware of that.
func (s *seat) callee(name string) guest.Next {
	return func(ctx context.Context, outer guest.Exchange) error {
		p := place{gateway: s.gateway, base: s.base, depth: s.depth + 1}
		if s.gateway.options.App != nil {
			p.app = s.gateway.options.App(name)
		}
		if p.app != nil {
			p.generation = p.app.Enter()
		}
		if p.generation == nil {
			return &guest.Fault{App: name, Phase: guest.PhaseCall, Kind: guest.KindBusy, Cause: guest.ErrRemoved}
		}
		defer p.generation.Leave()
		return s.gateway.serveChain(ctx, outer, p)
	}
}

// begin makes a call, which does not run before its response is asked for.
func (s *seat) begin(next guest.Next, environ, body []byte, rest bool) (int, error) {
	if limit := s.generation.Settings().MaxEnviron; limit > 0 && int64(len(environ)) > limit {
		return 0, abi.CodeTooLarge
	}
	pairs, err := wire.Decode(environ)
	if err != nil {
		return 0, abi.CodeInvalid
	}
	open := 0
	for _, c := range s.calls {
		if c != nil {
			open++
		}
	}
	if open >= abi.MaxCalls {
		return 0, abi.CodeTooLarge
	}
	s.calls = append(s.calls, newCall(s, next, environ, pairs, body, rest))
	return len(s.calls), nil
}

func (s *seat) call(handle int) (*call, error) {
	if handle < 1 || handle > len(s.calls) || s.calls[handle-1] == nil {
		return nil, abi.CodeState
	}
	return s.calls[handle-1], nil
}

// Head implements [guest.Relay].
func (s *seat) Head(handle int) ([]byte, error) {
	c, err := s.call(handle)
	if err != nil {
		return nil, err
	}
	return c.readHead()
}

// Body implements [guest.Relay].
func (s *seat) Body(handle int, p []byte) (int, error) {
	c, err := s.call(handle)
	if err != nil {
		return 0, err
	}
	return c.readBody(p)
}

// CloseCall implements [guest.Relay].
func (s *seat) CloseCall(handle int) error {
	c, err := s.call(handle)
	if err == nil {
		s.calls[handle-1] = nil
		c.stop()
	}
	return err
}

// note takes down that a call has failed. That of next may still be passed on; a client is told of the others by nobody else.
func (s *seat) note(c *call, err error) {
	if c.isNext {
		s.failed = err
	} else {
		s.tell(err)
	}
}

func (s *seat) tell(err error) {
	s.gateway.report(s.base.hostLog(), err, slog.String("called_by", s.app.Name()))
}

// close ends what the guest has left open, and says what it has kept to itself.
func (s *seat) close() {
	for _, c := range s.calls {
		if c != nil {
			c.stop()
		}
	}
	if s.failed != nil && s.started {
		s.tell(s.failed)
	}
}
