package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/sys"

	"github.com/wasgi/wasgi/host/internal/wasm"
)

// The files rewrite_*_test.go show that rewriting a module does not change what it does: each runs modules twice on the
// runtime without the engine around it, as they are and rewritten, and compares what can be seen from outside.

// prepared is a module on its way to the compiler.
type prepared struct {
	data []byte
	// begin does what is left to do before anything else is called: of a module as it is, nothing (nil).
	begin func(ctx context.Context, instance api.Module) error
	// pages says how it notes what it writes; then that is checked after each call.
	pages wasm.Pages
}

// preparation is a way to bring a module to the compiler.
type preparation func(*wasm.Module) prepared

func asItIs(m *wasm.Module) prepared { return prepared{data: m.Data} }

// rewritten is a module that notes what it writes, also one that could not be restored by that.
func rewritten(m *wasm.Module) prepared {
	restorable := *m
	restorable.Fresh = nil
	return begun(m, restorable.Rewrite(true))
}

// withoutNotes is a module that only has checkpoints, as one runs that is not to be restored.
func withoutNotes(m *wasm.Module) prepared { return begun(m, m.Rewrite(false)) }

func begun(m *wasm.Module, r *wasm.Rewritten) prepared {
	return prepared{r.Data, func(ctx context.Context, instance api.Module) error {
		refill(instance)
		if err := applyData(m, instance.Memory()); err != nil || !r.Start {
			return err
		}
		_, err := instance.ExportedFunction(wasm.StartExport).Call(ctx)
		return err
	}, r.Pages}
}

// stack is what an instance may use of it, in units of wasm.StackUnit: the most there is, 4 MiB.
const stack = wasm.MaxStackUnits

// refill gives the instance a full budget, if it has one.
func refill(instance api.Module) {
	if budget, ok := instance.ExportedGlobal(wasm.BudgetExport).(api.MutableGlobal); ok {
		budget.Set(api.EncodeI32(int32(wasm.NewBudget(stack))))
	}
}

// applyData does what instantiating does with active data segments: in order, up to the first that does not fit.
func applyData(m *wasm.Module, memory api.Memory) error {
	for i, s := range m.DataSegs {
		if s.Mode == wasm.ModeActive && !memory.Write(uint32(s.Offset.Value), m.Data[s.Bytes.Start:s.Bytes.End]) {
			return fmt.Errorf("data segment %d does not fit", i)
		}
	}
	return nil
}

// plainRuntime is a runtime for modules that are prepared in one way. It is not for concurrent use.
type plainRuntime struct {
	wazero.Runtime
	prepare preparation
	// checkpoints is how many more a call may pass; begin a call with call.
	checkpoints int
	instances   []api.Module
	// log has what imported functions were called with.
	log []string
	watch
}

// checkpoints is what a call may pass by default: far more than any test needs that is to end.
const checkpoints = 1 << 30

