package abitest

import (
	"context"
	"errors"
	"time"
)

var (
	errTime  = errors.New("it did not return in time")
	errGrace = errors.New("it did not return in time, and cannot be stopped")
)

// grace is how long a call may take to notice that its time is over.
const grace = 2 * time.Second

// within runs a call of the guest within the timeout. Code without loops does not see that it should end: it is left alone.
func (h *strictHost) within(ctx context.Context, call func(context.Context) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, h.options.Timeout, errTime)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- call(ctx) }()
	select {
	case err := <-done:
		if err != nil && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return err
	case <-ctx.Done():
	}
	select {
	case <-done:
		return context.Cause(ctx)
	case <-time.After(grace):
		h.mu.Lock()
		defer h.mu.Unlock()
		h.lost = true
		return errGrace
	}
}

// hosted runs a host function, for nobody who was given up: the judge is no longer theirs.
func (h *strictHost) hosted(f func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.lost {
		panic(errGrace)
	}
	f()
}
