package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/wasgi/wasgi/host/internal/guest"
	"github.com/wasgi/wasgi/host/internal/pool"
)

// Generation is one version of an app. Its methods may be called concurrently.
type Generation struct {
	app      *App
	number   uint64
	kind     string
	settings guest.Settings
	log      *slog.Logger
	health   *health
	waiting  atomic.Int64 // requests that wait for an instance, or for the program

	// program and pool are nil where asleep is not.
	program guest.Program
	pool    *pool.Pool[*lodger]
	asleep  *sleep

	// users counts the requests inside, and one more while the generation is current. It never rises from 0.
	users  atomic.Int64
	closed chan struct{}
}

// NewGeneration makes a generation of a's program, which it owns from then on, and starts its first instances: the proof that
// the program runs. It fails if they fail, and then nothing of the program runs any more. It does not serve before [App.Swap].
// number is unique within the app and rises; with the number of the current generation, which is asleep then, the new one is that
// one awake, and has its health.
func NewGeneration(ctx context.Context, a *App, number uint64, program guest.Program, settings guest.Settings, log *slog.Logger) (*Generation, error) {
	g := newGeneration(a, number, program.Kind(), settings, log)
	if before := a.current.Load(); before != nil && before.number == number {
		g.health = before.health
	}
	g.program = program
	g.pool = pool.New(pool.Options[*lodger]{
		Min:    settings.MinInstances,
		Max:    settings.MaxInstances,
		New:    g.instantiate,
		Close:  func(l *lodger) { l.Close() },
		Failed: g.unready,
	})
	if err := g.prove(ctx); err != nil {
		g.Leave()
		<-g.closed // an instance may still be in the making, and whoever made the program may close its engine next
		return nil, err
	}
	return g, nil
}

func newGeneration(a *App, number uint64, kind string, settings guest.Settings, log *slog.Logger) *Generation {
	log = log.With("app", a.name, "generation", number)
	g := &Generation{
		app: a, number: number, kind: kind, settings: settings, log: log,
		health: newHealth(settings, log), closed: make(chan struct{}),
	}
	g.users.Store(1)
	return g
}

// prove runs one instance up to where it could serve, and makes the others that are to be kept ready.
func (g *Generation) prove(ctx context.Context) error {
	first, err := g.pool.Acquire(ctx)
	if err != nil {
		return g.sign(guest.PhaseInit, err)
	}
	g.pool.Release(first)
	return g.sign(guest.PhaseInit, g.pool.Fill(ctx))
}

// instantiate makes one instance, which may take as long as a response.
func (g *Generation) instantiate(ctx context.Context) (*lodger, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, g.settings.Timeout, guest.ErrTimeout)
	defer cancel()
	instance, err := g.program.New(ctx)
	if err != nil {
		return nil, g.sign(guest.PhaseInit, err)
	}
	return newLodger(instance, g.settings), nil
}

// unready notes that an instance could not be made which no request was waiting for. It counts like a request that fails:
// making it again and again would not end otherwise.
func (g *Generation) unready(err error) {
	g.log.Error("an instance could not be made ready", "error", err)
	g.health.settle(nil, err)
}

// Number is the generation's number.
func (g *Generation) Number() uint64 { return g.number }

// Settings is what the generation runs under. It must not be changed.
func (g *Generation) Settings() *guest.Settings { return &g.settings }

// Kind is the guest kind of the program.
func (g *Generation) Kind() string { return g.kind }

// Isolation is what keeps the program's requests apart; see [guest.Program].
func (g *Generation) Isolation() (isolation guest.Isolation, why string) {
	if g.asleep != nil {
		return g.settings.Isolation, "" // as far as anybody knows
	}
	return g.program.Isolation()
}

// Receives reports whether the program takes events of WebSockets. One that is asleep is woken to find out, within queue_timeout.
// The caller is inside.
func (g *Generation) Receives(ctx context.Context) (bool, error) {
	awake := g
	if g.asleep != nil {
		var err error
		if awake, err = g.awaken(ctx, time.Now().Add(g.settings.QueueTimeout)); err != nil {
			return false, err
		}
		defer awake.Leave()
	}
	receiver, ok := awake.program.(guest.Receiver)
	return ok && receiver.Receives(), nil
}

