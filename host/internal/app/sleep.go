package app

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/wasgi/wasgi/host/internal/guest"
)

var (
	errUnloaded   = errors.New("the app was unloaded, and not loaded again within queue_timeout; raise queue_timeout, or apps.memory")
	errRearranged = errors.New("the app has other middleware than it had when the request came")
	errGone       = errors.New("the app was removed while it was being loaded again")
)

// sleep is what a generation has in the place of its program while that is not in memory.
type sleep struct {
	// wake returns when the app serves again, by another generation, or cannot.
	wake func() error

	mu     sync.Mutex
	flight *flight // nil while nobody wakes it
}

// flight is one call of wake, which all wait for who want it.
type flight struct {
	done chan struct{}
	err  error // set before done is closed
}

// NewAsleep returns a generation whose program is not in memory. The first request calls wake, which must return when the app
// has another current generation, or an error: that all who wait for it are answered with. Of the calls of wake one is under way
// at a time.
func NewAsleep(a *App, number uint64, kind string, settings guest.Settings, log *slog.Logger, wake func() error) *Generation {
	g := newGeneration(a, number, kind, settings, log)
	g.asleep = &sleep{wake: wake}
	return g
}

// Sleep returns a generation that takes g's place, has its number and its health, and is asleep as [NewAsleep] says.
func (g *Generation) Sleep(log *slog.Logger, wake func() error) *Generation {
	asleep := NewAsleep(g.app, g.number, g.kind, g.settings, log, wake)
	asleep.health = g.health
	return asleep
}

// Asleep reports whether the generation's program is not in memory.
func (g *Generation) Asleep() bool { return g.asleep != nil }

// Bytes is about what the generation takes in memory beside its instances.
func (g *Generation) Bytes() int64 {
	if g.asleep != nil {
		return 0
	}
	return g.program.Bytes()
}

// wakeAndPlay plays an exchange on the generation that serves when the app has been woken: g awake, or a newer one.
func (g *Generation) wakeAndPlay(ctx context.Context, exchange guest.Exchange, next guest.Next) error {
	until := time.Now().Add(g.settings.QueueTimeout)
	awake, err := g.awaken(ctx, until)
	if err != nil {
		return err
	}
	defer awake.Leave()
	if !slices.Equal(awake.settings.Middleware, g.settings.Middleware) {
		return g.sign(guest.PhaseCall, busy(errRearranged)) // what stands before the app by now has not seen the request
	}
	return awake.play(ctx, exchange, next, until)
}

// awaken returns the generation that serves when the app has been woken, pinned. It waits until then.
func (g *Generation) awaken(ctx context.Context, until time.Time) (awake *Generation, err error) {
	err = g.wait(ctx, until, errUnloaded, func(ctx context.Context) (err error) {
		awake, err = g.app.wake(ctx)
		return err
	})
	return awake, g.sign(guest.PhaseLoad, err)
}

// wake returns the current generation, pinned, when it is awake. More than one call of a sleep's wake may be needed: the app may
// be unloaded again before its turn has come.
func (a *App) wake(ctx context.Context) (*Generation, error) {
	for {
		g := a.Enter()
		if g == nil {
			return nil, busy(errGone)
		}
		if g.asleep == nil {
			return g, nil
		}
		err := g.asleep.await(ctx)
		g.Leave()
		if err != nil {
			return nil, err
		}
	}
}

// await waits until the app has been woken, or until ctx is done: what was begun goes on for the others.
func (s *sleep) await(ctx context.Context) error {
	f := s.join()
	select {
	case <-f.done:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if fault, ok := errors.AsType[*guest.Fault](f.err); ok {
		own := *fault // whoever signs it must not sign it for the others
		return &own
	}
	return f.err
}

// join returns the flight that is under way, or begins one.
func (s *sleep) join() *flight {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.flight == nil {
		f := &flight{done: make(chan struct{})}
		s.flight = f
		go func() {
			f.err = s.wake()
			s.mu.Lock()
			s.flight = nil
			s.mu.Unlock()
			close(f.done)
		}()
	}
	return s.flight
}
