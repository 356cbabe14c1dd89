package app_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wasgi/wasgi/host/internal/app"
	"github.com/wasgi/wasgi/host/internal/guest"
)

// sleeper is an app that was put to sleep, and what wakes it.
type sleeper struct {
	t       *testing.T
	app     *app.App
	program *program
	wakes   atomic.Int64
	fails   atomic.Pointer[guest.Fault] // what waking ends in; nil for success
}

func newSleeper(t *testing.T, change func(*guest.Settings)) *sleeper {
	t.Helper()
	s := &sleeper{t: t, app: app.New("fake"), program: &program{t: t, keep: true}}
	limits := settings()
	change(&limits)
	g, err := app.NewGeneration(t.Context(), s.app, 1, s.program, limits, discard())
	if err != nil {
		t.Fatal(err)
	}
	s.swap(g)
	s.sleep(g)
	t.Cleanup(func() { <-s.app.Swap(nil).Closed() })
	return s
}

func (s *sleeper) swap(g *app.Generation) {
	if before := s.app.Swap(g); before != nil {
		wait(s.t, before.Closed())
	}
}

// sleep puts the generation to sleep, until somebody asks for it.
func (s *sleeper) sleep(g *app.Generation) {
	limits := *g.Settings()
	s.swap(g.Sleep(discard(), func() error {
		s.wakes.Add(1)
		time.Sleep(time.Second)
		if fault := s.fails.Load(); fault != nil {
			return fault
		}
		awake, err := app.NewGeneration(context.Background(), s.app, 1, s.program, limits, discard())
		if err == nil {
			s.app.Swap(awake)
		}
		return err
	}))
}

// An app that is asleep has no program, and keeps its number and its kind; however many ask for it, it is woken once.
func TestSleep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSleeper(t, func(l *guest.Settings) { l.QueueLength = 1000 })
		g := s.app.Enter()
		if !s.program.closed.Swap(false) || !g.Asleep() || g.Number() != 1 || g.Kind() != "fake" || g.Bytes() != 0 {
			t.Errorf("%+v", g)
		}
		g.Leave()
		s.app.Rest()
		s.app.Renew()
		var all sync.WaitGroup
		for range 1000 {
			all.Go(func() {
				if fault := serveOne(s.app); fault != nil {
					t.Error(fault)
				}
			})
		}
		synctest.Wait()
		if fault := serveOne(s.app); fault == nil || !errors.Is(fault, guest.ErrQueue) {
			t.Errorf("one more than may wait ended in %v", fault)
		}
		all.Wait()
		if n := s.wakes.Load(); n != 1 {
			t.Errorf("woken %d times", n)
		}
		g = s.app.Enter()
		defer g.Leave()
		if g.Asleep() || g.Number() != 1 {
			t.Errorf("asleep %t, number %d", g.Asleep(), g.Number())
		}
	})
}

// Sleep is no cure: neither for an app in quarantine, whose requests do not wake it, nor for one that has faults.
func TestSleepKeepsHealth(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSleeper(t, func(l *guest.Settings) { l.QuarantineAfter = 2 })
		s.program.closed.Store(false)
		s.fails.Store(&guest.Fault{Phase: guest.PhaseLoad, Kind: guest.KindProtocol, Cause: errors.New("not loadable")})
		for range 2 {
			if fault := serveOne(s.app); fault == nil || fault.Error() != `app "fake" generation 1: load: protocol: not loadable` {
				t.Errorf("%v", fault)
			}
		}
		if fault := serveOne(s.app); fault == nil || fault.Kind != guest.KindQuarantined || s.wakes.Load() != 2 {
			t.Errorf("%v, woken %d times", fault, s.wakes.Load())
		}
		time.Sleep(2 * time.Second)
		s.fails.Store(nil)
		s.program.serve = func(*instance) error { return trapped() }
		if fault := serveOne(s.app); fault == nil || fault.Kind != guest.KindTrap {
			t.Errorf("the probe ended in %v", fault)
		}
		if fault := serveOne(s.app); fault == nil || fault.Kind != guest.KindQuarantined || s.app.Health().Faults != 3 {
			t.Errorf("awake: %v, %+v", fault, s.app.Health())
		}
	})
}

// All who wait for the same flight get an error of their own: whoever signs one must not change it for the others.
func TestWakingFailsForAll(t *testing.T) {
	t.Parallel()
	s := newSleeper(t, func(*guest.Settings) {})
	s.fails.Store(&guest.Fault{Phase: guest.PhaseLoad, Kind: guest.KindHost, Cause: errors.New("no such file")})
	var all sync.WaitGroup
	for range 64 {
		all.Go(func() {
			if fault := serveOne(s.app); fault == nil || fault.Error() != `app "fake" generation 1: load: host: no such file` {
				t.Errorf("%v", fault)
			}
		})
	}
	all.Wait()
}

// Whether an app takes events is known when it has been woken.
func TestReceives(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSleeper(t, func(*guest.Settings) {})
		s.program.closed.Store(false)
		s.program.receives = true
		for range 2 { // asleep, then awake
			g := s.app.Enter()
			if receives, err := g.Receives(t.Context()); !receives || err != nil {
				t.Errorf("Receives() = %t, %v", receives, err)
			}
			g.Leave()
		}
		if n := s.wakes.Load(); n != 1 {
			t.Errorf("woken %d times", n)
		}
		s.program.receives = false
		g := s.app.Enter()
		if receives, err := g.Receives(t.Context()); receives || err != nil {
			t.Errorf("Receives() = %t, %v", receives, err)
		}
		g.Leave()
		s.sleep(g)
		s.fails.Store(&guest.Fault{Kind: guest.KindProtocol, Cause: errors.New("broken")})
		g = s.app.Enter()
		defer g.Leave()
		if _, err := g.Receives(t.Context()); err == nil || guest.KindOf(err) != guest.KindProtocol {
			t.Errorf("of an app that cannot be woken: %v", err)
		}
	})
}
