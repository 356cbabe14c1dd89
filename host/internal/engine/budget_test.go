package engine_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/wasgi/wasgi/host/internal/engine"
	"github.com/wasgi/wasgi/host/internal/guest"
)

// However making an instance fails, and whatever an instance did, in the end nothing of the memory's budget is given out.
func TestBudgetComesBack(t *testing.T) {
	t.Parallel()
	const pages = 8
	for name, c := range map[string]struct {
		text string
		kind guest.FaultKind // of what Instantiate returns
	}{
		"made":                     {`(module (memory 2))`, ""},
		"without a memory":         {`(module)`, ""},
		"grown":                    {`(module (memory 1) (func (export "init") (drop (memory.grow (i32.const 3)))))`, ""},
		"grown as far as it goes":  {`(module (memory 1) (func (export "init") (loop (br_if 0 (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))))`, ""},
		"larger than its cap":      {`(module (memory 17))`, guest.KindMemory},
		"larger than what is left": {`(module (memory 9))`, guest.KindBusy},
		"data outside":             {`(module (memory 1) (data (i32.const 65535) "ab"))`, guest.KindTrap},
		"a trap in start":          {`(module (memory 1) (func $f unreachable) (start $f))`, guest.KindTrap},
		"a trap while initialised": {`(module (memory 1) (func (export "init") (drop (memory.grow (i32.const 1))) unreachable))`, guest.KindTrap},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := assemble(t, c.text)
			e, err := engine.New(t.Context(), engine.Options{Memory: pages * page, Log: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close(context.Background())
			module, err := e.Compile(t.Context(), m.Data, false, engine.Bounds{})
			if err != nil {
				t.Fatal(err)
			}
			for range 3 {
				i, err := module.Instantiate(t.Context(), config(), "init")
				if c.kind != "" && (err == nil || guest.KindOf(err) != c.kind) || c.kind == "" && err != nil {
					t.Fatalf("Instantiate() = %v", err)
				}
				if err == nil {
					if e.Reserved() != i.Bytes() {
						t.Errorf("%d bytes are given out for a memory of %d", e.Reserved(), i.Bytes())
					}
					i.Close()
				}
				if e.Reserved() != 0 {
					t.Fatalf("%d bytes are given out to nobody", e.Reserved())
				}
			}
		})
	}
}

// One instance's memory is what the next may not have.
func TestBudgetIsShared(t *testing.T) {
	t.Parallel()
	m := assemble(t, `(module (memory 3) (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0))))`)
	e, err := engine.New(t.Context(), engine.Options{Memory: 8 * page, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close(context.Background())
	module, err := e.Compile(t.Context(), m.Data, false, engine.Bounds{})
	if err != nil {
		t.Fatal(err)
	}
	instantiate := func() (*engine.Instance, error) { return module.Instantiate(t.Context(), config(), "") }
	grow := func(i *engine.Instance, pages uint64) int32 {
		stack := []uint64{pages}
		if err := i.Call(t.Context(), i.Function("grow"), stack); err != nil {
			t.Fatal(err)
		}
		return int32(stack[0])
	}
	a, errA := instantiate()
	b, errB := instantiate()
	if errA != nil || errB != nil {
		t.Fatal(errA, errB)
	}
	if _, err := instantiate(); !errors.Is(err, guest.ErrHostMemory) {
		t.Errorf("of 8 pages 6 are given out, and 3 more: %v", err)
	}
	if got := grow(a, 3); got != -1 {
		t.Errorf("of 8 pages 6 are given out, and 3 more: %d", got)
	}
	if got := grow(a, 2); got != 3 {
		t.Errorf("of 8 pages 6 are given out, and 2 more: %d", got)
	}
	a.Close()
	if got := grow(b, 5); got != 3 {
		t.Errorf("of 8 pages 3 are given out, and 5 more: %d", got)
	}
	b.Close()
	if e.Reserved() != 0 {
		t.Errorf("%d bytes are given out to nobody", e.Reserved())
	}
}

// A module may export something under no name at all: it is not taken for what initialises it.
func TestNothingToInitialize(t *testing.T) {
	t.Parallel()
	i := assembled(t, config(), `(module (import "app" "work" (func)) (func (export "") (param i32) unreachable))`)
	if i.Function("") == nil {
		t.Error("it is not exported")
	}
}
