package engine_test

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"testing"
	"time"

	"github.com/wasgi/wasgi/host/internal/engine"
	"github.com/wasgi/wasgi/host/internal/guest"
)

// timing is what a call did to the process.
type timing struct {
	// took is how long the call lasted; pause is the longest time that a turn of another goroutine took meanwhile, which
	// collects garbage in each and is idle for 5 ms.
	took, pause time.Duration
	err         error
}

// timed runs call, which gets a context with that deadline, while another goroutine collects garbage.
func timed(ctx context.Context, deadline time.Duration, call func(context.Context) error) timing {
	ctx, cancel := context.WithTimeoutCause(ctx, deadline, guest.ErrTimeout)
	defer cancel()
	done, longest := make(chan struct{}), make(chan time.Duration, 1)
	begin := time.Now()
	go func() {
		var pause time.Duration
		for last := begin; ; {
			runtime.GC()
			pause, last = max(pause, time.Since(last)), time.Now()
			select {
			case <-done:
				longest <- pause
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	err := call(ctx)
	took := time.Since(begin)
	close(done)
	return timing{took, <-longest, err}
}

// note puts a timing among what was measured.
func (m measured) note(of timing) {
	m["took"], m["pause"], m["failed"] = int64(of.took), int64(of.pause), 0
	if of.err != nil {
		m["failed"] = 1
	}
}

// enough finds the smallest n from first on for which work takes 50 ms, so that what is built on it is long on any machine. The
// shortest of three times counts: a machine that is busy for a moment must not pass for a slow one.
func enough(first uint64, next func(uint64) uint64, work func(uint64) error) (uint64, error) {
	for n := first; ; n = next(n) {
		shortest := time.Hour
		for range 3 {
			begin := time.Now()
			if err := work(n); err != nil {
				return 0, err
			}
			shortest = min(shortest, time.Since(begin))
		}
		if shortest > 50*time.Millisecond {
			return n, nil
		}
	}
}

// late are the deadlines that guests are stopped at here, and what must hold in any case on a busy machine.
const (
	lateDeadline = 200 * time.Millisecond
	lateEnd      = 2 * time.Second
	latePause    = 500 * time.Millisecond
)

// stopped runs a guest's application under a deadline, and checks that it is ended near it, and that garbage can be collected
// meanwhile.
func stopped(t *testing.T, data []byte, deadline time.Duration, params ...uint64) {
	t.Helper()
	i := instantiateBytes(t, data, 1<<30)
	application := i.Function("application")
	got := timed(t.Context(), deadline, func(ctx context.Context) error {
		return i.Call(ctx, application, append(params, 0, 0)[:2])
	})
	t.Logf("ended %v after its deadline, longest turn of collecting garbage %v", got.took-deadline, got.pause)
	var fault *guest.Fault
	if !errors.As(got.err, &fault) || fault.Kind != guest.KindDeadline {
		t.Errorf("Call() = %v", got.err)
	}
	if got.took > deadline+lateEnd || got.pause > latePause {
		t.Errorf("the call ended after %v, a turn of collecting garbage took %v", got.took, got.pause)
	}
}

// instantiateBytes makes an instance that may have that much memory, in an engine of its own.
func instantiateBytes(t *testing.T, data []byte, memory int64) *engine.Instance {
	t.Helper()
	e := newEngine(t, "", slog.New(slog.DiscardHandler))
	module, err := e.Compile(t.Context(), data, false, engine.Bounds{})
	if err != nil {
		t.Fatal(err)
	}
	config := config()
	config.Memory = memory
	i, err := module.Instantiate(t.Context(), config, "_initialize")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		i.Close()
		_ = module.Close(context.Background())
	})
	return i
}
