package engine_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/wasgi/wasgi/host/internal/engine"
	"github.com/wasgi/wasgi/host/internal/guesttest"
	"github.com/wasgi/wasgi/host/internal/wasm"
)

// preamble is what every module begins with.
const preamble = "\x00asm\x01\x00\x00\x00"

// refused checks that a file is refused before any compiler sees it, with an error that has these words.
func refused(t *testing.T, data []byte, kind wasm.Kind, words string) {
	t.Helper()
	_, err := wasm.Parse(data, wasm.DefaultLimits())
	var refusal *wasm.Error
	if !errors.As(err, &refusal) || refusal.Kind != kind || !strings.Contains(err.Error(), words) {
		t.Errorf("Parse() = %v, want a %s: %s", err, kind, words)
	}
}

// refusedByEngine checks that the engine says the same as the validator.
func refusedByEngine(t *testing.T, data []byte) {
	t.Helper()
	_, want := wasm.Parse(data, wasm.DefaultLimits())
	_, err := newEngine(t, "", slog.New(slog.DiscardHandler)).Compile(t.Context(), data, false, engine.Bounds{})
	if want == nil || err == nil || !strings.Contains(err.Error(), want.Error()) {
		t.Errorf("Compile() = %v, want %v", err, want)
	}
}

// A few bytes kill the process: counts are believed before anything is read, and Go ends for want of memory.
func TestFact1_CountsAreBelieved(t *testing.T) {
	for _, c := range []struct {
		name, data string
		words      string
	}{
		{"17 bytes: 2^32-1 imports", preamble + "\x02\x05\xff\xff\xff\xff\x0f", "4294967295 imports, at most 4096"},
		{"25 bytes: 2^32-1 functions", preamble + "\x01\x04\x01\x60\x00\x00\x03\x05\xff\xff\xff\xff\x0f\x0a\x00",
			"4294967295 functions, at most 200000"},
		{"30 bytes: 2^32-1 locals", preamble + "\x01\x04\x01\x60\x00\x00\x03\x02\x01\x00\x0a\x0a\x01\x08\x01\xff\xff\xff\xff\x0f\x7f\x0b",
			"4294967295 locals, at most 50000"},
	} {
		t.Run("bare/"+c.name, func(t *testing.T) {
			needsLimit(t)
			got := bare(t, func(ctx context.Context, m measured) error {
				_, err := wazero.NewRuntime(ctx).CompileModule(ctx, []byte(c.data))
				return fmt.Errorf("the compiler lives: %w", err)
			})
			if !strings.HasPrefix(got.died, "fatal error: ") && !strings.HasPrefix(got.died, "runtime: ") {
				t.Errorf("the process ended otherwise: %s", got.died)
			}
		})
		t.Run("here/"+c.name, func(t *testing.T) {
			refused(t, []byte(c.data), wasm.KindLimit, c.words)
			refusedByEngine(t, []byte(c.data))
		})
	}
}

// Compiling takes much more than twice as long for code that is twice as long, and no context ends it. 400 loops in one another,
// 6,400 bytes, take 26 s.
func TestFact2_CompilingIsNotBounded(t *testing.T) {
	const deadline = 10 * time.Millisecond
	t.Run("bare", func(t *testing.T) {
		got := bare(t, func(ctx context.Context, m measured) error {
			runtime := wazero.NewRuntime(ctx)
			ctx, cancel := context.WithTimeout(ctx, deadline)
			defer cancel()
			for name, n := range map[string]int{"single": 80, "double": 160} {
				begin := time.Now()
				if _, err := runtime.CompileModule(ctx, guesttest.NestedLoops(n, n)); err != nil {
					return err
				}
				m[name] = int64(time.Since(begin))
			}
			return nil
		})
		if got.duration("double") < 5*deadline {
			t.Errorf("a context that was over for long ended compiling after %v", got.duration("double"))
		}
		if got.measured["double"] < 3*got.measured["single"] { // n^3.8 would be 14 times
			t.Errorf("80 loops in one another take %v to compile, 160 take %v", got.duration("single"), got.duration("double"))
		}
	})
	t.Run("here", func(t *testing.T) {
		refused(t, guesttest.NestedLoops(400, 400), wasm.KindLimit, "units of compile cost")
		refusedByEngine(t, guesttest.NestedLoops(400, 400))
	})
	t.Run("here/what the validator lets pass", func(t *testing.T) { compileEnds(t) })
}

