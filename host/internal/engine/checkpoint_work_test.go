package engine_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/wasgi/wasgi/host/internal/wasm"
)

// TestWorkBetweenCheckpoints measures how long the worst shapes that are known keep a module from coming to a checkpoint. On a quiet
// machine of 2 GHz it is 10 ms at the most, for loads that all miss the cache; the bound is for busy ones.
func TestWorkBetweenCheckpoints(t *testing.T) {
	skipUnderRace(t)
	if testing.Short() {
		t.Skip("measures for seconds")
	}
	const most = 100 * time.Millisecond
	for name, text := range workShapes() {
		t.Run(name, func(t *testing.T) {
			took := intervals(t, assemble(t, "(module "+text+")"))
			usual := took[len(took)/10] // of the others, many were held up by what else the machine does
			t.Logf("%10v between two of %d checkpoints, half of them after %v", usual, len(took), took[len(took)/2])
			if usual > most {
				t.Errorf("it comes to a checkpoint every %v", usual)
			}
		})
	}
}

// intervals runs the module's function f for a while, and returns how long it was between checkpoints, in rising order.
func intervals(t *testing.T, m *wasm.Module) []time.Duration {
	t.Helper()
	const long, many = 300 * time.Millisecond, 2000
	ctx := context.Background()
	r := wazero.NewRuntime(ctx)
	defer r.Close(ctx)
	var took []time.Duration
	var begun, last time.Time
	measuring := false
	checkpoint := func(_ context.Context, values []uint64) {
		at := time.Now()
		if begun.IsZero() {
			begun = at
		} else if took = append(took, at.Sub(last)); measuring && (len(took) == many || len(took) > 10 && at.Sub(begun) > long) {
			panic(errSpent)
		}
		values[0] = api.EncodeI32(int32(wasm.NewBudget(stack)))
		last = time.Now()
	}
	i32 := []api.ValueType{api.ValueTypeI32}
	if _, err := r.NewHostModuleBuilder(wasm.HostModule).NewFunctionBuilder().WithGoFunction(api.GoFunc(checkpoint), i32, i32).
		Export(wasm.CheckpointImport).Instantiate(ctx); err != nil {
		t.Fatal(err)
	}
	instance, err := r.InstantiateWithConfig(ctx, rewritten(m).data, wazero.NewModuleConfig().WithStartFunctions())
	if err != nil {
		t.Fatal(err)
	}
	if link := instance.ExportedFunction("link"); link != nil {
		if _, err := link.Call(ctx); err != nil {
			t.Fatal(err)
		}
	}
	begun, took, measuring = time.Time{}, nil, true
	if _, err := instance.ExportedFunction("f").Call(ctx); err == nil || len(took) == 0 {
		t.Fatalf("it ended by itself: %v", err)
	}
	slices.Sort(took)
	return took
}
