package engine_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/wasgi/wasgi/host/internal/wasm"
)

// budgetOf reads what is left of an instance's budget.
func budgetOf(instance api.Module) wasm.Budget {
	return wasm.Budget(api.DecodeI32(instance.ExportedGlobal(wasm.BudgetExport).Get()))
}

// waysOut is a function with all ways out of it, most of them behind a call; its parameter says which one is taken. ALSO stands for
// what keeps it from being charged where the calls are only.
const waysOut = `(func $ways (param $way i32) (result i32)
	(if (i32.eqz (local.get $way)) (then (return (i32.const 0))))
	(block $out (result i32)
		ALSO
		(drop (call $callee))
		(if (i32.eq (local.get $way) (i32.const 1)) (then (return (call $callee))))
		(if (i32.eq (local.get $way) (i32.const 2)) (then (br $out (call $callee))))
		(if (i32.eq (local.get $way) (i32.const 3)) (then (br 2 (call $callee))))
		(drop (br_if $out (call $callee) (i32.eq (local.get $way) (i32.const 4))))
		(drop (br_if 1 (call $callee) (i32.eq (local.get $way) (i32.const 5))))
		(call $callee)))`

const fewerWaysOut = `(func $ways (param $way i32) (result i32)
	(if (result i32) (local.get $way)
		(then
			(drop (call $callee))
			(if (i32.eq (local.get $way) (i32.const 1)) (then (return (call $callee))))
			(drop (br_if 1 (call $callee) (i32.eq (local.get $way) (i32.const 2))))
			(drop (br_if 0 (call $callee) (i32.eq (local.get $way) (i32.const 3))))
			(call $callee))
		(else (i32.const 0))))`

// TestStackIsGivenBack goes a hundred thousand times through each way out of functions: the stack that is left does not change.
func TestStackIsGivenBack(t *testing.T) {
	t.Parallel()
	for name, function := range map[string]string{
		"charged as a whole": strings.Replace(waysOut, "ALSO", `
			(block $a (result i32) (block $b (result i32)
				(br_table $a $b $out 2 $b (call $callee) (i32.sub (local.get $way) (i32.const 6))))) (drop)
			(loop $again (br_if $again (i32.eq (local.get $way) (call $callee))))`, 1),
		"charged around the calls":            strings.Replace(waysOut, "ALSO", "", 1),
		"charged around the calls in a block": fewerWaysOut,
		"with charges in the middle": strings.Replace(waysOut, "ALSO",
			strings.Repeat(`(global.set $g (i32.add (global.get $g) (local.get $way)))`, 7000), 1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := assemble(t, `(module (global $g (mut i32) (i32.const 0)) (func $callee (result i32) (i32.const 99))
				`+function+`
				(func (export "f") (param $way i32) (param $n i32)
					(loop $next (drop (call $ways (local.get $way)))
						(br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))`)
			ctx := context.Background()
			b := newPlainRuntime(t, rewritten, wazero.NewRuntimeConfig())
			instance, err := b.instantiate(ctx, m, wazero.NewModuleConfig())
			if err != nil {
				t.Fatal(err)
			}
			rounds := uint64(100_000)
			if strings.HasPrefix(name, "with") {
				rounds = 1000
			}
			for way := range uint64(12) {
				if _, outcome := b.call(ctx, instance.ExportedFunction("f"), way, rounds); outcome != "returns " {
					t.Fatalf("way %d: it %s", way, outcome)
				}
				if left := budgetOf(instance).Stack(); left != stack {
					t.Errorf("way %d: %d units of stack are left of %d", way, left, stack)
				}
			}
		})
	}
}

// TestCallsAloneAreCharged takes the way through a function that comes to none of its calls: it costs nothing.
func TestCallsAloneAreCharged(t *testing.T) {
	t.Parallel()
	for name, function := range map[string]string{"a block": fewerWaysOut, "ways": strings.Replace(waysOut, "ALSO", "", 1)} {
		m := assemble(t, `(module (func $callee (result i32) (i32.const 99)) `+function+` (export "f" (func $ways)))`)
		ctx := context.Background()
		b := newPlainRuntime(t, rewritten, wazero.NewRuntimeConfig())
		instance, err := b.instantiate(ctx, m, wazero.NewModuleConfig())
		if err != nil {
			t.Fatal(err)
		}
		for way, costs := range []bool{false, true} {
			if _, outcome := b.call(ctx, instance.ExportedFunction("f"), uint64(way)); !strings.HasPrefix(outcome, "returns") {
				t.Errorf("%s: it %s", name, outcome)
			}
			if left := budgetOf(instance); (left != wasm.NewBudget(stack)) != costs {
				t.Errorf("%s, way %d: the budget is %#x", name, way, left)
			}
		}
	}
}

// TestFramesAreMeasured calls to a known depth: each frame takes 64 bytes and 16 for each local and each operand that lies on the
// stack at its highest, in units of 128 bytes, rounded up.
func TestFramesAreMeasured(t *testing.T) {
	t.Parallel()
	const depth = 8
	for _, c := range []struct {
		locals, operands int
		units            int
	}{
		{0, 0, 1}, // 64 + 16*(1 parameter + 2 operands) = 112
		{1, 0, 1}, // 128
		{2, 0, 2}, // 144
		{10, 0, 3},
		{0, 10, 3}, // 10 below the two
		{100, 50, 20},
		{4000, 0, 501},
	} {
		text := fmt.Sprintf(`(module (func $f (export "f") (param i32) %s (if (i32.eqz (local.get 0)) (then (loop (br 0)))) %s
			(call $f (i32.sub (local.get 0) (i32.const 1))) %s))`, strings.Repeat("(local f64)", c.locals),
			strings.Repeat("(local.get 0)", c.operands), strings.Repeat("(drop)", c.operands))
		m := assemble(t, text)
		ctx := context.Background()
		b := newPlainRuntime(t, rewritten, wazero.NewRuntimeConfig())
		instance, err := b.instantiate(ctx, m, wazero.NewModuleConfig())
		if err != nil {
			t.Fatal(err)
		}
		b.checkpoints = 0
		for i := range uint64(2) {
			if _, outcome := b.call(ctx, instance.ExportedFunction("f"), depth*i); outcome != traps+errSpent.Error() {
				t.Fatalf("it %s", outcome)
			}
			left, want := budgetOf(instance).Stack(), stack-int(1+depth*i)*c.units
			if left != want {
				t.Errorf("%d locals, %d operands, depth %d: %d units are left, want %d", c.locals, c.operands, depth*i, left, want)
			}
		}
	}
}

// TestHugeFrames calls without end, with frames that take more than a budget can hold: it is over after a few.
func TestHugeFrames(t *testing.T) {
	t.Parallel()
	for _, operands := range []int{40_000, 140_000, 690_000} {
		m := assemble(t, `(module (global $n (export "n") (mut i32) (i32.const 0)) (func $f (export "f")
			(global.set $n (i32.add (global.get $n) (i32.const 1)))
			`+strings.Repeat("i32.const 0 ", operands)+" call $f "+strings.Repeat("drop ", operands)+"))")
		ctx := context.Background()
		b := newPlainRuntime(t, rewritten, wazero.NewRuntimeConfig())
		instance, err := b.instantiate(ctx, m, wazero.NewModuleConfig())
		if err != nil {
			t.Fatal(err)
		}
		_, outcome := b.call(ctx, instance.ExportedFunction("f"))
		if n := instance.ExportedGlobal("n").Get(); outcome != traps+errExhausted.Error() || n > 10 {
			t.Errorf("%d operands: %d calls in one another, it %s", operands, n, outcome)
		}
	}
}
