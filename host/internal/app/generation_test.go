package app_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/wasgi/wasgi/host/internal/app"
	"github.com/wasgi/wasgi/host/internal/guest"
)

// made is a program whose instances are made by a function of the test.
type made struct {
	program
	make func(ctx context.Context, number int64) error
	end  error // what Close returns
}

func (m *made) New(ctx context.Context) (guest.Instance, error) {
	number := m.made.Add(1)
	if err := m.make(ctx, number); err != nil {
		return nil, err
	}
	m.live.Add(1)
	return &instance{program: &m.program}, nil
}

func (m *made) Close() error { return errors.Join(m.program.Close(), m.end) }

func newMade(t testing.TB, create func(context.Context, int64) error) *made {
	return &made{program: program{t: t, gone: make(chan struct{})}, make: create}
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

// The proof covers all instances that are to be kept ready. What had been made is closed, and the program after it.
func TestProofOfLaterInstances(t *testing.T) {
	t.Parallel()
	p := newMade(t, func(_ context.Context, number int64) error {
		if number == 3 {
			return &guest.Fault{Phase: guest.PhaseInit, Kind: guest.KindMemory, Cause: errors.New("no room")}
		}
		return nil
	})
	s := settings()
	s.MinInstances, s.MaxInstances = 3, 3
	g, err := app.NewGeneration(t.Context(), app.New("api/users"), 7, p, s, discard())
	if g != nil || err == nil || err.Error() != `app "api/users" generation 7: init: memory: no room` {
		t.Errorf("NewGeneration() = %v, %v", g, err)
	}
	wait(t, p.gone)
	if n := p.live.Load(); n != 0 {
		t.Errorf("%d instances are left over", n)
	}
}

// Whatever keeps the proof from ending well is a fault of this generation's initialising.
func TestProofIsSigned(t *testing.T) {
	t.Parallel()
	ended, cancel := context.WithCancelCause(t.Context())
	cancel(guest.ErrShutdown)
	for name, c := range map[string]struct {
		ctx  context.Context
		make func(context.Context, int64) error
		kind guest.FaultKind
		text string // up to where it goes into detail
	}{
		"plain error": {t.Context(), func(context.Context, int64) error { return errors.New("no luck") },
			guest.KindTrap, `app "fake" generation 4: init: trap: no luck`},
		"timeout": {t.Context(), func(context.Context, int64) error { return guest.ErrTimeout },
			guest.KindDeadline, `app "fake" generation 4: init: deadline: no first byte of the response within timeout`},
		"panic": {t.Context(), func(context.Context, int64) error { panic("paper jam") },
			guest.KindTrap, `app "fake" generation 4: init: trap: pool: New panicked: paper jam`},
		"context": {ended, func(context.Context, int64) error { return nil },
			guest.KindDeadline, `app "fake" generation 4: init: deadline: the server is shutting down`},
	} {
		p := newMade(t, c.make)
		_, err := app.NewGeneration(c.ctx, app.New("fake"), 4, p, settings(), discard())
		var fault *guest.Fault
		if !errors.As(err, &fault) || fault.Kind != c.kind || !strings.HasPrefix(err.Error(), c.text) {
			t.Errorf("%s: %v\nwant %s", name, err, c.text)
		}
		wait(t, p.gone)
	}
}

// An instance gets timeout to become ready, and the server's end ends its making.
func TestMakingEnds(t *testing.T) {
	t.Parallel()
	s := settings()
	s.Timeout = 1 // nanosecond
	p := newMade(t, func(ctx context.Context, _ int64) error {
		<-ctx.Done()
		return context.Cause(ctx)
	})
	const want = `app "fake" generation 1: init: deadline: no first byte of the response within timeout`
	if _, err := app.NewGeneration(t.Context(), app.New("fake"), 1, p, s, discard()); err == nil || err.Error() != want {
		t.Errorf("NewGeneration() = %v", err)
	}
	wait(t, p.gone)

	ctx, cancel := context.WithCancelCause(t.Context())
	p = newMade(t, func(making context.Context, _ int64) error {
		cancel(guest.ErrShutdown)
		<-making.Done() // ends with the generation, which ends since nobody waits for it any more
		return context.Cause(making)
	})
	if _, err := app.NewGeneration(ctx, app.New("fake"), 1, p, settings(), discard()); !errors.Is(err, guest.ErrShutdown) {
		t.Errorf("NewGeneration() = %v", err)
	}
	select {
	case <-p.gone:
	default:
		t.Error("the program is not closed yet: who closes its engine now would do so under a guest")
	}
}

// A failure while serving to make one instance is the fault of one request, with what New said.
func TestMakingFailsLater(t *testing.T) {
	t.Parallel()
	p := newMade(t, func(_ context.Context, number int64) error {
		if number == 2 {
			return &guest.Fault{Phase: guest.PhaseInit, Kind: guest.KindTrap, Cause: errors.New("unreachable")}
		}
		return nil
	})
	s := settings()
	s.MinInstances = 0
	g, err := app.NewGeneration(t.Context(), app.New("fake"), 5, p, s, discard())
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"", `app "fake" generation 5: init: trap: unreachable`, "", ""} {
		got := ""
		if err := g.Serve(t.Context(), nil); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("request %d: %q, want %q", i, got, want)
		}
	}
	g.Leave()
	wait(t, g.Closed())
}

