package engine_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/wasgi/wasgi/host/internal/engine"
	"github.com/wasgi/wasgi/host/internal/guest"
)

// assembled makes an instance of a module in text form, in an engine that offers app.work, which takes a millisecond, and
// app.wait, which waits for one.
func assembled(t *testing.T, config engine.Config, text string) *engine.Instance {
	t.Helper()
	m := assemble(t, text)
	e := newEngine(t, "", slog.New(slog.DiscardHandler))
	work := func(context.Context, *engine.Instance, []uint64) {
		for begun := time.Now(); time.Since(begun) < time.Millisecond; {
		}
	}
	wait := func(context.Context, *engine.Instance, []uint64) { time.Sleep(time.Millisecond) }
	if err := e.Link(t.Context(), "app", []engine.HostFunction{
		{Name: "work", Call: work}, engine.HostFunction{Name: "wait", Call: wait}.Waiting(),
	}); err != nil {
		t.Fatal(err)
	}
	module, err := e.Compile(t.Context(), m.Data, false, engine.Bounds{})
	if err != nil {
		t.Fatal(err)
	}
	i, err := module.Instantiate(t.Context(), config, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		i.Close()
		_ = module.Close(context.Background())
	})
	return i
}

// deeper calls itself as often as its parameter says, with a frame of one unit of stack: 128 bytes. At last it works for long enough
// to come to a checkpoint.
const deeper = `(module
	(func $work (local i32) (loop (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 200000)))))
	(func $f (export "f") (param i32)
		(if (local.get 0) (then (call $f (i32.sub (local.get 0) (i32.const 1)))) (else (call $work)))))`

// Within the small stack an instance is as good as new; beyond it, it may go on and is not used again; beyond its own, it ends.
func TestStackOfACall(t *testing.T) {
	t.Parallel()
	const units = (1 << 20) / 128
	for _, c := range []struct {
		depth    uint64
		reusable bool
		err      error
	}{
		{0, true, nil},
		{100, true, nil},
		{units - 500, false, nil},
		{10 * units, false, guest.ErrStack},
	} {
		i := assembled(t, config(), deeper)
		err := i.Call(t.Context(), i.Function("f"), []uint64{c.depth})
		if !errors.Is(err, c.err) || err != nil && guest.KindOf(err) != guest.KindBudget {
			t.Errorf("%d deep: %v", c.depth, err)
		}
		if i.Reusable() != c.reusable {
			t.Errorf("%d deep: reusable %t", c.depth, i.Reusable())
		}
	}
}

// A stack below the small one is all there is.
func TestStackBelowTheSmallOne(t *testing.T) {
	t.Parallel()
	little := config()
	little.Stack = 16 << 10
	i := assembled(t, little, deeper)
	if err := i.Call(t.Context(), i.Function("f"), []uint64{100}); err != nil || !i.Reusable() {
		t.Errorf("Call() = %v, reusable %t", err, i.Reusable())
	}
	if err := i.Call(t.Context(), i.Function("f"), []uint64{20_000}); !errors.Is(err, guest.ErrStack) {
		t.Errorf("Call() = %v", err)
	}
}

// Stack that one call has used is there for the next.
func TestStackComesBack(t *testing.T) {
	t.Parallel()
	i := assembled(t, config(), deeper)
	for range 2000 {
		if err := i.Call(t.Context(), i.Function("f"), []uint64{500}); err != nil || !i.Reusable() {
			t.Fatalf("Call() = %v, reusable %t", err, i.Reusable())
		}
	}
}

// What a host function takes that does not wait is processor time of the guest; what one waits for is not.
func TestHostFunctionsTakeProcessorTime(t *testing.T) {
	t.Parallel()
	limited := config()
	limited.CPU = 100 * time.Millisecond
	i := assembled(t, limited, `(module (import "app" "work" (func $work)) (import "app" "wait" (func $wait))
		(global $n (mut i32) (i32.const 0))
		(func (export "work") (loop (global.set $n (i32.add (global.get $n) (i32.const 1))) (call $work)
			(br_if 0 (i32.lt_u (global.get $n) (i32.const 2000)))))
		(func (export "wait") (local $n i32) (loop (call $wait)
			(br_if 0 (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 200)))))
)`)
	if err := i.Call(t.Context(), i.Function("wait"), nil); err != nil {
		t.Fatalf("waiting: %v", err)
	}
	begun := time.Now()
	if err := i.Call(t.Context(), i.Function("work"), nil); !errors.Is(err, guest.ErrCPU) {
		t.Errorf("working: %v", err)
	}
	if took := time.Since(begun); took > time.Second { // 2 s if only checkpoints looked
		t.Errorf("it was ended after %v", took)
	}
}

// Two guests that compute without end share what turns there are: neither waits for the other to end.
func TestGuestsTakeTurns(t *testing.T) {
	t.Parallel()
	const spins = 8
	ctx, cancel := context.WithTimeoutCause(t.Context(), 300*time.Millisecond, guest.ErrTimeout)
	defer cancel()
	ended := make(chan error, spins)
	e := newEngine(t, "", slog.New(slog.DiscardHandler))
	module := compile(t, e, "spin")
	for range spins {
		i, err := module.Instantiate(t.Context(), config(), "")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(i.Close)
		go func() { ended <- i.Call(ctx, i.Function("application"), make([]uint64, 2)) }()
	}
	begun := time.Now()
	for range spins {
		if err := <-ended; !errors.Is(err, guest.ErrTimeout) {
			t.Errorf("Call() = %v", err)
		}
	}
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("they were ended after %v", took)
	}
}
