package app

import (
	"context"
	"errors"
	"time"

	"github.com/wasgi/wasgi/host/internal/guest"
)

var errBusy = errors.New("no instance became free within queue_timeout; raise instances.max or queue_timeout")

// acquire takes an instance that is ready, or waits at most queue_timeout for one: that comes back, or that is being made.
// Beyond queue_length nobody waits.
func (g *Generation) acquire(ctx context.Context, until time.Time) (instance *lodger, err error) {
	if instance, ok := g.pool.TryAcquire(); ok {
		return instance, nil
	}
	if until.IsZero() {
		until = time.Now().Add(g.settings.QueueTimeout)
	}
	err = g.wait(ctx, until, errBusy, func(ctx context.Context) (err error) {
		instance, err = g.pool.Acquire(ctx)
		return err
	})
	return instance, err
}

// wait calls f with a context that ends then, with cause, unless as many requests wait already as may.
func (g *Generation) wait(ctx context.Context, until time.Time, cause error, f func(context.Context) error) error {
	defer g.waiting.Add(-1)
	if n := g.waiting.Add(1); g.settings.QueueLength > 0 && n > int64(g.settings.QueueLength) {
		return guest.ErrQueue
	}
	waiting, cancel := context.WithDeadlineCause(ctx, until, cause)
	defer cancel()
	err := f(waiting)
	if errors.Is(err, cause) {
		return busy(cause)
	}
	return err
}

func busy(cause error) error {
	return &guest.Fault{Phase: guest.PhaseCall, Kind: guest.KindBusy, Cause: cause}
}
