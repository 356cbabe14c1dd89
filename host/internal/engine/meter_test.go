package engine

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wasgi/wasgi/host/internal/guest"
)

// uses checks how much processor time has been counted.
func (m *meter) uses(t *testing.T, want time.Duration) {
	t.Helper()
	if m.used != want {
		t.Errorf("%v are counted, want %v", m.used, want)
	}
}

func (m *meter) passes(t *testing.T) {
	t.Helper()
	if err := m.check(t.Context()); err != nil {
		t.Errorf("check() = %v", err)
	}
}

// What passes between start and stop is counted, once, whoever asks in between.
func TestMeterCounts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := meter{turns: newTurns(1)}
		m.start()
		time.Sleep(300 * time.Microsecond)
		m.passes(t)
		m.passes(t)
		m.uses(t, 300*time.Microsecond)
		time.Sleep(time.Microsecond)
		m.stop()
		m.uses(t, 301*time.Microsecond)
		time.Sleep(time.Second) // the host waits for something
		m.stop()
		m.uses(t, 301*time.Microsecond)
		m.start()
		time.Sleep(time.Microsecond)
		m.stop()
		m.uses(t, 302*time.Microsecond)
	})
}

// The limit is what may be used, and the end of the context counts for more.
func TestMeterEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := meter{turns: newTurns(1), limit: 10 * time.Millisecond}
		m.start()
		time.Sleep(10 * time.Millisecond)
		m.passes(t)
		time.Sleep(time.Nanosecond)
		if err := m.check(t.Context()); err != guest.ErrCPU {
			t.Errorf("check() = %v beyond the limit", err)
		}
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(guest.ErrTimeout)
		if err := m.check(ctx); err != guest.ErrTimeout {
			t.Errorf("check() = %v when both are over", err)
		}
		m.stop()
		m.turns.idle(t, 1)

		endless := meter{turns: newTurns(1)}
		endless.start()
		time.Sleep(time.Hour)
		endless.passes(t)
		endless.uses(t, time.Hour)
	})
}

// Whoever wants little never waits for a turn; whoever wants more takes one, and gives it back.
func TestMeterTakesATurnAfterTheCourtesy(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := meter{turns: newTurns(1), group: "a"}
		m.start()
		time.Sleep(courtesy)
		m.passes(t)
		if m.hasTurn {
			t.Error("it took a turn for as much as everybody may")
		}
		time.Sleep(time.Nanosecond)
		m.passes(t)
		if !m.hasTurn || m.turns.free != 0 {
			t.Errorf("it has a turn: %t, %d are free", m.hasTurn, m.turns.free)
		}
		m.stop()
		m.turns.idle(t, 1)
		m.stop()
		m.turns.idle(t, 1)
	})
}

// A turn lasts for as long as nobody else wants it, and for a slice if somebody does. To wait for one costs nothing.
func TestMeterPassesTurnsOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		turns := newTurns(1)
		a, b := meter{turns: turns, group: "a"}, meter{turns: turns, group: "b"}
		a.start()
		time.Sleep(2 * slice)
		a.passes(t) // takes the turn
		time.Sleep(2 * slice)
		a.passes(t) // keeps it
		done := make(chan struct{})
		go func() {
			defer close(done)
			b.start()
			b.used = 2 * courtesy // from before
			b.passes(t)
			time.Sleep(slice / 2)
			b.stop()
			b.uses(t, 2*courtesy+slice/2)
		}()
		synctest.Wait()
		if b.hasTurn {
			t.Error("both have the one turn")
		}
		a.passes(t) // has had it for long, and waits for it now
		<-done
		if !a.hasTurn {
			t.Error("it did not get its turn back")
		}
		a.uses(t, 4*slice)

		time.Sleep(slice - 1)
		go func() {
			if turns.take(t.Context(), "b") == nil {
				turns.give()
			}
		}()
		synctest.Wait()
		a.passes(t)
		if a.uses(t, 5*slice-1); a.turn != a.since-(slice-1) {
			t.Error("it gave its turn away before the slice was over")
		}
		a.stop()
		synctest.Wait()
		turns.idle(t, 1)
	})
}

// A call that ends while it waits for a turn leaves none behind, and is not charged for the wait.
func TestMeterEndsWhileItWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		turns := newTurns(1)
		if err := turns.take(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		m := meter{turns: turns, group: "b"}
		m.start()
		time.Sleep(2 * courtesy)
		cause := errors.New("over")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, cause)
		defer cancel()
		if err := m.check(ctx); err != cause {
			t.Errorf("check() = %v", err)
		}
		m.stop()
		m.uses(t, 2*courtesy)
		turns.give()
		turns.idle(t, 1)
	})
}
