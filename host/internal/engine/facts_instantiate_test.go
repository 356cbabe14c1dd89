package engine_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/wasgi/wasgi/host/internal/engine"
	"github.com/wasgi/wasgi/host/internal/guest"
	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// allocator counts the memories that it has given and got back. Those it gives refuse all sizes over limit.
type allocator struct {
	limit       uint64
	given, back int64
}

func (a *allocator) Allocate(_, _ uint64) experimental.LinearMemory {
	a.given++
	return (*allocation)(a)
}

type allocation allocator

func (a *allocation) Reallocate(size uint64) []byte {
	if size > a.limit {
		return nil
	}
	return make([]byte, size)
}

func (a *allocation) Free() { a.back++ }

// What an instantiation has taken from a memory allocator is never given back if it fails, and an allocator that refuses makes
// it panic.
func TestFact17_FailedInstantiation(t *testing.T) {
	const times = 10
	trapping, large := guesttest.Wasm(t, "start_trap"), guesttest.Wasm(t, "page")
	t.Run("bare", func(t *testing.T) {
		got := bare(t, func(ctx context.Context, m measured) error {
			leaky, stern := &allocator{limit: 1 << 30}, &allocator{limit: 0}
			for range times {
				ctx := experimental.WithMemoryAllocator(ctx, leaky)
				if _, err := bareInstance(ctx, wazero.NewRuntimeConfigCompiler(), trapping); err == nil {
					return errors.New("a start section that traps was passed over")
				}
			}
			m["given"], m["back"] = leaky.given, leaky.back
			defer func() {
				if recover() != nil {
					m["panicked"] = 1
				}
			}()
			_, err := bareInstance(experimental.WithMemoryAllocator(ctx, stern), wazero.NewRuntimeConfigCompiler(), large)
			return err
		})
		if got.measured["given"] != times || got.measured["back"] != 0 || got.measured["panicked"] != 1 {
			t.Errorf("of %d memories %d came back; panicked: %d", got.measured["given"], got.measured["back"], got.measured["panicked"])
		}
	})
	t.Run("here", func(t *testing.T) { failedStartsLeaveNothing(t, trapping) })
	t.Run("here/more than the cap", func(t *testing.T) {
		module, err := newEngine(t, "", slog.New(slog.DiscardHandler)).Compile(t.Context(), trapping, false, engine.Bounds{})
		if err != nil {
			t.Fatal(err)
		}
		if err := module.RequireMemory("memory", mebibyte); err == nil {
			t.Error("RequireMemory() = nil")
		}
		if _, err := module.Instantiate(t.Context(), config(), ""); err == nil {
			t.Error("Instantiate() = nil")
		}
	})
}

// failedStartsLeaveNothing makes 2 GiB of memory in pieces whose start fails.
func failedStartsLeaveNothing(t *testing.T, trapping []byte) {
	t.Helper()
	module, err := newEngine(t, "", slog.New(slog.DiscardHandler)).Compile(t.Context(), trapping, false, engine.Bounds{})
	if err != nil {
		t.Fatal(err)
	}
	before, size := heap(), addressSpace()
	for range 128 {
		_, err := module.Instantiate(t.Context(), engine.Config{Memory: 32 * mebibyte, Log: config().Log}, "")
		if guest.KindOf(err) != guest.KindTrap {
			t.Fatalf("Instantiate() = %v", err)
		}
	}
	if left := heap() - before; left > 20*mebibyte {
		t.Errorf("%d bytes are left on the heap", left)
	}
	if left := addressSpace() - size; left > 1<<30 {
		t.Errorf("%d bytes are left of the address space", left)
	}
}
