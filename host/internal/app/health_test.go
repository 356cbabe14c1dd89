package app_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wasgi/wasgi/host/internal/app"
	"github.com/wasgi/wasgi/host/internal/guest"
)

func trapped() error {
	return &guest.Fault{Phase: guest.PhaseCall, Kind: guest.KindTrap, Cause: errors.New("unreachable")}
}

// patient is an app whose requests end as outcome says, in a bubble with a clock of its own.
type patient struct {
	t       *testing.T
	app     *app.App
	outcome error
	log     bytes.Buffer
}

// admit makes an app that is quarantined after the given number of faults.
func admit(t *testing.T, after int) *patient {
	t.Helper()
	p := &patient{t: t, app: app.New("fake")}
	p.renew(1, after)
	t.Cleanup(func() { <-p.app.Swap(nil).Closed() })
	return p
}

// renew swaps a new generation in.
func (p *patient) renew(number uint64, after int) {
	p.t.Helper()
	s := settings()
	s.QuarantineAfter, s.MinInstances = after, 0
	log := slog.New(slog.NewTextHandler(&p.log, nil))
	g, err := app.NewGeneration(p.t.Context(), p.app, number, &program{t: p.t, serve: func(*instance) error { return p.outcome }}, s, log)
	if err != nil {
		p.t.Fatal(err)
	}
	if previous := p.app.Swap(g); previous != nil {
		<-previous.Closed()
	}
}

// ask sends one request whose outcome is given, and returns the fault it ended in.
func (p *patient) ask(outcome error) *guest.Fault {
	p.outcome = outcome
	return serveOne(p.app)
}

func serveOne(a *app.App) *guest.Fault {
	g := a.Enter()
	defer g.Leave()
	var fault *guest.Fault
	errors.As(g.Serve(context.Background(), nil), &fault)
	return fault
}

func (p *patient) fail(times int) {
	p.t.Helper()
	for range times {
		if fault := p.ask(trapped()); fault == nil || fault.Kind != guest.KindTrap {
			p.t.Fatalf("an app that traps ended in %v", fault)
		}
	}
}

// refused checks that a request is turned away, with that time to wait.
func (p *patient) refused(wait time.Duration) {
	p.t.Helper()
	fault := p.ask(nil)
	if fault == nil || fault.Kind != guest.KindQuarantined || fault.RetryAfter != wait {
		p.t.Fatalf("want a quarantine of %v, got %+v", wait, fault)
	}
}

func (p *patient) said(times int, text string) {
	p.t.Helper()
	if n := strings.Count(p.log.String(), text); n != times {
		p.t.Errorf("%q was logged %d times, want %d:\n%s", text, n, times, p.log.String())
	}
}

// The whole course: it begins, lengthens with each probe that fails, up to a minute, and ends with one that succeeds.
func TestQuarantine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := admit(t, 3)
		p.fail(2)
		if fault := p.ask(nil); fault != nil {
			t.Fatal(fault)
		}
		p.fail(3) // the success has cleared the first two
		p.refused(time.Second)
		const refusal = `app "fake" generation 1: call: quarantined: the app is in quarantine after 3 faults in a row, ` +
			`of which the last is call: trap: unreachable`
		if fault := p.ask(nil); fault.Error() != refusal {
			t.Errorf("%v\nwant %s", fault, refusal)
		}
		for _, seconds := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
			wait := seconds * time.Second
			p.refused(wait)
			time.Sleep(wait - 1)
			p.refused(time.Second) // never less than a second
			time.Sleep(time.Nanosecond)
			p.fail(1)
		}
		p.refused(time.Minute)
		want := app.Health{Faults: 11, LastFault: "call: trap: unreachable", Quarantined: time.Now().Add(time.Minute)}
		if got := p.app.Health(); got != want {
			t.Errorf("health %+v, want %+v", got, want)
		}
		time.Sleep(time.Minute)
		if fault := p.ask(nil); fault != nil {
			t.Fatal(fault)
		}
		if got, want := p.app.Health(), (app.Health{LastFault: "call: trap: unreachable"}); got != want {
			t.Errorf("health %+v, want %+v", got, want)
		}
		p.said(1, `level=WARN msg="app quarantined: it fails again and again; requests get 503 until a probe succeeds" `+
			`app=fake generation=1 faults=3 probe_in=1s cause="call: trap: unreachable"`)
		p.said(8, `msg="quarantine goes on: the probe failed" app=fake generation=1 probe_in=`)
		p.said(3, `probe_in=1m0s`)
		p.said(1, `level=INFO msg="quarantine ended: the probe succeeded" app=fake generation=1`)
		p.fail(3) // from the beginning
		p.refused(time.Second)
	})
}

