package engine

import (
	"container/list"
	"context"
	"sync"
)

// turns shares the processors among guests that want much of them. There are fewer turns than Go has processors, so that one
// of them always looks after the network and the guests that want little; without it, events would be looked at a hundred
// times a second. Those who wait are served by group, one of each in turn, so that a group does not get more for wanting more.
type turns struct {
	mu      sync.Mutex
	free    int
	waiting *list.List            // of *queue, the next one first; none is empty
	queues  map[any]*list.Element // by group
}

// queue holds who waits of one group, first come first served.
type queue struct {
	group any
	wait  []chan struct{}
}

func newTurns(n int) *turns {
	return &turns{free: max(n, 1), waiting: list.New(), queues: map[any]*list.Element{}}
}

// take waits for a turn, or returns the cause of ctx. group must be comparable.
func (t *turns) take(ctx context.Context, group any) error {
	t.mu.Lock()
	if t.free > 0 {
		t.free--
		t.mu.Unlock()
		return nil
	}
	granted := make(chan struct{})
	t.enqueue(group, granted)
	t.mu.Unlock()
	select {
	case <-granted:
		return nil
	case <-ctx.Done():
	}
	t.mu.Lock()
	waits := t.remove(group, granted)
	t.mu.Unlock()
	if !waits {
		t.give() // it was granted in the same moment
	}
	return context.Cause(ctx)
}

// give passes a turn on.
func (t *turns) give() {
	t.mu.Lock()
	defer t.mu.Unlock()
	first := t.waiting.Front()
	if first == nil {
		t.free++
		return
	}
	q := first.Value.(*queue)
	close(q.wait[0])
	q.wait = q.wait[1:]
	if len(q.wait) == 0 {
		t.drop(first)
	} else {
		t.waiting.MoveToBack(first)
	}
}

// wanted reports whether anybody waits.
func (t *turns) wanted() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.waiting.Len() > 0
}

func (t *turns) enqueue(group any, granted chan struct{}) {
	e := t.queues[group]
	if e == nil {
		e = t.waiting.PushBack(&queue{group: group})
		t.queues[group] = e
	}
	q := e.Value.(*queue)
	q.wait = append(q.wait, granted)
}

// remove takes one who waits out of its queue, and reports whether it was still there.
func (t *turns) remove(group any, granted chan struct{}) bool {
	e := t.queues[group]
	if e == nil {
		return false
	}
	q := e.Value.(*queue)
	for i, w := range q.wait {
		if w == granted {
			q.wait = append(q.wait[:i], q.wait[i+1:]...)
			if len(q.wait) == 0 {
				t.drop(e)
			}
			return true
		}
	}
	return false
}

func (t *turns) drop(e *list.Element) {
	delete(t.queues, e.Value.(*queue).group)
	t.waiting.Remove(e)
}
