package gateway

import (
	"context"
	"fmt"
	"slices"

	"github.com/wasgi/wasgi/host/internal/app"
	"github.com/wasgi/wasgi/host/internal/guest"
)

// serveChain plays the exchange on the app's middleware, and on the app where these let it. All of them are pinned first: the app is
// never asked without one that its manifest names. Each link holds an instance while those behind it play, for which it never waits
// longer than its queue_timeout: chains that wait for one another, or for themselves, end in that time.
func (g *Gateway) serveChain(ctx context.Context, outer guest.Exchange, at place) error {
	links, err := g.enterAll(at)
	defer func() {
		for _, link := range links {
			link.generation.Leave()
		}
	}()
	if err != nil {
		return err
	}
	next := at.end()
	for _, link := range slices.Backward(links) {
		next = link.before(next)
	}
	return next(ctx, outer)
}

// place is one member of a chain: an app, or middleware, with the generation that is pinned.
type place struct {
	gateway    *Gateway
	base       *exchange
	app        *app.App
	generation *app.Generation
	depth      int // how many calls of apps lie around it
}

// enterAll pins the middleware of the app at the end. With an error it returns those that it has pinned.
func (g *Gateway) enterAll(end place) ([]place, error) {
	names := end.generation.Settings().Middleware
	links := make([]place, 0, len(names))
	for _, name := range names {
		link := place{gateway: g, base: end.base, depth: end.depth}
		if g.options.Middleware != nil {
			link.app = g.options.Middleware(name)
		}
		if link.app != nil {
			link.generation = link.app.Enter()
		}
		if link.generation == nil {
			return links, &guest.Fault{Phase: guest.PhaseCall, Kind: guest.KindBusy, Cause: fmt.Errorf(
				"middleware %q is not there, or was not loaded: the app is not served without it", name)}
		}
		links = append(links, link)
	}
	return links, nil
}

// before returns what plays an exchange on the middleware and what stands behind it.
func (p place) before(next guest.Next) guest.Next {
	return func(ctx context.Context, outer guest.Exchange) error {
		seat := p.seat(ctx, outer)
		seat.next = next
		defer seat.close()
		return p.generation.ServeNext(ctx, seat, next)
	}
}

// end returns what plays an exchange on the app.
func (p place) end() guest.Next {
	return func(ctx context.Context, outer guest.Exchange) error {
		seat := p.seat(ctx, outer)
		defer seat.close()
		return p.generation.Serve(ctx, seat)
	}
}

func (p place) seat(ctx context.Context, outer guest.Exchange) *seat {
	return &seat{Exchange: outer, place: p, ctx: ctx}
}