// What is nobody's fault, or not the app's, does not count.
func TestWhatCounts(t *testing.T) {
	t.Parallel()
	fault := func(kind guest.FaultKind) error {
		return &guest.Fault{Phase: guest.PhaseCall, Kind: kind, Cause: errors.New("x")}
	}
	for _, c := range []struct {
		err    error
		counts bool
	}{
		{fault(guest.KindTrap), true}, {fault(guest.KindDeadline), true}, {fault(guest.KindBudget), true}, {fault(guest.KindMemory), true},
		{fault(guest.KindProtocol), true}, {fault(guest.KindBusy), false}, {fault(guest.KindClient), false}, {fault(guest.KindHost), false},
		{guest.ErrTimeout, true}, {guest.ErrCPU, true}, {guest.ErrStack, true}, {guest.ErrHostCalls, true}, {guest.ErrResponse, true},
		{guest.ErrMaxDuration, false}, {guest.ErrShutdown, false}, {guest.ErrStalled, false}, {guest.ErrSlowBody, false},
		{guest.ErrHostMemory, false}, {guest.ErrQueue, false}, {context.Canceled, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			p := admit(t, 2)
			p.fail(1)
			p.ask(c.err)
			if quarantined := !p.app.Health().Quarantined.IsZero(); quarantined != c.counts {
				t.Errorf("%v: quarantined %t, want %t", c.err, quarantined, c.counts)
			}
		})
	}
}

// excuse is an exchange whose client has broken it.
type excuse struct{ guest.Exchange }

func (excuse) Excused() bool { return true }

// What a guest makes of a client that breaks off or breaks a limit is not held against it; if it makes the best of it, that
// counts like any success.
func TestExcused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := admit(t, 2)
		p.fail(1)
		serve := func(outcome error) {
			p.outcome = outcome
			g := p.app.Enter()
			defer g.Leave()
			if err := g.Serve(context.Background(), excuse{}); (err == nil) != (outcome == nil) {
				t.Errorf("Serve() = %v", err)
			}
		}
		for range 5 {
			serve(trapped())
		}
		if h := p.app.Health(); h.Faults != 1 || !h.Quarantined.IsZero() {
			t.Errorf("%+v", h)
		}
		serve(nil)
		if h := p.app.Health(); h.Faults != 0 {
			t.Errorf("%+v", h)
		}
	})
}

// A probe that comes to no conclusion gives its turn to the next request.
func TestProbeWithoutConclusion(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := admit(t, 1)
		p.fail(1)
		time.Sleep(time.Second)
		for range 3 {
			if fault := p.ask(context.Canceled); fault.Kind != guest.KindClient {
				t.Fatal(fault)
			}
		}
		p.fail(1)
		p.refused(2 * time.Second)
	})
}

// The exchange panics to cut a connection: that says nothing about the app either.
func TestProbePanics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := app.New("fake")
		s := settings()
		s.QuarantineAfter, s.MinInstances = 1, 0
		outcome := trapped()
		p := &program{t: t, serve: func(*instance) error {
			if outcome == nil {
				panic("out of the exchange")
			}
			return outcome
		}}
		g := generation(t, p, 1, s)
		a.Swap(g)
		_ = serveOne(a)
		time.Sleep(time.Second)
		outcome = nil
		for range 2 { // the second is a probe like the first
			func() {
				defer func() {
					if recover() == nil {
						t.Error("it was not let through")
					}
				}()
				_ = serveOne(a)
			}()
		}
		if a.Health().Quarantined.IsZero() {
			t.Error("a panic has ended the quarantine")
		}
		a.Swap(nil)
		<-g.Closed()
	})
}

