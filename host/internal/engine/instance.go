package engine

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/wasgi/wasgi/host/internal/guest"
	"github.com/wasgi/wasgi/host/internal/wasm"
)

// Config is what one instance may have.
type Config struct {
	// Name is argv[0] of a guest with WASI.
	Name string
	// Memory caps linear memory, Stack what the frames of calls take, both in bytes.
	Memory, Stack int64
	// CPU is the processor time of one exchange, HostCalls how many calls it may make; 0 is no bound.
	CPU       time.Duration
	HostCalls int64
	// Env is the granted environment, as "KEY=VALUE".
	Env []string
	// Log takes what the guest writes to stdout and stderr while no other logger is set.
	Log *slog.Logger
	// Owner is the instance's, for host functions that are called while it is initialised.
	Owner any
}

// Instance is one running copy of a module. It is not safe for concurrent use.
type Instance struct {
	// Owner is the kind's own view of this instance, for its host functions. The kind sets it after Instantiate.
	Owner any

	of             *Module
	module         api.Module
	budget         api.MutableGlobal
	globals        []api.MutableGlobal // what an image holds of them
	memory         memory
	meter          meter
	stack          int           // in units of the budget
	calls, most    int64         // of host functions, in this exchange
	args, environ  []string      // what WASI shows of the outside
	process        Process       // what it shows instead; nil for nothing else
	wrote          time.Duration // when the guest last wrote to its process; 0 once that has been told to pause
	log            func() *slog.Logger
	stdout, stderr *LineLog
	inside         context.Context // what the runtime gets to see
	ctx            context.Context // of the call that runs; nil between calls
	failed         bool            // a call has not ended well
	deep           bool            // more than the small stack was used

	image *Image   // what Restore brings back; nil for none
	notes []uint64 // one bit a page that the host has written to since
	dirty Function // returns and clears the guest's notes
}

// Function is an exported function of one instance. Keep it: looking one up allocates a whole call engine.
type Function = api.Function

// Instantiate makes an instance: it applies the data segments, and runs the start function, if there is one, and initialize, if
// it names an exported function. An error is a [*guest.Fault] whose phase is init.
func (m *Module) Instantiate(ctx context.Context, config Config, initialize string) (*Instance, error) {
	i, err := m.bare(ctx, config)
	if err != nil {
		return nil, err
	}
	if err := m.initialize(ctx, i, initialize); err != nil {
		i.Close()
		return nil, initFault(err)
	}
	return i, nil
}

func initFault(err error) *guest.Fault {
	fault := asFault(err)
	fault.Phase = guest.PhaseInit
	return fault
}

// bare makes an instance in which nothing has run yet: its memory is zero.
func (m *Module) bare(ctx context.Context, config Config) (*Instance, error) {
	i := m.newInstance(config)
	if err := i.reserve(m.leastMemory()); err != nil {
		return nil, err
	}
	err := i.run(ctx, func(ctx context.Context) error {
		ctx = experimental.WithMemoryAllocator(ctx, &i.memory)
		// Without a name any number of instances may live side by side.
		bare := wazero.NewModuleConfig().WithName("").WithStartFunctions()
		module, err := m.engine.runtime.InstantiateModule(ctx, m.code.Module, bare)
		i.module = module
		return err
	})
	if err != nil {
		i.Close()
		return nil, initFault(err)
	}
	i.budget = i.global(wasm.BudgetExport)
	i.budget.Set(uint64(uint32(wasm.NewBudget(min(i.stack, stackUnits(smallStack))))))
	for _, n := range m.globals {
		i.globals = append(i.globals, i.global(wasm.GlobalExport(n)))
	}
	return i, nil
}

// reserve makes sure that the memory can begin with that many bytes: the runtime panics where it cannot.
func (i *Instance) reserve(least int64) error {
	fault := &guest.Fault{Phase: guest.PhaseInit}
	switch {
	case least > i.memory.limit:
		fault.Kind, fault.Cause = guest.KindMemory, tooLarge(least, i.memory.limit)
	case !i.memory.reserve(least):
		fault.Kind, fault.Cause = guest.KindBusy, guest.ErrHostMemory
	default:
		return nil
	}
	return fault
}

