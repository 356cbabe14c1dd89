package pool

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
)

// makeInBackground makes one thing with the pool's own context.
func (p *Pool[T]) makeInBackground() {
	defer p.makers.Done()
	if told, err := p.makeOne(p.ctx); err != nil && !told && p.options.Failed != nil {
		p.options.Failed(err)
	}
}

// makeOne runs New in the place that begin took, and hands on what came of it. told says that a user got the error, or
// that the pool is closed and nobody needs it.
func (p *Pool[T]) makeOne(ctx context.Context) (told bool, err error) {
	thing, err := p.callNew(ctx)
	p.mu.Lock()
	p.making--
	if err == nil {
		kept := p.offer(thing)
		p.mu.Unlock()
		if !kept {
			p.options.Close(thing)
		}
		return false, nil
	}
	defer p.mu.Unlock()
	p.live--
	told = p.closed
	if p.waiting.Len() > 0 {
		p.grantFirst(grant[T]{err: err})
		told = true
	}
	// The others that wait need someone to make theirs. This ends, since each failure sends one of them away.
	p.serveWaiting()
	return told, err
}

// callNew turns a panic into an error: it would end the process, and take all other pools with it.
func (p *Pool[T]) callNew(ctx context.Context) (thing T, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("pool: New panicked: %v\n%s", v, debug.Stack())
		}
	}()
	return p.options.New(ctx)
}

// withdraw takes out of what is idle all for which which reports true. They still count as live. which is called with mu held.
func (p *Pool[T]) withdraw(which func(T) bool) (taken []T) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = slices.DeleteFunc(p.idle, func(thing T) bool {
		out := which(thing)
		if out {
			taken = append(taken, thing)
		}
		return out
	})
	return taken
}

// The methods below are called with mu held.

// takeIdle takes the thing that was released last, if one is idle, and forgets it, so that the pool does not keep it from the
// collector.
func (p *Pool[T]) takeIdle() (thing T, ok bool) {
	n := len(p.idle)
	if n == 0 {
		return thing, false
	}
	thing, p.idle[n-1] = p.idle[n-1], thing
	p.idle = p.idle[:n-1]
	if n == 1 {
		p.replenish()
	}
	return thing, true
}

// offer hands a live thing to the first who waits, or lays it by. It reports false if the pool is closed: then the thing
// is no longer counted, and the caller must close it.
func (p *Pool[T]) offer(thing T) bool {
	switch {
	case p.closed:
		p.live--
		return false
	case p.waiting.Len() > 0:
		p.grantFirst(grant[T]{thing: thing})
	default:
		p.idle = append(p.idle, thing)
	}
	return true
}

// grantFirst answers the first who waits. The channel has room for the one answer.
func (p *Pool[T]) grantFirst(g grant[T]) {
	p.waiting.Remove(p.waiting.Front()).(chan grant[T]) <- g
}

// serveWaiting begins to make a thing if more users wait than things are being made, and a place is free.
func (p *Pool[T]) serveWaiting() {
	if p.making < p.waiting.Len() {
		p.beginBackground()
	}
}

// replenish begins to make a thing if fewer than Min are ready or will be. Nobody may be waiting: his would come first.
func (p *Pool[T]) replenish() {
	if len(p.idle)+p.making < p.options.Min {
		p.beginBackground()
	}
}

// beginBackground makes a thing on a goroutine of its own, if a place is free.
func (p *Pool[T]) beginBackground() {
	if p.closed || p.live >= p.options.Max {
		return
	}
	p.begin()
	go p.makeInBackground()
}

// begin takes a place for a thing to be made. A call of makeOne must follow, and then
// one of makers.Done.
func (p *Pool[T]) begin() {
	p.live++
	p.making++
	p.makers.Add(1)
}
