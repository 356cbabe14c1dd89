package pool_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/wasgi/wasgi/host/internal/pool"
)

// workshop makes numbered things, 1 first, and counts what becomes of them.
type workshop struct {
	// gate, if set, is received from before each thing is made; fail, if set, says whether making the nth one fails.
	gate chan struct{}
	fail func(n int) error

	mu     sync.Mutex
	tries  int
	closed []int
	failed []string
}

func (w *workshop) make(ctx context.Context) (int, error) {
	w.mu.Lock()
	w.tries++
	n := w.tries
	w.mu.Unlock()
	if w.gate != nil {
		select {
		case <-w.gate:
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		}
	}
	if w.fail != nil {
		if err := w.fail(n); err != nil {
			return 0, err
		}
	}
	return n, nil
}

func (w *workshop) close(thing int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = append(w.closed, thing)
}

func (w *workshop) note(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.failed = append(w.failed, err.Error())
}

func (w *workshop) pool(least, most int) *pool.Pool[int] {
	return pool.New(pool.Options[int]{Min: least, Max: most, New: w.make, Close: w.close, Failed: w.note})
}

func acquire(t *testing.T, p *pool.Pool[int]) int {
	t.Helper()
	thing, err := p.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return thing
}

// wantStats waits until all goroutines of the bubble have settled, and compares.
func wantStats(t *testing.T, p *pool.Pool[int], want pool.Stats) {
	t.Helper()
	synctest.Wait()
	if got := p.Stats(); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestTheLastReleasedGoesFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var w workshop
		p := w.pool(0, 3)
		a, b, c := acquire(t, p), acquire(t, p), acquire(t, p)
		for _, thing := range []int{b, c, a} {
			p.Release(thing)
		}
		wantStats(t, p, pool.Stats{Idle: 3})
		if got, want := []int{acquire(t, p), acquire(t, p), acquire(t, p)}, []int{a, c, b}; !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
		wantStats(t, p, pool.Stats{InUse: 3})
		if w.tries != 3 || len(w.closed) != 0 {
			t.Errorf("made %d and closed %v, want 3 and none", w.tries, w.closed)
		}
	})
}

func TestWaitingIsFirstComeFirstServed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var w workshop
		p := w.pool(0, 1)
		thing := acquire(t, p)
		var order []int
		var mu sync.Mutex
		var users sync.WaitGroup
		const count = 20
		for i := range count {
			users.Go(func() {
				got, err := p.Acquire(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				order = append(order, i)
				mu.Unlock()
				// Every third one spoils the thing: the next in the queue gets a new one.
				if i%3 == 0 {
					p.Discard(got)
				} else {
					p.Release(got)
				}
			})
			wantStats(t, p, pool.Stats{InUse: 1, Waiting: i + 1})
		}
		p.Release(thing)
		users.Wait()
		if !slices.IsSorted(order) || len(order) != count {
			t.Errorf("served in the order %v", order)
		}
	})
}

func TestAWaitingUserGivesUpWithTheCauseOfItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var w workshop
		p := w.pool(0, 1)
		thing := acquire(t, p)
		cause := errors.New("the queue was too long")
		ctx, cancel := context.WithCancelCause(t.Context())
		done := make(chan error, 1)
		go func() { _, err := p.Acquire(ctx); done <- err }()
		wantStats(t, p, pool.Stats{InUse: 1, Waiting: 1})
		cancel(cause)
		if err := <-done; err != cause {
			t.Errorf("got %v, want %v", err, cause)
		}
		wantStats(t, p, pool.Stats{InUse: 1})
		p.Release(thing)
		wantStats(t, p, pool.Stats{Idle: 1})
		if _, err := p.Acquire(ctx); err != cause {
			t.Errorf("with a context that is over: got %v, want %v", err, cause)
		}
	})
}

func TestWhatAnImpatientUserBeganIsKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := workshop{gate: make(chan struct{})}
		p := w.pool(0, 1)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { _, err := p.Acquire(ctx); done <- err }()
		wantStats(t, p, pool.Stats{Waiting: 1})
		cancel()
		if err := <-done; err != context.Canceled {
			t.Errorf("got %v, want %v", err, context.Canceled)
		}
		w.gate <- struct{}{}
		wantStats(t, p, pool.Stats{Idle: 1})
		if thing := acquire(t, p); thing != 1 || w.tries != 1 {
			t.Errorf("got thing %d of %d, want the one that was begun", thing, w.tries)
		}
	})
}