// global returns a mutable global that the rewritten module exports.
func (i *Instance) global(name string) api.MutableGlobal {
	return i.module.ExportedGlobal(name).(api.MutableGlobal)
}

func (m *Module) newInstance(config Config) *Instance {
	i := &Instance{
		Owner:   config.Owner,
		of:      m,
		memory:  memory{arena: m.engine.arena, limit: config.Memory},
		meter:   meter{turns: m.engine.turns, group: m, limit: config.CPU},
		stack:   stackUnits(config.Stack),
		most:    config.HostCalls,
		args:    []string{config.Name},
		environ: config.Env,
		log:     func() *slog.Logger { return config.Log },
	}
	i.inside = &callContext{Context: context.Background(), instance: i}
	i.stdout, i.stderr = NewLineLog(i, "stdout"), NewLineLog(i, "stderr")
	return i
}

// initialize does what instantiating a module means, beyond making it.
func (m *Module) initialize(ctx context.Context, i *Instance, name string) error {
	if err := m.applyData(i); err != nil {
		return err
	}
	for _, function := range []string{wasm.StartExport, name} {
		if function == "" {
			continue // no name, though a module may well export something under it
		}
		if f := i.Function(function); f != nil {
			if err := i.Call(ctx, f, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// applyData writes the active data segments into memory.
func (m *Module) applyData(i *Instance) error {
	for _, segment := range *m.data.Load() {
		view, ok := i.Writable(segment.offset, uint32(len(segment.content)))
		if !ok {
			return fmt.Errorf("data segment %d: %d bytes at %d lie outside of the memory of %d bytes",
				segment.number, len(segment.content), segment.offset, i.Bytes())
		}
		copy(view, segment.content)
	}
	return nil
}

// Begin starts the account of one exchange: its processor time and its calls of host functions.
func (i *Instance) Begin() { i.meter.used, i.calls = 0, 0 }

// Used is the processor time that this exchange has taken so far.
func (i *Instance) Used() time.Duration { return i.meter.used }

// Reusable reports whether the instance may serve another exchange: not after a call that did not end well, nor when its stack
// has grown, which would stay.
func (i *Instance) Reusable() bool { return !i.failed && !i.deep }

// Function returns the exported function of that name, or nil.
func (i *Instance) Function(name string) Function { return i.module.ExportedFunction(name) }

// Call runs an exported function. stack holds its parameters, then its results. The call ends early when ctx is done. An
// error is a [*guest.Fault]; the instance refuses all further calls after one.
func (i *Instance) Call(ctx context.Context, f Function, stack []uint64) error {
	return i.run(ctx, func(ctx context.Context) error { return f.CallWithStack(ctx, stack) })
}

// Bytes is the size of the instance's memory.
func (i *Instance) Bytes() int64 { return int64(len(i.memory.buffer)) }

// View returns length bytes of the instance's memory at ptr, to be read, or false if they do not all lie in it. The slice
// aliases the memory: it is valid until the guest runs again or the instance is closed.
func (i *Instance) View(ptr, length uint32) ([]byte, bool) {
	end := uint64(ptr) + uint64(length)
	if end > uint64(len(i.memory.buffer)) {
		return nil, false
	}
	return i.memory.buffer[ptr:end:end], true
}

// Writable is View for bytes that are to be written, with [Instance.Note].
func (i *Instance) Writable(ptr, length uint32) ([]byte, bool) {
	view, ok := i.View(ptr, length)
	if ok {
		i.Note(ptr, length)
	}
	return view, ok
}

// SetLog makes the guest's output go to the logger that log returns, until the next SetLog; log is called once a line. A
// line that was left unfinished goes to the logger it was written under.
func (i *Instance) SetLog(log func() *slog.Logger) {
	i.Flush()
	i.log = log
}

// Flush emits the lines of the guest's output that are unfinished.
func (i *Instance) Flush() {
	i.stdout.Flush()
	i.stderr.Flush()
}

// Close releases the instance. It must not be running.
func (i *Instance) Close() {
	i.Flush()
	if i.module != nil {
		_ = i.module.Close(context.Background()) // it has no files whose closing could fail
	}
	i.memory.Free()
}
