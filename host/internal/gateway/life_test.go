package gateway

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wasgi/wasgi/host/internal/guest"
)

// newLife returns a life that begins now, with a way to end its request.
func newLife(timeout, longest time.Duration) (*life, context.CancelCauseFunc) {
	ctx, cancel := context.WithCancelCause(context.WithValue(context.Background(), http.LocalAddrContextKey, "here"))
	return &life{Context: ctx, started: time.Now(), timeout: timeout, longest: longest}, cancel
}

// A life ends for one reason at one moment, whether somebody looks at it, waits for it, or waits for a child of it.
func TestLifeEnds(t *testing.T) {
	t.Parallel()
	gone := errors.New("gone")
	for name, c := range map[string]struct {
		timeout, longest time.Duration
		after            time.Duration // when it ends
		cause            error
		live             func(l *life, cancel context.CancelCauseFunc) // on a goroutine of its own
	}{
		"timeout":      {timeout: 5, after: 5, cause: guest.ErrTimeout},
		"max_duration": {timeout: 5, longest: 3, after: 3, cause: guest.ErrMaxDuration},
		"max_duration of a body": {timeout: 5, longest: 9, after: 9, cause: guest.ErrMaxDuration, live: func(l *life, _ context.CancelCauseFunc) {
			time.Sleep(4 * time.Nanosecond)
			l.begun.Store(true)
		}},
		"request": {timeout: 5, longest: 9, after: 2, cause: gone, live: func(_ *life, cancel context.CancelCauseFunc) {
			time.Sleep(2 * time.Nanosecond)
			cancel(gone)
		}},
		"request during the body": {timeout: 5, after: 7, cause: gone, live: func(l *life, cancel context.CancelCauseFunc) {
			l.begun.Store(true)
			time.Sleep(7 * time.Nanosecond)
			cancel(gone)
		}},
	} {
		for how, wait := range map[string]func(*life) error{
			"looking": func(l *life) error {
				for l.Err() == nil {
					time.Sleep(1 * time.Nanosecond)
					synctest.Wait() // for what ends a request at this moment
				}
				return context.Cause(l)
			},
			"waiting": func(l *life) error {
				<-l.Done()
				return context.Cause(l)
			},
			"waiting after a look": func(l *life) error {
				_ = l.Err()
				<-l.Done()
				return context.Cause(l)
			},
			"a child's waiting": func(l *life) error {
				ctx, cancel := context.WithTimeout(l, time.Hour)
				defer cancel()
				<-ctx.Done()
				return context.Cause(ctx)
			},
		} {
			t.Run(name+", "+how, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					l, cancel := newLife(c.timeout, c.longest)
					if c.live != nil {
						go c.live(l, cancel)
					}
					cause := wait(l)
					if took := time.Since(l.started); took != c.after || !errors.Is(cause, c.cause) {
						t.Errorf("it ended after %d with %v, want %d and %v", took, cause, c.after, c.cause)
					}
					if !errors.Is(l.Err(), context.Canceled) {
						t.Errorf("Err() = %v", l.Err())
					}
					cancel(nil)
					l.end()
				})
			})
		}
	}
}

// A life without an end of its own has no timer, and keeps what its request carries.
func TestLifeWithoutEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, _ := newLife(5, 0)
		done := l.Done()
		l.begun.Store(true)
		time.Sleep(time.Hour)
		if err := context.Cause(l); err != nil || l.Value(http.LocalAddrContextKey) != "here" {
			t.Errorf("after an hour: %v, %v", err, l.Value(http.LocalAddrContextKey))
		}
		if _, ok := l.Deadline(); ok {
			t.Error("it has a deadline, which its users would take for one that stays")
		}
		l.end()
		<-done
		if !errors.Is(context.Cause(l), context.Canceled) {
			t.Errorf("after its end: %v", context.Cause(l))
		}
	})
}

// Whoever asks in whatever way, all get one answer.
func TestLifeHammer(t *testing.T) {
	t.Parallel()
	for range 200 {
		l, cancel := newLife(50*time.Microsecond, 100*time.Microsecond)
		causes := make([]error, 8)
		var group sync.WaitGroup
		for i := range causes {
			group.Go(func() {
				switch i % 4 {
				case 0:
					<-l.Done()
				case 1:
					child, cancel := context.WithCancel(l)
					<-child.Done()
					cancel()
				case 2:
					l.begun.Store(i == 2)
				}
				for l.Err() == nil {
					l.Value(http.LocalAddrContextKey)
				}
				causes[i] = context.Cause(l)
			})
		}
		group.Wait()
		cancel(nil)
		l.end()
		for _, cause := range causes {
			if cause == nil || cause != causes[0] {
				t.Fatalf("the causes are %v", causes)
			}
		}
	}
}