func newPlainRuntime(t testing.TB, prepare preparation, config wazero.RuntimeConfig) *plainRuntime {
	t.Helper()
	ctx := context.Background()
	b := &plainRuntime{Runtime: wazero.NewRuntimeWithConfig(ctx, config), prepare: prepare, checkpoints: checkpoints, watch: watch{t: t}}
	t.Cleanup(b.end)
	_, err := b.NewHostModuleBuilder(wasm.HostModule).NewFunctionBuilder().WithGoFunction(api.GoFunc(b.checkpoint),
		[]api.ValueType{api.ValueTypeI32}, []api.ValueType{api.ValueTypeI32}).Export(wasm.CheckpointImport).Instantiate(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// end closes the runtime and lets go of all that it made. It may be called twice.
func (b *plainRuntime) end() {
	if b.Runtime != nil {
		_ = b.Close(context.Background())
	}
	*b = plainRuntime{}
}

// checkpoint is what rewritten modules import.
func (b *plainRuntime) checkpoint(_ context.Context, values []uint64) {
	left := wasm.Budget(api.DecodeI32(values[0])).Stack()
	if left < 0 {
		panic(errExhausted)
	}
	if b.checkpoints--; b.checkpoints < 0 {
		panic(errSpent)
	}
	values[0] = api.EncodeI32(int32(wasm.NewBudget(left)))
}

// instantiate makes an instance of the module and begins it. The start functions named in config are left to the caller.
func (b *plainRuntime) instantiate(ctx context.Context, m *wasm.Module, config wazero.ModuleConfig) (api.Module, error) {
	p := b.prepare(m)
	instance, err := b.InstantiateWithConfig(ctx, p.data, config.WithStartFunctions())
	if err != nil {
		return nil, err
	}
	b.instances = append(b.instances, instance)
	if p.begin != nil {
		err = p.begin(ctx, instance)
	}
	if err == nil && p.pages.Count > 0 {
		err = b.begin(ctx, instance, p.pages)
	}
	return instance, err
}

var (
	errSpent     = errors.New("used all its checkpoints")
	errExhausted = errors.New("stack overflow") // the runtime's own words
)

// traps begins what call says of a call that did not return.
const traps = "traps: "

// call calls a function, and puts into words how that ended: with which results, as hexadecimal numbers, or with which trap.
func (b *plainRuntime) call(ctx context.Context, f api.Function, args ...uint64) (results []uint64, outcome string) {
	for _, instance := range b.instances {
		refill(instance) // also of the stack that a trap did not give back
	}
	results, err := f.Call(ctx, args...)
	b.check(ctx, strings.Join(f.Definition().ExportNames(), ", "))
	if err != nil {
		return nil, failure(err)
	}
	var words []string
	at := 0
	for _, t := range f.Definition().ResultTypes() {
		word := fmt.Sprintf("%#x", results[at])
		switch wasm.ValueType(t) {
		case wasm.V128:
			at++
			word += fmt.Sprintf(":%#x", results[at])
		case wasm.FuncRef: // an address in the host
			word = fmt.Sprintf("null: %t", results[at] == 0)
		}
		words = append(words, word)
		at++
	}
	return results, "returns " + strings.Join(words, ", ")
}

// failure is the first line of an error, without the parts that depend on who noticed.
func failure(err error) string {
	if exit, ok := errors.AsType[*sys.ExitError](err); ok {
		return fmt.Sprintf("exit %d", exit.ExitCode())
	}
	text, _, _ := strings.Cut(err.Error(), "\n")
	for _, known := range []error{errSpent, errExhausted} {
		if strings.Contains(text, known.Error()) {
			return traps + known.Error()
		}
	}
	return traps + strings.TrimPrefix(text, "wasm error: ")
}

// stubs provides all functions that the module imports: each logs its arguments and returns them, as far as they fit, and
// zeros.
func (b *plainRuntime) stubs(ctx context.Context, m *wasm.Module, except string) error {
	for module, indices := range m.ImportsByModule() {
		if module == except {
			continue
		}
		builder := b.NewHostModuleBuilder(module)
		for _, i := range indices {
			builder = builder.NewFunctionBuilder().WithGoFunction(b.stub(m.Imports[i], m.FunctionType(i)),
				valueTypes(m.FunctionType(i).Params), valueTypes(m.FunctionType(i).Results)).Export(m.Imports[i].Name)
		}
		if _, err := builder.Instantiate(ctx); err != nil {
			return fmt.Errorf("stubs of %q: %w", module, err)
		}
	}
	return nil
}

func (b *plainRuntime) stub(of wasm.Import, t wasm.FuncType) api.GoFunc {
	params, results := slots(t.Params), slots(t.Results)
	return func(_ context.Context, values []uint64) {
		at := 0
		for _, p := range t.Params {
			if p == wasm.I32 || p == wasm.F32 {
				values[at] &= 1<<32 - 1 // the rest is anything
			}
			at += slots([]wasm.ValueType{p})
		}
		b.log = append(b.log, fmt.Sprintf("calls %s.%s %#x", of.Module, of.Name, values[:params]))
		clear(values[min(params, results):])
	}
}

// slots is how many numbers of 64 bits pass values of these types.
func slots(types []wasm.ValueType) (n int) {
	for _, t := range types {
		n++
		if t == wasm.V128 {
			n++
		}
	}
	return n
}

func valueTypes(types []wasm.ValueType) []api.ValueType {
	all := make([]api.ValueType, len(types))
	for i, t := range types {
		all[i] = api.ValueType(t)
	}
	return all
}

// skipUnderRace skips what runs on one goroutine and compiles a lot: the detector makes the compiler ten times as slow.
func skipUnderRace(t *testing.T) {
	t.Helper()
	if raceDetector {
		t.Skip("runs without the race detector")
	}
}
