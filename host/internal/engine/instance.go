package engine

import (
	"context"
	"log/slog"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/wasgi/wasgi/host/internal/guest"
)

// Config is what one instance may have.
type Config struct {
	// Name is argv[0] of a guest with WASI.
	Name string
	// Memory caps linear memory, in bytes.
	Memory int64
	// Env is the granted environment, as "KEY=VALUE".
	Env []string
	// Log takes what the guest writes to stdout and stderr while no other logger is set.
	Log *slog.Logger
}

// Instance is one running copy of a module. It is not safe for concurrent use.
type Instance struct {
	// Owner is the kind's own view of this instance, for its host functions. The kind sets it after Instantiate.
	Owner any

	module         api.Module
	memory         *memory
	args, environ  []string // what WASI shows of the outside
	log            func() *slog.Logger
	stdout, stderr *LineLog
	ctx            context.Context // of the call that runs; nil between calls
	failed         bool            // a call has not ended well
}

// Function is an exported function of one instance. Keep it: looking one up allocates a whole call engine.
type Function = api.Function

// Instantiate makes an instance and runs the start section, if there is one, and initialize, if it names an exported
// function. An error is a [*guest.Fault] whose phase is init.
func (m *Module) Instantiate(ctx context.Context, config Config, initialize string) (*Instance, error) {
	i := &Instance{memory: &memory{limit: uint64(config.Memory)}, args: []string{config.Name}, environ: config.Env}
	i.log = func() *slog.Logger { return config.Log }
	i.stdout, i.stderr = NewLineLog(i, "stdout"), NewLineLog(i, "stderr")
	err := i.run(ctx, func(ctx context.Context) error {
		ctx = experimental.WithMemoryAllocator(ctx, i.memory)
		ctx = experimental.WithCloseNotifier(ctx, experimental.CloseNotifyFunc(i.closing))
		// Without a name any number of instances may live side by side.
		bare := wazero.NewModuleConfig().WithName("").WithStartFunctions()
		module, err := m.engine.runtime.InstantiateModule(ctx, m.compiled, bare)
		i.module = module
		return err
	})
	if err == nil && m.HasFunction(initialize) {
		err = i.Call(ctx, i.Function(initialize), nil)
	}
	if err != nil {
		i.Close()
		fault := asFault(err)
		fault.Phase = guest.PhaseInit
		return nil, fault
	}
	return i, nil
}

// Function returns the exported function of that name, or nil.
func (i *Instance) Function(name string) Function { return i.module.ExportedFunction(name) }

// Call runs an exported function. stack holds its parameters, then its results. The call ends early when ctx is done. An
// error is a [*guest.Fault]; the instance refuses all further calls after one.
func (i *Instance) Call(ctx context.Context, f Function, stack []uint64) error {
	return i.run(ctx, func(ctx context.Context) error { return f.CallWithStack(ctx, stack) })
}

// Bytes is the size of the instance's memory.
func (i *Instance) Bytes() int64 { return int64(len(i.memory.buffer)) }

// View returns length bytes of the instance's memory at ptr, or false if they do not all lie in it. The slice aliases the
// memory: it is valid until the guest runs again.
func (i *Instance) View(ptr, length uint32) ([]byte, bool) {
	end := uint64(ptr) + uint64(length)
	if end > uint64(len(i.memory.buffer)) {
		return nil, false
	}
	return i.memory.buffer[ptr:end:end], true
}

// SetLog makes the guest's output go to the logger that log returns, until the next SetLog; log is called once a line. A
// line that was left unfinished goes to the logger it was written under.
func (i *Instance) SetLog(log func() *slog.Logger) {
	i.stdout.Flush()
	i.stderr.Flush()
	i.log = log
}

// Close releases the instance. It must not be running.
func (i *Instance) Close() {
	i.stdout.Flush()
	i.stderr.Flush()
	if i.module != nil {
		_ = i.module.Close(context.Background()) // it has no files whose closing could fail
	}
	i.memory.Free()
}