func TestAFailedNewConcernsOneUser(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		broken := errors.New("broken")
		w := workshop{gate: make(chan struct{}), fail: func(n int) error {
			if n == 1 {
				return broken
			}
			return nil
		}}
		p := w.pool(0, 1)
		first, second := make(chan error, 1), make(chan error, 1)
		go func() { _, err := p.Acquire(t.Context()); first <- err }()
		synctest.Wait()
		go func() { _, err := p.Acquire(t.Context()); second <- err }()
		wantStats(t, p, pool.Stats{Waiting: 2})
		w.gate <- struct{}{}
		if err := <-first; err != broken {
			t.Errorf("the first got %v, want %v", err, broken)
		}
		// The second would wait for ever if nobody made another in the place that became free.
		w.gate <- struct{}{}
		if err := <-second; err != nil {
			t.Errorf("the second got %v", err)
		}
		wantStats(t, p, pool.Stats{InUse: 1})
		if len(w.failed) != 0 {
			t.Errorf("Failed was told %q as well", w.failed)
		}
	})
}

func TestAPanicInNewIsAnError(t *testing.T) {
	t.Parallel()
	p := pool.New(pool.Options[int]{
		Max:   1,
		New:   func(context.Context) (int, error) { panic("out of paper") },
		Close: func(int) {},
	})
	for range 2 {
		_, err := p.Acquire(t.Context())
		if err == nil || !strings.HasPrefix(err.Error(), "pool: New panicked: out of paper\ngoroutine ") {
			t.Errorf("got %v", err)
		}
	}
	if got := p.Stats(); got != (pool.Stats{}) {
		t.Errorf("got %+v, want nothing left", got)
	}
}

func TestDiscardIsReplacedUpToMin(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var w workshop
		p := w.pool(2, 4)
		if err := p.Fill(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantStats(t, p, pool.Stats{Idle: 2})
		a, b := acquire(t, p), acquire(t, p)
		// The second one emptied the pool: one more is made ready.
		wantStats(t, p, pool.Stats{Idle: 1, InUse: 2})
		p.Discard(a)
		wantStats(t, p, pool.Stats{Idle: 2, InUse: 1})
		p.Discard(b)
		wantStats(t, p, pool.Stats{Idle: 2})
		if want := []int{a, b}; !slices.Equal(w.closed, want) || w.tries != 4 {
			t.Errorf("made %d and closed %v, want 4 and %v", w.tries, w.closed, want)
		}
	})
}

func TestWithoutMinNothingIsMadeAhead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var w workshop
		p := w.pool(0, 4)
		p.Discard(acquire(t, p))
		p.Release(acquire(t, p))
		p.Discard(acquire(t, p))
		wantStats(t, p, pool.Stats{})
		if w.tries != 2 {
			t.Errorf("made %d, want 2", w.tries)
		}
	})
}

func TestAFailedReplacementIsReportedAndNotRetried(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := workshop{fail: func(n int) error {
			if n > 2 {
				return fmt.Errorf("try %d failed", n)
			}
			return nil
		}}
		p := w.pool(1, 2)
		if err := p.Fill(t.Context()); err != nil {
			t.Fatal(err)
		}
		a := acquire(t, p)
		wantStats(t, p, pool.Stats{Idle: 1, InUse: 1})
		b := acquire(t, p)
		wantStats(t, p, pool.Stats{InUse: 2})
		p.Discard(a)
		synctest.Wait()
		p.Discard(b)
		wantStats(t, p, pool.Stats{})
		if want := []string{"try 3 failed", "try 4 failed"}; !slices.Equal(w.failed, want) {
			t.Errorf("Failed was told %q, want %q", w.failed, want)
		}
		if _, err := p.Acquire(t.Context()); err == nil || err.Error() != "try 5 failed" {
			t.Errorf("got %v, want the fifth try's error", err)
		}
	})
}

