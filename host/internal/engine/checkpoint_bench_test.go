package engine_test

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/wasgi/wasgi/host/internal/engine"
	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// BenchmarkCheckpoints compares guests with checkpoints, and with the runtime's own way to stop them, with guests that cannot
// be stopped. Its figures are ratios of times, best of several rounds taken in turn: 1.05 is 5 per cent slower.
func BenchmarkCheckpoints(b *testing.B) {
	small := guesttest.Wasm(b, "work")
	for _, c := range []struct {
		name string
		n    uint64
		data []byte
	}{
		{"tight", 20_000_000, small}, {"sum", 20_000_000, small}, {"fib", 30, small},
		{"json", 20, nil}, {"sha256", 10, nil}, {"sort", 10, nil}, {"regexp", 30, nil},
	} {
		b.Run(c.name, func(b *testing.B) {
			data := c.data
			if data == nil {
				data = guesttest.Go(b, "../guesttest/work")
			}
			bare, stoppable, ours := bareCall(b, data, c.name, false), bareCall(b, data, c.name, true), hostedCall(b, data, c.name)
			best := map[string]time.Duration{}
			for b.Loop() {
				for range 5 {
					measure(best, "bare", func() { bare(c.n) })
					measure(best, "ours", func() { ours(c.n) })
				}
				measure(best, "stoppable", func() { stoppable(c.n) })
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(best["ours"])/float64(best["bare"]), "checkpoints/bare")
			b.ReportMetric(float64(best["stoppable"])/float64(best["bare"]), "CloseOnContextDone/bare")
		})
	}
}

func measure(best map[string]time.Duration, name string, run func()) {
	begin := time.Now()
	run()
	took := time.Since(begin)
	if has, ok := best[name]; !ok || took < has {
		best[name] = took
	}
}

// bareCall returns a function that calls an export on the runtime as it comes.
func bareCall(b *testing.B, data []byte, name string, stoppable bool) func(uint64) {
	ctx := context.Background()
	runtime := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfig().WithCloseOnContextDone(stoppable))
	b.Cleanup(func() { _ = runtime.Close(ctx) })
	wasi_snapshot_preview1.MustInstantiate(ctx, runtime)
	config := wazero.NewModuleConfig().WithName("").WithStartFunctions("_initialize").WithSysWalltime().WithSysNanotime()
	module, err := runtime.InstantiateWithConfig(ctx, data, config)
	if err != nil {
		b.Fatal(err)
	}
	function := module.ExportedFunction(name)
	cancellable, cancel := context.WithCancel(ctx)
	b.Cleanup(cancel)
	return func(n uint64) {
		if _, err := function.Call(cancellable, n); err != nil {
			b.Fatal(err)
		}
	}
}

// hostedCall returns one that calls it as the host does.
func hostedCall(b *testing.B, data []byte, name string) func(uint64) {
	e := newEngine(b, "", slog.New(slog.DiscardHandler))
	module, err := e.Compile(b.Context(), data, false, engine.Bounds{})
	if err != nil {
		b.Fatal(err)
	}
	i, err := module.Instantiate(b.Context(), engine.Config{Memory: 64 << 20, Stack: 1 << 20, Log: slog.New(slog.DiscardHandler)}, "_initialize")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(i.Close)
	function := i.Function(name)
	return func(n uint64) {
		if err := i.Call(context.Background(), function, slices.Clone([]uint64{n, 0})); err != nil {
			b.Fatal(err)
		}
	}
}
