package engine_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/wasgi/wasgi/host/internal/guesttest"
	"github.com/wasgi/wasgi/host/internal/wasm"
)

// bareTwins makes two instances of a module.
func bareTwins(ctx context.Context, data []byte) (twins [2]api.Module, err error) {
	runtime := wazero.NewRuntimeWithConfig(ctx, bareConfig())
	compiled, err := runtime.CompileModule(ctx, data)
	for n := range twins {
		if err == nil {
			twins[n], err = runtime.InstantiateModule(ctx, compiled, wazero.NewModuleConfig().WithName("").WithStartFunctions())
		}
	}
	return twins, err
}

// global returns an exported global that can be set.
func global(i api.Module, name string) api.MutableGlobal {
	return i.ExportedGlobal(name).(api.MutableGlobal)
}

// first returns the first result of an exported function without parameters.
func first(ctx context.Context, i api.Module, name string) (int64, error) {
	results, err := i.ExportedFunction(name).Call(ctx)
	if err != nil {
		return 0, err
	}
	return int64(results[0]), nil
}

// isFresh checks that a module is known to hold state that cannot be copied, for each of these reasons.
func isFresh(t *testing.T, data []byte, reasons ...string) {
	t.Helper()
	module, err := wasm.Parse(data, wasm.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	for _, reason := range reasons {
		if !slices.ContainsFunc(module.Fresh, func(f wasm.FreshReason) bool { return strings.HasPrefix(f.String(), reason) }) {
			t.Errorf("%v does not say %s", module.Fresh, reason)
		}
	}
}

// Setting a global to what it was loses half of a vector, and a function reference that was brought from another instance runs
// there, on that one's memory.
func TestFact18_GlobalsThatCannotBeCopied(t *testing.T) {
	data := guesttest.Wasm(t, "references")
	t.Run("bare", func(t *testing.T) {
		got := bare(t, func(ctx context.Context, m measured) error {
			twins, err := bareTwins(ctx, data)
			if err != nil {
				return err
			}
			vector := global(twins[0], "vector")
			vector.Set(vector.Get())
			if m["high"], err = first(ctx, twins[0], "high"); err != nil {
				return err
			}
			twins[0].Memory().WriteUint32Le(0, 100)
			twins[1].Memory().WriteUint32Le(0, 200)
			global(twins[1], "function").Set(global(twins[0], "function").Get())
			m["who"], err = first(ctx, twins[1], "who")
			return err
		})
		if got.measured["high"] != 0 || got.measured["who"] != 100 {
			t.Errorf("the upper half is %d, the second instance reads %d", got.measured["high"], got.measured["who"])
		}
	})
	t.Run("here", func(t *testing.T) { isFresh(t, data, "mutable v128 global", "mutable funcref global", "table.set") })
}

// Tables cannot be reached from outside: a copy of an initialised instance's memory and globals is not the whole of it.
func TestFact19_TablesCannotBeCopied(t *testing.T) {
	data := guesttest.Wasm(t, "init_table")
	t.Run("bare", func(t *testing.T) {
		got := bare(t, func(ctx context.Context, m measured) error {
			twins, err := bareTwins(ctx, data)
			if err != nil {
				return err
			}
			if _, err := twins[0].ExportedFunction("_initialize").Call(ctx); err != nil {
				return err
			}
			view, _ := twins[0].Memory().Read(0, twins[0].Memory().Size())
			twins[1].Memory().Write(0, view)
			if m["first"], err = answer(ctx, twins[0]); err != nil {
				return err
			}
			if _, err = answer(ctx, twins[1]); err != nil {
				m["trapped"] = 1
			}
			return nil
		})
		if got.measured["first"] != 42 || got.measured["trapped"] != 1 {
			t.Errorf("the first answers %d; the second traps: %d", got.measured["first"], got.measured["trapped"])
		}
	})
	t.Run("here", func(t *testing.T) {
		isFresh(t, data, "table.set")
		for range 3 {
			if got := answerHere(t, data); got != 42 {
				t.Errorf("the guest answers %d", got)
			}
		}
	})
}
