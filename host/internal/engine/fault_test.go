package engine_test

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/wasgi/wasgi/host/internal/engine"
	"github.com/wasgi/wasgi/host/internal/guest"
	"github.com/wasgi/wasgi/host/internal/guesttest"
)

func config() engine.Config {
	return engine.Config{Memory: 1 << 20, Stack: 1 << 20, Log: slog.New(slog.DiscardHandler)}
}

func compile(t testing.TB, e *engine.Engine, name string) *engine.Module {
	t.Helper()
	module, err := e.Compile(t.Context(), guesttest.Wasm(t, name), false, engine.Bounds{})
	if err != nil {
		t.Fatal(err)
	}
	return module
}

// expect checks the whole of a fault.
func expect(t testing.TB, err error, kind guest.FaultKind, text string, stack ...string) {
	t.Helper()
	var fault *guest.Fault
	if !errors.As(err, &fault) || fault.Kind != kind || err.Error() != text {
		t.Fatalf("got  %v\nwant %s", err, text)
	}
	if fault.Cause == nil || !slices.Equal(fault.Stack, stack) {
		t.Errorf("cause %v, stack %q, want %q", fault.Cause, fault.Stack, stack)
	}
}

// A host function that panics is the host's fault, whatever it panics with.
func TestHostPanicsAreTheHostsFault(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		value any
		text  string
	}{
		{"out of paper", "a host function panicked: out of paper"},
		{errors.New("no luck"), "a host function panicked: no luck"},
		{42, "a host function panicked: 42"},
	} {
		e := newEngine(t, "", slog.New(slog.DiscardHandler))
		link(t, e, func(context.Context, *engine.Instance, []uint64) { panic(c.value) })
		err := call(t, instantiate(t, e, "stream"))
		expect(t, err, guest.KindHost, "call: host: "+c.text, "wasgi_v1.write", "application")
		_, err = compile(t, e, "start_write").Instantiate(t.Context(), config(), "")
		var fault *guest.Fault
		if !errors.As(err, &fault) || fault.Kind != guest.KindHost || fault.Phase != guest.PhaseInit {
			t.Errorf("in a start section: %v", err)
		}
	}
}

// A guest's exit is a trap, with codes that stand for a done context inside of wazero too.
func TestExitCodes(t *testing.T) {
	t.Parallel()
	module := compile(t, newEngine(t, "", slog.New(slog.DiscardHandler)), "exit_code")
	for code, text := range map[uint64]string{
		0:              "call: trap: the guest exited with code 0",
		1:              "call: trap: the guest exited with code 1",
		math.MaxUint32: "call: trap: the guest exited with code 4294967295",
		0xefffffff:     "call: trap: the guest exited with code 4026531839",
	} {
		i, err := module.Instantiate(t.Context(), config(), "")
		if err != nil {
			t.Fatal(err)
		}
		err = i.Call(t.Context(), i.Function("application"), []uint64{code, 0})
		expect(t, err, guest.KindTrap, text, "wasi_snapshot_preview1.proc_exit", "application")
		i.Close()
	}
}

// A start section is under the same rules as a call.
func TestStartSection(t *testing.T) {
	t.Parallel()
	e := newEngine(t, "", slog.New(slog.DiscardHandler))
	link(t, e, func(context.Context, *engine.Instance, []uint64) { engine.End(guest.ErrStalled) })
	_, err := compile(t, e, "start_exit").Instantiate(t.Context(), config(), "")
	expect(t, err, guest.KindTrap, "init: trap: the guest exited with code 3", "wasi_snapshot_preview1.proc_exit", "start")
	_, err = compile(t, e, "start_write").Instantiate(t.Context(), config(), "")
	expect(t, err, guest.KindClient, "init: client: no progress within write_timeout", "wasgi_v1.write", "start")

	spins := compile(t, e, "start_spin")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 20*time.Millisecond, guest.ErrTimeout)
	defer cancel()
	_, err = spins.Instantiate(ctx, config(), "")
	expect(t, err, guest.KindDeadline, "init: deadline: no first byte of the response within timeout", "start")
	if !errors.Is(err, guest.ErrTimeout) {
		t.Error("the context's cause is lost")
	}
}

