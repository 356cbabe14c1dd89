package engine

import (
	"context"
	"runtime"
	"time"

	"github.com/wasgi/wasgi/host/internal/guest"
)

const (
	// courtesy is the processor time after which a call must take turns with others that have used as much.
	courtesy = time.Millisecond
	// slice is how long a turn lasts while others wait for one.
	slice = 5 * time.Millisecond
	// respite is how often a guest that computes lets Go's scheduler and garbage collector have a word.
	respite = time.Millisecond
)

// meter measures the processor time that a guest takes: from where the host enters it to where it calls a host function that
// may wait, and from that function's return on. One goroutine uses it.
type meter struct {
	turns *turns
	group any // who shares a turn's place in the queue
	limit time.Duration

	used     time.Duration // up to since
	since    time.Duration // on the clock; what has passed since then counts too
	paused   time.Duration // when Go's scheduler was last let in
	turn     time.Duration // when the turn was taken
	hasTurn  bool
	counting bool
}

// epoch is when the clock began.
var epoch = time.Now()

// now is a time that only rises, and is cheap to read.
func now() time.Duration { return time.Since(epoch) }

// start begins to count.
func (m *meter) start() {
	m.since, m.counting = now(), true
	m.paused = m.since
}

// stop stops counting and gives the turn back. It may be called twice.
func (m *meter) stop() {
	if m.counting {
		m.used += now() - m.since
		m.counting = false
	}
	if m.hasTurn {
		m.turns.give()
		m.hasTurn = false
	}
}

// check counts, lets others have their turn, and returns why the guest must end, or nil. The time that others take is not
// counted.
func (m *meter) check(ctx context.Context) error {
	at := now()
	m.used += at - m.since
	m.since = at
	if err := m.over(ctx); err != nil {
		m.counting = false
		return err
	}
	if m.used > courtesy {
		if err := m.takeTurns(ctx, at); err != nil {
			m.counting = false
			return err
		}
	}
	if at-m.paused > respite {
		runtime.Gosched()
		m.paused = now()
		m.since = m.paused
	}
	return nil
}

func (m *meter) over(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if m.limit > 0 && m.used > m.limit {
		return guest.ErrCPU
	}
	return nil
}

// takeTurns gets a turn, or another one when this one has lasted long enough and somebody wants it.
func (m *meter) takeTurns(ctx context.Context, at time.Duration) error {
	if m.hasTurn {
		if at-m.turn < slice || !m.turns.wanted() {
			return nil
		}
		m.turns.give()
		m.hasTurn = false
	}
	if err := m.turns.take(ctx, m.group); err != nil {
		return err
	}
	m.hasTurn, m.turn = true, now()
	m.since = m.turn
	return nil
}