// While a probe is under way all others are turned away. One that streams for long is given up, and cannot end a quarantine
// that it knows nothing about any more.
func TestOneProbeAtATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		leave := make(chan struct{})
		a := app.New("fake")
		var group sync.WaitGroup
		blocked := &program{t: t}
		first := true
		blocked.serve = func(*instance) error {
			if first {
				first = false
				return trapped()
			}
			<-leave
			return nil
		}
		s := settings()
		s.QuarantineAfter, s.MinInstances, s.Timeout = 1, 0, 10*time.Second
		g := generation(t, blocked, 1, s)
		a.Swap(g)
		_ = serveOne(a)
		time.Sleep(time.Second)
		group.Go(func() {
			if fault := serveOne(a); fault != nil {
				t.Error(fault)
			}
		})
		synctest.Wait()
		for range 3 {
			if fault := serveOne(a); fault == nil || fault.Kind != guest.KindQuarantined || fault.RetryAfter != time.Second {
				t.Errorf("beside the probe: %v", fault)
			}
		}
		time.Sleep(s.Timeout + time.Second) // the first probe's lease is over
		group.Go(func() {
			if fault := serveOne(a); fault != nil {
				t.Error(fault)
			}
		})
		synctest.Wait()
		if fault := serveOne(a); fault == nil || fault.Kind != guest.KindQuarantined {
			t.Errorf("beside the second probe: %v", fault)
		}
		close(leave)
		group.Wait()
		if h := a.Health(); !h.Quarantined.IsZero() || h.Faults != 0 {
			t.Errorf("after both: %+v", h)
		}
		a.Swap(nil)
		<-g.Closed()
	})
}

// A new generation starts clean, and an app without one has no health to speak of.
func TestNewGenerationIsClean(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		if h := app.New("fake").Health(); h != (app.Health{}) {
			t.Errorf("%+v", h)
		}
		p := admit(t, 1)
		p.fail(1)
		p.refused(time.Second)
		p.renew(2, 1)
		if h := p.app.Health(); h != (app.Health{}) {
			t.Errorf("%+v", h)
		}
		if fault := p.ask(nil); fault != nil {
			t.Error(fault)
		}
	})
}

func TestNeverQuarantined(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := admit(t, 0)
		p.fail(100)
		if h := p.app.Health(); h.Faults != 100 || !h.Quarantined.IsZero() {
			t.Errorf("%+v", h)
		}
	})
}

// Instances that cannot be made count like requests that fail, be it that a request waited for them or not: nothing tries
// for ever.
func TestInstancesThatCannotBeMade(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := newMade(t, func(_ context.Context, number int64) error {
			if number > 2 {
				return &guest.Fault{Phase: guest.PhaseInit, Kind: guest.KindTrap, Cause: errors.New("unreachable")}
			}
			return nil
		})
		s := settings()
		s.MinInstances, s.MaxInstances, s.QuarantineAfter = 2, 4, 5
		a := app.New("fake")
		var log bytes.Buffer
		g, err := app.NewGeneration(t.Context(), a, 1, p, s, slog.New(slog.NewTextHandler(&log, nil)))
		if err != nil {
			t.Fatal(err)
		}
		a.Swap(g)
		const requests = 100
		refused := 0
		for range requests {
			if fault := serveOne(a); fault != nil && fault.Kind == guest.KindQuarantined {
				refused++
			}
			synctest.Wait()
		}
		if made := p.made.Load(); made > 10 || refused < requests-10 {
			t.Errorf("%d instances were tried, %d requests turned away", made, refused)
		}
		h := a.Health()
		if h.Quarantined.IsZero() || h.LastFault != "init: trap: unreachable" {
			t.Errorf("%+v", h)
		}
		if want := `level=ERROR msg="an instance could not be made ready" app=fake generation=1`; !strings.Contains(log.String(), want) {
			t.Errorf("the log says\n%s", log.String())
		}
		a.Swap(nil)
		<-g.Closed()
	})
}

