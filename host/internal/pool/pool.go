// Package pool is a bounded pool of things that one user at a time may have. What the things are is the caller's business.
//
// A thing is given back with one of two verbs. Release puts it back for the next user; Discard closes it, for a thing that
// must not be used again. Both free the user's place.
//
// The invariants: never more than Max things are live, counting those being made; each is closed exactly once; nobody
// waits while a thing is idle, or while a place is free and nothing is being made for him.
//
// New and Close run without any lock held. New runs on a goroutine of its own, with a context that ends when the pool is
// closed and not when the user who wanted the thing gives up: what was begun is finished and kept for the next user, so
// that impatient users cannot keep a slow New from ever succeeding.
package pool

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"sync"
)

// ErrClosed is returned by a pool that was closed.
var ErrClosed = errors.New("pool: closed")

// Options say how large a pool is and how its things are made.
type Options[T any] struct {
	// Min things are kept ready. The pool may be below it for a while: after a failed New, and until Fill.
	Min int
	// Max things are live at once, at least 1 and at least Min.
	Max int
	// New makes a thing. Up to Max calls run concurrently. A panic in it counts as an error.
	New func(context.Context) (T, error)
	// Close ends a thing. It is called once for each, concurrently for different ones.
	Close func(T)
	// Failed is told, if it is set, of an error of New that no user is waiting for.
	Failed func(error)
}

// Pool is a bounded pool. Its methods may be called concurrently, but not Close from within New or Failed.
type Pool[T any] struct {
	options Options[T]
	ctx     context.Context // what New gets; ends with Close
	cancel  context.CancelCauseFunc
	makers  sync.WaitGroup // calls of New; added to under mu, while not closed

	mu      sync.Mutex
	idle    []T        // the last one is the next to go
	waiting *list.List // of chan grant[T], in the order of arrival
	making  int        // calls of New that run
	live    int        // idle, in use and being made: at most Max
	closed  bool
}

// grant is what a waiting user gets: a thing, or why there is none.
type grant[T any] struct {
	thing T
	err   error
}

// Stats are the numbers of one moment.
type Stats struct {
	Idle    int // ready for use
	InUse   int // acquired and not yet given back
	Waiting int // users that wait
}

// New makes an empty pool. It panics if the options make no sense.
func New[T any](options Options[T]) *Pool[T] {
	if options.Max < 1 || options.Min < 0 || options.Min > options.Max {
		panic(fmt.Sprintf("pool: min %d and max %d: want 0 <= min <= max and 1 <= max", options.Min, options.Max))
	}
	if options.New == nil || options.Close == nil {
		panic("pool: New and Close must be set")
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	return &Pool[T]{options: options, ctx: ctx, cancel: cancel, waiting: list.New()}
}

// Acquire returns the thing that was released last, or waits for one: for a new one while fewer than Max are live, else
// for whatever is given back, first come first served. The error is [ErrClosed], the error of New, or the cause of ctx.
// The thing must be given back with [Pool.Release] or [Pool.Discard].
func (p *Pool[T]) Acquire(ctx context.Context) (thing T, err error) {
	if ctx.Err() != nil {
		return thing, context.Cause(ctx)
	}
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return thing, ErrClosed
	}
	if thing, ok := p.takeIdle(); ok {
		p.mu.Unlock()
		return thing, nil
	}
	ready := make(chan grant[T], 1)
	place := p.waiting.PushBack(ready)
	p.serveWaiting()
	p.mu.Unlock()

	select {
	case g := <-ready:
		return g.thing, g.err
	case <-ctx.Done():
		return p.giveUp(ctx, place, ready)
	}
}

// TryAcquire returns the thing that was released last, or false if none is idle. It never waits, and makes nothing for the
// caller. The thing must be given back with [Pool.Release] or [Pool.Discard].
func (p *Pool[T]) TryAcquire() (T, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.takeIdle()
}

// giveUp leaves the queue. A grant that came at the same moment is taken, since nobody else would.
func (p *Pool[T]) giveUp(ctx context.Context, place *list.Element, ready chan grant[T]) (thing T, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case g := <-ready:
		return g.thing, g.err
	default:
		p.waiting.Remove(place)
		return thing, context.Cause(ctx)
	}
}

// Release puts a thing back for the next user. The caller must not touch it any more.
func (p *Pool[T]) Release(thing T) {
	p.mu.Lock()
	kept := p.offer(thing)
	p.mu.Unlock()
	if !kept {
		p.options.Close(thing)
	}
}

// Discard closes a thing that must not be used again and frees its place. One replacement is begun in the background, if
// somebody waits or fewer than Min are ready.
func (p *Pool[T]) Discard(thing T) {
	p.options.Close(thing)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.live--
	if p.waiting.Len() > 0 {
		p.serveWaiting()
	} else {
		p.replenish()
	}
}

// Empty closes what is idle and makes nothing in its place: the pool gets back to Min when it is used again.
func (p *Pool[T]) Empty() {
	idle := p.withdraw(func(T) bool { return true })
	for _, thing := range idle {
		p.options.Close(thing)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.live -= len(idle)
	p.serveWaiting() // whoever came meanwhile may have found no place
}

// Renew discards what is idle and old.
func (p *Pool[T]) Renew(old func(T) bool) {
	for _, thing := range p.withdraw(old) {
		p.Discard(thing)
	}
}

// Fill makes things until Min are live, and returns the first error. It is meant for the time before the first Acquire:
// New runs on the caller's goroutine, with ctx.
func (p *Pool[T]) Fill(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(p.ctx, func() { cancel(ErrClosed) })()
	for {
		p.mu.Lock()
		if p.closed {
			p.mu.Unlock()
			return ErrClosed
		}
		if p.live >= p.options.Min {
			p.mu.Unlock()
			return nil
		}
		p.begin()
		p.mu.Unlock()
		_, err := p.makeOne(ctx)
		p.makers.Done()
		if err != nil {
			return err
		}
	}
}

// Close closes what is idle, and the rest as it is given back. It makes every waiting user fail with [ErrClosed], and
// returns when no New runs any more. It may be called twice.
func (p *Pool[T]) Close() {
	p.mu.Lock()
	p.closed = true
	idle := p.idle
	p.idle = nil
	p.live -= len(idle)
	for p.waiting.Len() > 0 {
		p.grantFirst(grant[T]{err: ErrClosed})
	}
	p.mu.Unlock()
	p.cancel(ErrClosed)
	for _, thing := range idle {
		p.options.Close(thing)
	}
	p.makers.Wait()
}

// Stats returns how many things are idle and in use, and how many users wait.
func (p *Pool[T]) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return Stats{Idle: len(p.idle), InUse: p.live - p.making - len(p.idle), Waiting: p.waiting.Len()}
}
