package pool_test

import (
	"slices"
	"testing"
	"testing/synctest"

	"github.com/wasgi/wasgi/host/internal/pool"
)

func TestCloseClosesTheIdleAndThenTheRest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var w workshop
		p := w.pool(0, 3)
		a, b, c := acquire(t, p), acquire(t, p), acquire(t, p)
		p.Release(a)
		p.Close()
		if want := []int{a}; !slices.Equal(w.closed, want) {
			t.Errorf("closed %v, want %v", w.closed, want)
		}
		wantStats(t, p, pool.Stats{InUse: 2})
		p.Release(b)
		p.Discard(c)
		p.Close()
		if want := []int{a, b, c}; !slices.Equal(w.closed, want) {
			t.Errorf("closed %v, want %v", w.closed, want)
		}
		wantStats(t, p, pool.Stats{})
	})
}

func TestAClosedPoolGivesNothing(t *testing.T) {
	t.Parallel()
	w := workshop{}
	p := w.pool(1, 1)
	p.Close()
	if _, err := p.Acquire(t.Context()); err != pool.ErrClosed {
		t.Errorf("Acquire: got %v, want %v", err, pool.ErrClosed)
	}
	if err := p.Fill(t.Context()); err != pool.ErrClosed {
		t.Errorf("Fill: got %v, want %v", err, pool.ErrClosed)
	}
	if w.tries != 0 {
		t.Errorf("%d were made", w.tries)
	}
	if text := "pool: closed"; pool.ErrClosed.Error() != text {
		t.Errorf("the error reads %q, want %q", pool.ErrClosed, text)
	}
}

func TestCloseSendsWaitingUsersAway(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var w workshop
		p := w.pool(0, 1)
		thing := acquire(t, p)
		done := make(chan error, 2)
		for range 2 {
			go func() { _, err := p.Acquire(t.Context()); done <- err }()
		}
		wantStats(t, p, pool.Stats{InUse: 1, Waiting: 2})
		p.Close()
		for range 2 {
			if err := <-done; err != pool.ErrClosed {
				t.Errorf("got %v, want %v", err, pool.ErrClosed)
			}
		}
		p.Discard(thing)
		if want := []int{thing}; !slices.Equal(w.closed, want) || w.tries != 1 {
			t.Errorf("made %d and closed %v, want 1 and %v", w.tries, w.closed, want)
		}
	})
}

func TestCloseEndsAndAwaitsWhatIsBeingMade(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := workshop{gate: make(chan struct{})}
		p := w.pool(2, 2)
		done := make(chan error, 2)
		go func() { _, err := p.Acquire(t.Context()); done <- err }()
		synctest.Wait()
		go func() { done <- p.Fill(t.Context()) }()
		synctest.Wait()
		p.Close()
		for range 2 {
			if err := <-done; err != pool.ErrClosed {
				t.Errorf("got %v, want %v", err, pool.ErrClosed)
			}
		}
		wantStats(t, p, pool.Stats{})
		if len(w.failed) != 0 {
			t.Errorf("Failed was told %q of a pool that was closed", w.failed)
		}
	})
}

// A New that does not listen to its context finishes after Close has begun: its thing must be closed before Close returns.
func TestWhatIsMadeDuringCloseIsClosed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		w := workshop{fail: func(int) error { <-gate; return nil }}
		p := w.pool(0, 1)
		user, closer := make(chan error, 1), make(chan struct{})
		go func() { _, err := p.Acquire(t.Context()); user <- err }()
		synctest.Wait()
		go func() { p.Close(); close(closer) }()
		if err := <-user; err != pool.ErrClosed {
			t.Errorf("got %v, want %v", err, pool.ErrClosed)
		}
		synctest.Wait()
		select {
		case <-closer:
			t.Error("Close returned while New ran")
		default:
		}
		close(gate)
		<-closer
		if want := []int{1}; !slices.Equal(w.closed, want) {
			t.Errorf("closed %v, want %v", w.closed, want)
		}
		wantStats(t, p, pool.Stats{})
	})
}