// The generation is what it was made of, and a program that closes badly is worth a line of the log and no more.
func TestAccessorsAndBadClose(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := newMade(t, func(context.Context, int64) error { return nil })
	p.end = errors.New("stuck")
	s := settings()
	g, err := app.NewGeneration(t.Context(), app.New("fake"), 12, p, s, slog.New(slog.NewTextHandler(&out, nil)))
	if err != nil {
		t.Fatal(err)
	}
	if g.Number() != 12 || g.Kind() != "fake" || g.Settings().Timeout != s.Timeout || g.Settings().MaxInstances != s.MaxInstances {
		t.Errorf("number %d, kind %s, %+v", g.Number(), g.Kind(), g.Settings())
	}
	select {
	case <-g.Closed():
		t.Error("closed from the start")
	default:
	}
	g.Leave()
	wait(t, g.Closed())
	if want := `level=ERROR msg="a drained generation could not be closed" app=fake generation=12 error=stuck`; !strings.Contains(out.String(), want) {
		t.Errorf("the log says %s", out.String())
	}
}

// Taken down and put up again: nothing serves in between, and what is inside stays inside.
func TestSwapToNothing(t *testing.T) {
	t.Parallel()
	a := app.New("fake")
	if a.Name() != "fake" || a.Swap(nil) != nil {
		t.Error("a new app has a generation")
	}
	first := generation(t, &program{t: t}, 1, settings())
	if a.Swap(first) != nil || a.Enter() != first {
		t.Error("the first generation does not serve")
	}
	if a.Swap(nil) != first || a.Enter() != nil {
		t.Error("it serves after it was taken down")
	}
	second := generation(t, &program{t: t}, 2, settings())
	if a.Swap(second) != nil || a.Enter() != second {
		t.Error("the second generation does not serve")
	}
	if err := first.Serve(t.Context(), nil); err != nil {
		t.Errorf("the first generation does not finish its request: %v", err)
	}
	select {
	case <-first.Closed():
		t.Error("closed under a request")
	default:
	}
	first.Leave()
	wait(t, first.Closed())
	second.Leave()
	a.Swap(nil)
	wait(t, second.Closed())
}

// An exchange that panics through Serve is the caller's to handle: it costs the instance, and nobody's place.
func TestPanicPassesThrough(t *testing.T) {
	t.Parallel()
	p := &program{t: t, keep: true, serve: func(*instance) error { panic(context.Canceled) }}
	s := settings()
	s.MinInstances, s.MaxInstances = 0, 1
	g := generation(t, p, 1, s)
	for range 3 { // a place that were lost would make the second wait
		func() {
			defer func() {
				if r := recover(); r != context.Canceled {
					t.Errorf("recovered %v", r)
				}
			}()
			_ = g.Serve(t.Context(), nil)
		}()
	}
	if n := p.live.Load(); n != 0 {
		t.Errorf("%d instances are left over", n)
	}
	g.Leave()
	wait(t, g.Closed())
}

// Several swap, and several serve: each generation ends exactly once, the last one too.
func TestManySwappers(t *testing.T) {
	t.Parallel()
	a := app.New("fake")
	var number atomic.Uint64
	var ended sync.Map // *app.Generation -> its *program
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for i := range 50 {
				if i%10 == 9 {
					a.Swap(nil)
					continue
				}
				p := &program{t: t, keep: true}
				g := generation(t, p, number.Add(1), settings())
				ended.Store(g, p)
				a.Swap(g)
			}
		})
		group.Go(func() {
			for range 500 {
				if g := a.Enter(); g != nil {
					if err := g.Serve(t.Context(), nil); err != nil {
						t.Error(err)
					}
					g.Leave()
				}
			}
		})
	}
	group.Wait()
	a.Swap(nil)
	ended.Range(func(g, p any) bool {
		wait(t, g.(*app.Generation).Closed())
		if !p.(*program).closed.Load() {
			t.Error("a program was not closed")
		}
		return true
	})
}