// An instance with a context that is over by then is not made.
func TestInstantiateAfterTheEnd(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(guest.ErrShutdown)
	_, err := compile(t, newEngine(t, "", slog.New(slog.DiscardHandler)), "trap").Instantiate(ctx, config(), "")
	expect(t, err, guest.KindDeadline, "init: deadline: the server is shutting down")
}

// Whatever ended a call, the instance cannot be called again: its guest code may be in the middle of anything.
func TestFailedInstanceRefusesCalls(t *testing.T) {
	t.Parallel()
	e := newEngine(t, "", slog.New(slog.DiscardHandler))
	link(t, e, func(context.Context, *engine.Instance, []uint64) { engine.End(guest.ErrStalled) })
	for name, ctx := range map[string]func() (context.Context, context.CancelFunc){
		"trap":   func() (context.Context, context.CancelFunc) { return t.Context(), func() {} },
		"exit":   func() (context.Context, context.CancelFunc) { return t.Context(), func() {} },
		"stream": func() (context.Context, context.CancelFunc) { return t.Context(), func() {} },
		"spin": func() (context.Context, context.CancelFunc) {
			return context.WithTimeout(t.Context(), time.Millisecond)
		},
	} {
		i := instantiate(t, e, name)
		application, allocate := i.Function("application"), i.Function("allocate")
		ended, cancel := ctx()
		if err := i.Call(ended, application, make([]uint64, 2)); err == nil {
			t.Errorf("%s: no fault", name)
		}
		cancel()
		for _, f := range []engine.Function{application, allocate} {
			expect(t, i.Call(t.Context(), f, make([]uint64, 2)), guest.KindHost,
				"call: host: the instance has failed before: it can only be closed")
		}
	}
}

// A call that could not begin leaves the instance whole.
func TestCallAfterTheEnd(t *testing.T) {
	t.Parallel()
	i := instantiate(t, newEngine(t, "", slog.New(slog.DiscardHandler)), "page")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(guest.ErrMaxDuration)
	err := i.Call(ctx, i.Function("application"), make([]uint64, 2))
	expect(t, err, guest.KindDeadline, "call: deadline: response took longer than max_duration")
	if err := call(t, i); err != nil {
		t.Error(err)
	}
}

// A stack is function names alone, whatever they look like.
func TestStackNames(t *testing.T) {
	t.Parallel()
	err := call(t, instantiate(t, newEngine(t, "", slog.New(slog.DiscardHandler)), "names"))
	expect(t, err, guest.KindTrap, "call: trap: unreachable", "$1", "a.b/c<d>", "x:y", "application")
}

// Sleeping ends at once for nothing, and with the context, however long it was to be.
func TestSleep(t *testing.T) {
	t.Parallel()
	module := compile(t, newEngine(t, "", slog.New(slog.DiscardHandler)), "sleep_for")
	for name, c := range map[string]struct {
		high, low uint64 // nanoseconds
		endless   bool
	}{
		"nothing": {0, 0, false}, "a moment": {0, 1000, false},
		"292 years": {math.MaxInt32, math.MaxUint32, true}, "584 years": {math.MaxUint32, math.MaxUint32, true},
	} {
		i, err := module.Instantiate(t.Context(), config(), "")
		if err != nil {
			t.Fatal(err)
		}
		defer i.Close()
		ctx, cancel := context.WithTimeoutCause(t.Context(), 10*time.Second, guest.ErrTimeout)
		if c.endless {
			ctx, cancel = context.WithTimeoutCause(t.Context(), 10*time.Millisecond, guest.ErrTimeout)
		}
		defer cancel()
		stack := []uint64{c.high, c.low}
		err = i.Call(ctx, i.Function("application"), stack)
		switch {
		case c.endless:
			expect(t, err, guest.KindDeadline, "call: deadline: no first byte of the response within timeout",
				"wasi_snapshot_preview1.poll_oneoff", "application")
		case err != nil || stack[0] != 0:
			t.Errorf("%s: %v, errno %d", name, err, stack[0])
		}
	}
}
