package gateway

import (
	"context"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wasgi/wasgi/host/internal/guest"
)

// life is the context of one exchange. It ends with the request, at timeout unless the response's body has begun, and at
// max_duration. Most exchanges are over before anybody waits for that, so the clock is only looked at when somebody asks; a
// channel and a timer are made for the first who waits. Its methods may be called concurrently.
type life struct {
	context.Context  // the request's
	started          time.Time
	timeout, longest time.Duration // from started on; longest is 0 for no bound
	begun            atomic.Bool   // the first byte of the body is out: progress counts, not the time since the request

	mu     sync.Mutex // held while waited is made, and its timer set
	waited atomic.Pointer[waited]
}

// waited is a life that somebody waits for the end of, or that has ended before its request.
type waited struct {
	context.Context
	cancel context.CancelCauseFunc
	timer  *time.Timer
}

// never is the time left of a life that nothing but its request ends.
const never time.Duration = math.MaxInt64

// left is how long the exchange may still take, and why no longer.
func (l *life) left() (time.Duration, error) {
	bound, cause := never, error(nil)
	if l.longest > 0 {
		bound, cause = l.longest, guest.ErrMaxDuration
	}
	if !l.begun.Load() && l.timeout < bound {
		bound, cause = l.timeout, guest.ErrTimeout
	}
	if bound == never {
		return never, nil
	}
	return bound - time.Since(l.started), cause
}

// current is the context that knows whether the life has ended.
func (l *life) current() context.Context {
	if w := l.waited.Load(); w != nil {
		return w
	}
	return l.Context
}

// Err implements [context.Context].
func (l *life) Err() error {
	if err := l.current().Err(); err != nil {
		return err
	}
	left, cause := l.left()
	if left > 0 {
		return nil
	}
	w := l.wait()
	w.cancel(cause)
	return w.Err()
}

// Done implements [context.Context].
func (l *life) Done() <-chan struct{} { return l.wait().Done() }

// Value implements [context.Context].
func (l *life) Value(key any) any { return l.current().Value(key) }

// wait makes a life one that can be waited for.
func (l *life) wait() *waited {
	if w := l.waited.Load(); w != nil {
		return w
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if w := l.waited.Load(); w != nil {
		return w
	}
	w := &waited{}
	w.Context, w.cancel = context.WithCancelCause(l.Context)
	if left, _ := l.left(); left != never {
		w.timer = time.AfterFunc(left, l.expire)
	}
	l.waited.Store(w)
	return w
}

// expire ends the life when its time is over, which it need not be: the body may have begun since the timer was set.
func (l *life) expire() {
	l.mu.Lock()
	defer l.mu.Unlock()
	w := l.waited.Load()
	switch left, cause := l.left(); {
	case left <= 0:
		w.cancel(cause)
	case left != never && w.Err() == nil:
		w.timer.Reset(left)
	}
}

// end releases what was made for those who waited. Nobody may wait any more.
func (l *life) end() {
	if w := l.waited.Load(); w != nil {
		w.cancel(nil)
		if w.timer != nil {
			w.timer.Stop()
		}
	}
}
