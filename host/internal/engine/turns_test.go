package engine

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

// idle checks that nobody waits, and that all turns are there.
func (t *turns) idle(tb testing.TB, n int) {
	tb.Helper()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.free != n || t.waiting.Len() != 0 || len(t.queues) != 0 {
		tb.Errorf("%d of %d turns are free, %d groups wait, %d queues", t.free, n, t.waiting.Len(), len(t.queues))
	}
}

// However those who wait and those who cancel meet, no turn is lost and none is made.
func TestTurnsUnderFire(t *testing.T) {
	t.Parallel()
	const most, workers, rounds = 3, 32, 300
	turns := newTurns(most)
	var held, granted, cancelled atomic.Int64
	var group sync.WaitGroup
	for worker := range workers {
		group.Go(func() {
			random := rand.New(rand.NewPCG(uint64(worker), 1))
			for range rounds {
				ctx, cancel := context.WithCancel(t.Context())
				patience := random.IntN(40)
				go func() {
					for range patience {
						runtime.Gosched()
					}
					cancel()
				}()
				if err := turns.take(ctx, worker%5); err != nil {
					cancelled.Add(1)
					continue
				}
				if n := held.Add(1); n > most {
					t.Errorf("%d hold one of %d turns", n, most)
				}
				granted.Add(1)
				runtime.Gosched()
				held.Add(-1)
				turns.give()
			}
		})
	}
	group.Wait()
	turns.idle(t, most)
	if granted.Load() == 0 || cancelled.Load() == 0 {
		t.Errorf("%d granted, %d cancelled: too few to show anything", granted.Load(), cancelled.Load())
	}
}

// queueing is a bubble in which the only turn is taken, and others come for it one after the other.
type queueing struct {
	*turns
	order []string // who was granted it, by name
	mu    sync.Mutex
}

func newQueueing(t *testing.T) *queueing {
	q := &queueing{turns: newTurns(1)}
	if err := q.take(t.Context(), "the first"); err != nil {
		t.Fatal(err)
	}
	return q
}

// come makes somebody wait. He gives the turn on as soon as he has it.
func (q *queueing) come(ctx context.Context, group, name string) {
	go func() {
		if q.take(ctx, group) != nil {
			return
		}
		q.mu.Lock()
		q.order = append(q.order, name)
		q.mu.Unlock()
		q.give()
	}()
	synctest.Wait() // until he stands in the queue
}

// all passes the turn on until nobody waits, and returns who had it.
func (q *queueing) all(t *testing.T) []string {
	q.give()
	synctest.Wait()
	q.idle(t, 1)
	return q.order
}

// A group gets one turn where each other one gets one, however many of it wait.
func TestTurnsAreSharedByGroup(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newQueueing(t)
		for range 50 {
			q.come(t.Context(), "greedy", "greedy")
		}
		for _, group := range []string{"b", "c", "d", "e", "f", "g", "h", "i", "j"} {
			q.come(t.Context(), group, group)
		}
		order := q.all(t)
		if len(order) != 59 {
			t.Fatalf("%d had a turn", len(order))
		}
		if first := order[:10]; !slices.Equal(first, []string{"greedy", "b", "c", "d", "e", "f", "g", "h", "i", "j"}) {
			t.Errorf("the first ten turns went to %q", first)
		}
	})
}

// Two groups with many each take one after the other; within a group the first who came is the first.
func TestTurnsGoInOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newQueueing(t)
		for _, name := range []string{"a1", "a2", "a3", "b1", "b2", "a4"} {
			q.come(t.Context(), name[:1], name)
		}
		if order := q.all(t); !slices.Equal(order, []string{"a1", "b1", "a2", "b2", "a3", "a4"}) {
			t.Errorf("the turns went to %q", order)
		}
	})
}

// Who does not wait any longer leaves the queue, and takes his group's place with him if he was its last.
func TestTurnsAreNotKeptForTheGone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newQueueing(t)
		cause := errors.New("no time")
		ctx, cancel := context.WithCancelCause(t.Context())
		q.come(ctx, "a", "gone")
		q.come(t.Context(), "a", "a")
		q.come(ctx, "b", "gone")
		q.come(t.Context(), "c", "c")
		failed := make(chan error, 1)
		go func() { failed <- q.take(ctx, "d") }()
		synctest.Wait()
		cancel(cause)
		if err := <-failed; err != cause {
			t.Errorf("take() = %v", err)
		}
		synctest.Wait()
		if n := len(q.queues); n != 2 {
			t.Errorf("%d groups wait", n)
		}
		if order := q.all(t); !slices.Equal(order, []string{"a", "c"}) {
			t.Errorf("the turns went to %q", order)
		}
	})
}

// At least one turn is there, on the smallest machine too.
func TestTurnsAreNeverNone(t *testing.T) {
	t.Parallel()
	for _, n := range []int{-1, 0, 1} {
		newTurns(n).idle(t, 1)
	}
}
