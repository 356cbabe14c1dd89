package app_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wasgi/wasgi/host/internal/app"
	"github.com/wasgi/wasgi/host/internal/guest"
)

// hang bounds every wait in these tests; none is expected to come near it.
const hang = 20 * time.Second

// program is a fake guest.Program that counts what lives.
type program struct {
	t        testing.TB
	newError error
	serve    func(*instance) error
	keep     bool // instances can be used again
	receives bool // events

	made, live atomic.Int64
	closed     atomic.Bool
	gone       chan struct{} // closed by Close, if it is set
}

func (p *program) Receives() bool { return p.receives }

func (p *program) Kind() string { return "fake" }
func (p *program) Bytes() int64 { return 0 }

func (p *program) Isolation() (guest.Isolation, string) { return guest.IsolationRequest, "" }

func (p *program) New(context.Context) (guest.Instance, error) {
	if p.newError != nil {
		return nil, p.newError
	}
	p.made.Add(1)
	p.live.Add(1)
	return &instance{program: p}, nil
}

func (p *program) Close() error {
	if n := p.live.Load(); n != 0 {
		p.t.Errorf("the program was closed with %d live instances", n)
	}
	if p.closed.Swap(true) {
		p.t.Error("the program was closed twice")
	}
	if p.gone != nil {
		close(p.gone)
	}
	return nil
}

type instance struct {
	program *program
	served  int
}

func (i *instance) Serve(context.Context, guest.Exchange) error {
	i.served++
	if i.program.closed.Load() {
		i.program.t.Error("an instance of a closed program was asked to serve")
	}
	if i.program.serve == nil {
		return nil
	}
	return i.program.serve(i)
}

func (i *instance) Reset() bool  { return i.program.keep }
func (i *instance) Bytes() int64 { return 0 }
func (i *instance) Close()       { i.program.live.Add(-1) }

func settings() guest.Settings {
	return guest.Settings{Timeout: hang, QueueTimeout: hang, MinInstances: 1, MaxInstances: 2}
}

func generation(t testing.TB, p *program, number uint64, s guest.Settings) *app.Generation {
	t.Helper()
	g, err := app.NewGeneration(t.Context(), app.New("fake"), number, p, s, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func wait(t testing.TB, done <-chan struct{}) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(hang):
		t.Fatal("it did not happen")
	}
}

// The old generation closes when the last request has left it, and not before.
func TestSwapDrains(t *testing.T) {
	t.Parallel()
	a := app.New("fake")
	if a.Enter() != nil {
		t.Fatal("an app without a generation serves")
	}
	old, next := &program{t: t}, &program{t: t}
	first, second := generation(t, old, 1, settings()), generation(t, next, 2, settings())
	a.Swap(first)
	inside, alsoInside := a.Enter(), a.Enter()
	if inside != first || alsoInside != first {
		t.Fatal("Enter did not return the current generation")
	}
	if a.Swap(second) != first {
		t.Error("Swap did not return the generation before")
	}
	if a.Enter() != second {
		t.Error("a new request entered the old generation")
	}
	if err := inside.Serve(t.Context(), nil); err != nil {
		t.Errorf("the old generation does not serve its last request: %v", err)
	}
	inside.Leave()
	if old.closed.Load() {
		t.Error("the old generation closed with a request inside")
	}
	alsoInside.Leave()
	wait(t, first.Closed())
	second.Leave()
	a.Swap(nil)
	wait(t, second.Closed())
	if !old.closed.Load() || !next.closed.Load() || a.Enter() != nil {
		t.Error("something is left over")
	}
}

// Requests and swaps side by side: nobody is served by a closed generation, each is closed once.
func TestHammer(t *testing.T) {
	t.Parallel()
	const clients, swaps = 64, 1000
	a := app.New("fake")
	var programs []*program
	var generations []*app.Generation
	var stop atomic.Bool
	var group sync.WaitGroup
	swap := func(number uint64) {
		p := &program{t: t, keep: number%2 == 0}
		g := generation(t, p, number, settings())
		programs, generations = append(programs, p), append(generations, g)
		a.Swap(g)
	}
	swap(1)
	for range clients {
		group.Go(func() {
			var newest uint64
			for !stop.Load() {
				g := a.Enter()
				if g == nil {
					t.Error("the app vanished")
					return
				}
				if g.Number() < newest {
					t.Errorf("generation %d came after %d", g.Number(), newest)
				}
				newest = g.Number()
				if err := g.Serve(t.Context(), nil); err != nil {
					t.Error(err)
				}
				g.Leave()
			}
		})
	}
	for number := range uint64(swaps) {
		swap(number + 2)
	}
	stop.Store(true)
	group.Wait()
	a.Swap(nil)
	for i, g := range generations {
		wait(t, g.Closed())
		if !programs[i].closed.Load() {
			t.Errorf("generation %d was not closed", i+1)
		}
	}
}