// compileEnds checks that compiling stops with its context.
func compileEnds(t *testing.T) {
	t.Helper()
	slow := guesttest.NestedLoops(150, 150)
	if _, err := wasm.Parse(slow, wasm.DefaultLimits()); err != nil {
		t.Fatal(err)
	}
	e := newEngine(t, "", slog.New(slog.DiscardHandler))
	const deadline = 50 * time.Millisecond
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	begin := time.Now()
	_, err := e.Compile(ctx, slow, false, engine.Bounds{})
	if took := time.Since(begin); !errors.Is(err, context.DeadlineExceeded) || took > deadline+lateEnd {
		t.Errorf("Compile() = %v after %v", err, took)
	}
}

// badSelect makes the compiler panic, with all its experimental features off: it passes its validation, and then one byte of the
// type that select names, the 6, is compiled as an instruction.
const badSelect = preamble + "\x01\x16\x07\x60\x00\x00\x60\x00\x00\x60\x00\x00\x60\x00\x00\x60\x00\x00\x60\x00\x00\x60\x00\x00" +
	"\x03\x02\x01\x00" + "\x0a\x0a\x01\x08\x00\x00\x1c\x01\x63\x06\x1a\x0b"

// With several workers nobody recovers a panic of the compiler, and it takes the process.
func TestFact11_CompileWorkersPanic(t *testing.T) {
	compileWith := func(workers int) func(context.Context, measured) error {
		return func(ctx context.Context, m measured) (err error) {
			defer func() {
				if recover() != nil {
					m["recovered"] = 1
				}
			}()
			ctx = experimental.WithCompilationWorkers(ctx, workers)
			_, err = wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigCompiler()).CompileModule(ctx, []byte(badSelect))
			return err
		}
	}
	t.Run("bare/one worker", func(t *testing.T) {
		if got := bare(t, compileWith(1)); got.measured["recovered"] != 1 {
			t.Errorf("no panic: %v %s", got.measured, got.died)
		}
	})
	t.Run("bare/two workers", func(t *testing.T) {
		if got := bare(t, compileWith(2)); !strings.HasPrefix(got.died, "panic: ") {
			t.Errorf("the process lives: %v %s", got.measured, got.died)
		}
	})
	t.Run("here", func(t *testing.T) {
		refused(t, []byte(badSelect), wasm.KindUnsupported, "typed function references: not supported")
		refusedByEngine(t, []byte(badSelect))
	})
	t.Run("here/asked for two workers", func(t *testing.T) {
		ctx := experimental.WithCompilationWorkers(t.Context(), 2)
		if _, err := newEngine(t, "", slog.New(slog.DiscardHandler)).Compile(ctx, []byte(badSelect), false, engine.Bounds{}); err == nil {
			t.Error("Compile() = nil")
		}
	})
}

// lostLocal returns the value that a local had when an exception was thrown: 0. It is 1 before.
const lostLocal = preamble + "\x01\x08\x02\x60\x00\x00\x60\x00\x01\x7f" + "\x03\x03\x02\x00\x01" + "\x0d\x03\x01\x00\x00" +
	"\x07\x05\x01\x01f\x00\x01" + "\x0a\x27\x02" + "\x04\x00\x08\x00\x0b" +
	"\x20\x01\x01\x7f\x41\x01\x21\x00\x02\x7f\x02\x69\x1f\x40\x01\x03\x00\x41\x00\x21\x00\x10\x00\x0b\x00\x0b\x1a\x20\x00\x0c\x00\x0b\x0b"

// In this release code with exceptions is compiled wrongly, and so is code with typed references; see
// https://github.com/wazero/wazero/issues/2503 for the first. Both are off unless asked for, and must stay off.
func TestFact12_ExceptionsAndTypedReferences(t *testing.T) {
	t.Run("bare", func(t *testing.T) {
		got := bare(t, func(ctx context.Context, m measured) error {
			features := api.CoreFeaturesV2 | experimental.CoreFeaturesExceptionHandling
			config := wazero.NewRuntimeConfigCompiler().WithCoreFeatures(features)
			i, err := bareInstance(ctx, config, []byte(lostLocal))
			if err != nil {
				return err
			}
			results, err := i.ExportedFunction("f").Call(ctx)
			if err == nil {
				m["local"] = int64(results[0])
			}
			return err
		})
		if got.measured["local"] != 1 {
			t.Errorf("the local is %d, as it should be", got.measured["local"])
		}
	})
	t.Run("here", func(t *testing.T) {
		for data, words := range map[string]string{
			lostLocal: "exception handling: not supported",
			badSelect: "typed function references: not supported",
		} {
			refused(t, []byte(data), wasm.KindUnsupported, words)
			refusedByEngine(t, []byte(data))
		}
	})
}