func TestFillReturnsTheFirstError(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	w := workshop{fail: func(n int) error {
		if n == 2 {
			return broken
		}
		return nil
	}}
	p := w.pool(3, 3)
	if err := p.Fill(t.Context()); err != broken {
		t.Errorf("got %v, want %v", err, broken)
	}
	if got, want := p.Stats(), (pool.Stats{Idle: 1}); got != want || len(w.failed) != 0 {
		t.Errorf("got %+v, Failed told %q, want %+v and nothing", got, w.failed, want)
	}
	if err := p.Fill(t.Context()); err != nil {
		t.Errorf("the second time: %v", err)
	}
	if got, want := p.Stats(), (pool.Stats{Idle: 3}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestFillGivesNewItsContext(t *testing.T) {
	t.Parallel()
	cause := errors.New("start-up took too long")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	w := workshop{gate: make(chan struct{})}
	if err := w.pool(1, 1).Fill(ctx); err != cause {
		t.Errorf("got %v, want %v", err, cause)
	}
}

func TestOptionsThatMakeNoSensePanic(t *testing.T) {
	t.Parallel()
	made, closed := func(context.Context) (int, error) { return 0, nil }, func(int) {}
	cases := []struct {
		options pool.Options[int]
		want    string
	}{
		{pool.Options[int]{New: made, Close: closed}, "pool: min 0 and max 0: want 0 <= min <= max and 1 <= max"},
		{pool.Options[int]{Min: -1, Max: 1, New: made, Close: closed}, "pool: min -1 and max 1: want 0 <= min <= max and 1 <= max"},
		{pool.Options[int]{Min: 2, Max: 1, New: made, Close: closed}, "pool: min 2 and max 1: want 0 <= min <= max and 1 <= max"},
		{pool.Options[int]{Max: 1, Close: closed}, "pool: New and Close must be set"},
		{pool.Options[int]{Max: 1, New: made}, "pool: New and Close must be set"},
	}
	for _, c := range cases {
		func() {
			defer func() {
				if got := recover(); got != c.want {
					t.Errorf("got %v, want %s", got, c.want)
				}
			}()
			pool.New(c.options)
		}()
	}
}

// What is in use stays, and nothing is made before somebody asks.
func TestEmptyClosesWhatIsIdle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var w workshop
		p := w.pool(2, 3)
		if err := p.Fill(t.Context()); err != nil {
			t.Fatal(err)
		}
		inUse := acquire(t, p)
		wantStats(t, p, pool.Stats{Idle: 1, InUse: 1})
		p.Empty()
		wantStats(t, p, pool.Stats{InUse: 1})
		p.Release(inUse)
		wantStats(t, p, pool.Stats{Idle: 1})
		p.Empty()
		p.Empty()
		wantStats(t, p, pool.Stats{})
		if w.tries != 2 || len(w.closed) != 2 {
			t.Errorf("made %d and closed %v, want 2 and both", w.tries, w.closed)
		}
		p.Release(acquire(t, p))
		p.Release(acquire(t, p)) // takes the last one that is ready
		wantStats(t, p, pool.Stats{Idle: 2})
		p.Close()
		p.Empty()
		wantStats(t, p, pool.Stats{})
	})
}

// While what was idle is being closed its places are taken: whoever comes then waits, and must not be forgotten.
func TestEmptyServesWhoWaitedMeanwhile(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		closing := make(chan struct{})
		p := pool.New(pool.Options[int]{
			Max:   1,
			New:   func(context.Context) (int, error) { return 1, nil },
			Close: func(int) { <-closing },
		})
		p.Release(acquire(t, p))
		go p.Empty()
		synctest.Wait()
		var user sync.WaitGroup
		user.Go(func() { p.Release(acquire(t, p)) })
		wantStats(t, p, pool.Stats{InUse: 1, Waiting: 1})
		close(closing)
		user.Wait()
		wantStats(t, p, pool.Stats{Idle: 1})
		p.Close()
	})
}

func TestRenewReplacesWhatIsOld(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var w workshop
		p := w.pool(2, 3)
		if err := p.Fill(t.Context()); err != nil {
			t.Fatal(err)
		}
		p.Renew(func(n int) bool { return n == 1 })
		wantStats(t, p, pool.Stats{Idle: 2})
		if !slices.Equal(w.closed, []int{1}) || w.tries != 3 {
			t.Errorf("made %d and closed %v, want 3 and the first", w.tries, w.closed)
		}
		p.Close()
	})
}