// An instance that served well and says that it can is used again; any other is closed.
func TestReleaseOrDiscard(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		keep  bool
		err   error
		panic bool
		again bool
	}{
		"good":            {keep: true, again: true},
		"cannot be reset": {keep: false},
		"failed":          {keep: true, err: errors.New("no")},
		"panicked":        {keep: true, panic: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var first *instance
			again := false
			p := &program{t: t, keep: c.keep}
			p.serve = func(i *instance) error {
				if first == nil {
					first = i
					if c.panic {
						panic("out of the exchange")
					}
					return c.err
				}
				again = i == first
				return nil
			}
			s := settings()
			s.MinInstances, s.MaxInstances = 0, 1
			g := generation(t, p, 1, s)
			for range 2 {
				func() {
					defer func() { _ = recover() }()
					_ = g.Serve(t.Context(), nil)
				}()
			}
			if again != c.again {
				t.Errorf("used again: %t, want %t", again, c.again)
			}
			g.Leave()
			wait(t, g.Closed())
		})
	}
}

// All instances are in use: the wait ends after queue_timeout, in a fault that says what to raise.
func TestBusy(t *testing.T) {
	t.Parallel()
	entered, leave := make(chan struct{}), make(chan struct{})
	p := &program{t: t}
	p.serve = func(*instance) error {
		close(entered)
		<-leave
		return nil
	}
	s := settings()
	s.MaxInstances, s.QueueTimeout = 1, time.Millisecond
	g := generation(t, p, 9, s)
	served := make(chan error)
	go func() { served <- g.Serve(t.Context(), nil) }()
	wait(t, entered)
	const want = `app "fake" generation 9: call: busy: no instance became free within queue_timeout; ` +
		`raise instances.max or queue_timeout`
	if err := g.Serve(t.Context(), nil); err == nil || err.Error() != want || guest.KindOf(err) != guest.KindBusy {
		t.Errorf("Serve() = %v", err)
	}
	close(leave)
	if err := <-served; err != nil {
		t.Error(err)
	}
	g.Leave()
	wait(t, g.Closed())
}

// A client that gives up while it waits is no fault of the app.
func TestClientGivesUpWaiting(t *testing.T) {
	t.Parallel()
	leave := make(chan struct{})
	entered := make(chan struct{})
	p := &program{t: t}
	p.serve = func(*instance) error {
		close(entered)
		<-leave
		return nil
	}
	s := settings()
	s.MaxInstances = 1
	g := generation(t, p, 1, s)
	served := make(chan error)
	go func() { served <- g.Serve(context.Background(), nil) }()
	wait(t, entered)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := g.Serve(ctx, nil); guest.KindOf(err) != guest.KindClient {
		t.Errorf("Serve() = %v", err)
	}
	close(leave)
	if err := <-served; err != nil {
		t.Error(err)
	}
	g.Leave()
	wait(t, g.Closed())
}

// Faults carry the app's name and the generation's number, whoever reported them.
func TestFaultsAreSigned(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		`app "fake" generation 3: call: trap: unreachable`: &guest.Fault{
			Phase: guest.PhaseCall, Kind: guest.KindTrap, Cause: errors.New("unreachable")},
		`app "fake" generation 3: call: deadline: no first byte of the response within timeout`: guest.ErrTimeout,
	} {
		p := &program{t: t, serve: func(*instance) error { return err }}
		g := generation(t, p, 3, settings())
		if got := g.Serve(t.Context(), nil); got == nil || got.Error() != want {
			t.Errorf("Serve() = %v\nwant      %s", got, want)
		}
		g.Leave()
		wait(t, g.Closed())
	}
}

// A program whose instances cannot be made is no generation, and is closed.
func TestProofFails(t *testing.T) {
	t.Parallel()
	p := &program{t: t, gone: make(chan struct{})}
	p.newError = &guest.Fault{Phase: guest.PhaseInit, Kind: guest.KindTrap, Cause: errors.New("unreachable")}
	_, err := app.NewGeneration(t.Context(), app.New("fake"), 4, p, settings(), slog.New(slog.DiscardHandler))
	if err == nil || err.Error() != `app "fake" generation 4: init: trap: unreachable` {
		t.Errorf("NewGeneration() = %v", err)
	}
	wait(t, p.gone)
}

// min instances are there before the first request; with 0, one still proves that the program runs.
func TestMinInstances(t *testing.T) {
	t.Parallel()
	for least, want := range map[int]int64{0: 1, 1: 1, 3: 3} {
		p := &program{t: t}
		s := settings()
		s.MinInstances, s.MaxInstances = least, 4
		g := generation(t, p, 1, s)
		if made, live := p.made.Load(), p.live.Load(); made != want || live != want {
			t.Errorf("min %d: %d instances were made, %d live", least, made, live)
		}
		g.Leave()
		wait(t, g.Closed())
	}
}
