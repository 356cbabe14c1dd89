package engine_test

import (
	"context"
	"log/slog"
	"runtime"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/wasgi/wasgi/host/internal/engine"
	"github.com/wasgi/wasgi/host/internal/guest"
	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// Closing an instance from within a host function frees its memory at once. Guest code that goes on touches what is no more,
// and Go takes that for a fault of its own, which nobody can recover from.
func TestFact16_CloseDuringACall(t *testing.T) {
	data := guesttest.Wasm(t, "write_load")
	t.Run("bare", func(t *testing.T) {
		if runtime.GOOS != "linux" {
			t.Skip("the memory is not given back to the system here")
		}
		got := bare(t, func(ctx context.Context, m measured) error {
			runtime := wazero.NewRuntimeWithConfig(ctx, bareConfig())
			leave := func(ctx context.Context, module api.Module, _, _ uint32) uint32 {
				_ = module.CloseWithExitCode(ctx, 1)
				return 0
			}
			_, err := runtime.NewHostModuleBuilder("wasgi_v1").NewFunctionBuilder().WithFunc(leave).Export("write").Instantiate(ctx)
			if err != nil {
				return err
			}
			ctx = experimental.WithMemoryAllocator(ctx, experimental.MemoryAllocatorFunc(func(_, _ uint64) experimental.LinearMemory {
				return &mapping{}
			}))
			i, err := runtime.Instantiate(ctx, data)
			if err != nil {
				return err
			}
			_, err = answer(ctx, i)
			m["lived"] = 1
			return err
		})
		if got.died == "" {
			t.Errorf("the process lives: %v", got.measured)
		}
	})
	t.Run("here", func(t *testing.T) { endsKeepMemory(t, data) })
}

// endsKeepMemory ends calls in each way that a host function or a guest may, and looks at the memory afterwards.
func endsKeepMemory(t *testing.T, data []byte) {
	t.Helper()
	e := newEngine(t, "", slog.New(slog.DiscardHandler))
	link(t, e, func(context.Context, *engine.Instance, []uint64) { engine.End(guest.ErrStalled) })
	for _, file := range [][]byte{data, guesttest.Wasm(t, "exit")} {
		module, err := e.Compile(t.Context(), file, false, engine.Bounds{})
		if err != nil {
			t.Fatal(err)
		}
		for range 100 {
			i, err := module.Instantiate(t.Context(), config(), "")
			if err != nil {
				t.Fatal(err)
			}
			if err := call(t, i); guest.KindOf(err) != guest.KindClient && guest.KindOf(err) != guest.KindTrap {
				t.Errorf("Call() = %v", err)
			}
			if view, ok := i.View(0, page); !ok || len(view) != page {
				t.Error("the memory is gone before the instance is closed")
			}
			i.Close()
		}
		if err := module.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}