// Clients side by side with an app that now fails and now does not: each time of failing is one quarantine, in which few
// requests reach the app.
func TestHealthHammer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var broken atomic.Bool
		a := app.New("fake")
		p := &program{t: t, keep: true}
		p.serve = func(*instance) error {
			time.Sleep(time.Millisecond)
			if broken.Load() {
				return trapped()
			}
			return nil
		}
		s := settings()
		s.QuarantineAfter, s.MaxInstances = 4, 16
		var log syncBuffer
		g, err := app.NewGeneration(t.Context(), a, 1, p, s, slog.New(slog.NewTextHandler(&log, nil)))
		if err != nil {
			t.Fatal(err)
		}
		a.Swap(g)
		var served, refused, failed atomic.Int64
		var group sync.WaitGroup
		stop := make(chan struct{})
		for client := range 32 {
			group.Go(func() {
				for {
					select {
					case <-stop:
						return
					case <-time.After(time.Duration(1+client%7) * 3 * time.Millisecond):
					}
					switch fault := serveOne(a); {
					case fault == nil:
						served.Add(1)
					case fault.Kind == guest.KindQuarantined:
						refused.Add(1)
					case fault.Kind == guest.KindTrap:
						failed.Add(1)
					default:
						t.Error(fault)
					}
				}
			})
		}
		for i := range 10 {
			broken.Store(i%2 == 0)
			time.Sleep(5 * time.Second)
			if h := a.Health(); h.Quarantined.IsZero() == broken.Load() {
				t.Errorf("phase %d, broken %t: %+v", i, broken.Load(), h)
			}
		}
		close(stop)
		group.Wait()
		begun, ended := log.count("app quarantined"), log.count("quarantine ended")
		// At most 4 faults, the 16 instances that run by then, and 3 probes: after 1, 3 and 7 seconds.
		if begun != 5 || ended != 5 || served.Load() < 1000 || refused.Load() < 1000 || failed.Load() > 5*(4+16+3) {
			t.Errorf("%d begun, %d ended; %d served, %d turned away, %d failed",
				begun, ended, served.Load(), refused.Load(), failed.Load())
		}
		a.Swap(nil)
		<-g.Closed()
	})
}

// syncBuffer is a log that many write.
type syncBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func (b *syncBuffer) count(text string) int { return strings.Count(b.String(), text) }

// The queue has as many places as queue_length says; a place that becomes free is given again.
func TestQueueLength(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		leave := make(chan struct{})
		a := app.New("fake")
		s := settings()
		s.MaxInstances, s.QueueLength, s.QuarantineAfter = 1, 2, 1
		g := generation(t, &program{t: t, keep: true, serve: func(*instance) error { <-leave; return nil }}, 1, s)
		a.Swap(g)
		var group sync.WaitGroup
		for range 3 { // one runs, two wait
			group.Go(func() {
				if fault := serveOne(a); fault != nil {
					t.Error(fault)
				}
			})
		}
		synctest.Wait()
		const want = `app "fake" generation 1: call: busy: no instance is free and as many requests wait as may; raise queue_length or instances.max`
		for range 3 {
			if fault := serveOne(a); fault == nil || fault.Error() != want {
				t.Errorf("the queue is full: %v", fault)
			}
		}
		leave <- struct{}{}
		synctest.Wait()
		group.Go(func() {
			if fault := serveOne(a); fault != nil {
				t.Error(fault)
			}
		})
		synctest.Wait()
		if fault := serveOne(a); fault == nil || fault.Kind != guest.KindBusy {
			t.Errorf("the queue is full again: %v", fault)
		}
		close(leave)
		group.Wait()
		if h := a.Health(); h != (app.Health{}) {
			t.Errorf("being busy was held against the app: %+v", h)
		}
		a.Swap(nil)
		<-g.Closed()
	})
}

func BenchmarkServe(b *testing.B) {
	s := settings()
	s.QuarantineAfter, s.QueueLength = 10, 100
	g := generation(b, &program{t: b, keep: true}, 1, s)
	b.ReportAllocs()
	for b.Loop() {
		if err := g.Serve(b.Context(), nil); err != nil {
			b.Fatal(fmt.Errorf("Serve: %w", err))
		}
	}
	g.Leave()
	wait(b, g.Closed())
}
