package gateway

import (
	"context"
	"fmt"
	"iter"
	"log/slog"
	"slices"

	"github.com/wasgi/wasgi/host/internal/app"
	"github.com/wasgi/wasgi/host/internal/guest"
)

// serveChain plays the exchange on the app's middleware, and on the app where these let it. All of them are pinned first: the app is
// never asked without one that its manifest names. Each link holds an instance while those behind it play, for which it never waits
// longer than its queue_timeout: chains that wait for one another, or for themselves, end in that time.
func (g *Gateway) serveChain(x *exchange, target *app.Generation) error {
	links, err := g.enterAll(x.settings.Middleware)
	defer func() {
		for _, link := range links {
			link.generation.Leave()
		}
	}()
	if err != nil {
		return err
	}
	next := guest.Next(func(ctx context.Context, inner guest.Exchange) error {
		return target.Serve(ctx, &seat{Exchange: inner, base: x, app: x.app, logLines: x.settings.LogLines})
	})
	for _, link := range slices.Backward(links) {
		next = link.before(x, next)
	}
	return next(x.life, x)
}

// link is one middleware of a chain.
type link struct {
	app        *app.App
	generation *app.Generation
}

// enterAll pins the middleware of these names. With an error it returns those that it has pinned.
func (g *Gateway) enterAll(names []string) ([]link, error) {
	links := make([]link, 0, len(names))
	for _, name := range names {
		var l link
		if g.options.Middleware != nil {
			l.app = g.options.Middleware(name)
		}
		if l.app != nil {
			l.generation = l.app.Enter()
		}
		if l.generation == nil {
			return links, &guest.Fault{Phase: guest.PhaseCall, Kind: guest.KindBusy, Cause: fmt.Errorf(
				"middleware %q is not there, or was not loaded: the app is not served without it", name)}
		}
		links = append(links, l)
	}
	return links, nil
}

// before returns what plays an exchange on the link and what stands behind it.
func (l link) before(x *exchange, next guest.Next) guest.Next {
	return func(ctx context.Context, outer guest.Exchange) error {
		seat := &seat{Exchange: outer, base: x, app: l.app, logLines: l.generation.Settings().LogLines}
		return l.generation.ServeNext(ctx, seat, next)
	}
}

// seat is the exchange as one member of a chain has it: what those before it make of the request, under its own name.
type seat struct {
	guest.Exchange
	base     *exchange
	app      *app.App
	logLines int
	log      *slog.Logger
}

// Log implements [guest.Exchange].
func (s *seat) Log() *slog.Logger {
	if s.log == nil {
		s.log = s.app.Log(s.base.log, s.logLines).With("request_id", string(s.base.id[:]))
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