// errInconclusive stands for the end of a request that says nothing about the app.
var errInconclusive = fmt.Errorf("inconclusive: %w", context.Canceled)

// Serve plays one exchange on an instance of its own, unless the app is in quarantine. An error is a [*guest.Fault]. The caller
// is inside, between Enter and Leave.
func (g *Generation) Serve(ctx context.Context, exchange guest.Exchange) error {
	return g.serve(ctx, exchange, nil)
}

// ServeNext is Serve for a middleware, with what stands behind it. A fault of that is no fault of this generation.
func (g *Generation) ServeNext(ctx context.Context, exchange guest.Exchange, next guest.Next) error {
	return g.serve(ctx, exchange, next)
}

func (g *Generation) serve(ctx context.Context, exchange guest.Exchange, next guest.Next) error {
	probe, err := g.health.admit()
	if err != nil {
		return g.sign(guest.PhaseCall, err)
	}
	outcome := errInconclusive // if the exchange panics its way out, as it does to cut a connection
	defer func() { g.health.settle(probe, outcome) }()
	if g.asleep == nil {
		err = g.play(ctx, exchange, next, time.Time{})
	} else {
		err = g.wakeAndPlay(ctx, exchange, next)
	}
	if excuser, ok := exchange.(guest.Excuser); err == nil || (!ok || !excuser.Excused()) && g.owns(err) {
		outcome = err
	}
	return err
}

// owns reports whether an error is a fault of this app, and not of one that it stands before.
func (g *Generation) owns(err error) bool {
	fault, ok := errors.AsType[*guest.Fault](err)
	return !ok || fault.App == g.app.name
}

// play is Serve for a request that was let through. It waits for an instance until then, or queue_timeout from now if that is zero.
func (g *Generation) play(ctx context.Context, exchange guest.Exchange, next guest.Next, until time.Time) error {
	instance, err := g.acquire(ctx, until)
	if err != nil {
		return g.sign(guest.PhaseCall, err)
	}
	done := false
	defer func() {
		// Also when the exchange panics its way out: an instance that did not end well is never used again.
		if done && !instance.spent() && instance.Reset() {
			g.pool.Release(instance)
		} else {
			g.pool.Discard(instance)
		}
	}()
	if err := instance.serve(ctx, exchange, next); err != nil {
		return g.sign(guest.PhaseCall, err)
	}
	done = true
	return nil
}

// sign turns err into a fault that names this generation, unless it names another one already. phase is that of an error which is no
// fault yet. It returns nil for nil.
func (g *Generation) sign(phase guest.Phase, err error) error {
	if err == nil {
		return nil
	}
	var fault *guest.Fault
	if !errors.As(err, &fault) {
		fault = &guest.Fault{Phase: phase, Kind: guest.KindOf(err), Cause: err}
	}
	if fault.App == "" || fault.App == g.app.name {
		fault.App, fault.Generation = g.app.name, g.number
	}
	return fault
}

// enter counts one more request, unless the generation is over.
func (g *Generation) enter() bool {
	for {
		n := g.users.Load()
		if n == 0 {
			return false
		}
		if g.users.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// Leave is the counterpart of [App.Enter]. The last one out closes the generation.
func (g *Generation) Leave() {
	if g.users.Add(-1) == 0 {
		go g.close() // closing waits for instances in the making, which no request should
	}
}

// Closed is closed when the generation has released all it held.
func (g *Generation) Closed() <-chan struct{} { return g.closed }

func (g *Generation) close() {
	if g.asleep == nil {
		g.pool.Close()
		if err := g.program.Close(); err != nil {
			g.log.Error("a drained generation could not be closed", "error", err)
		}
	}
	g.app.lines.flush()
	close(g.closed)
}
