// Package engine is the one place that knows wazero: it compiles modules, links host functions, makes instances with a
// memory cap, and turns whatever ends a guest's call into a [guest.Fault].
//
// It knows nothing of requests. A kind of guest (guest/wasgi and its neighbours) plays exchanges on top of it.
package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/wasgi/wasgi/host/internal/compile"
	"github.com/wasgi/wasgi/host/internal/guest"
)

// Options configures an Engine.
type Options struct {
	// CacheDir keeps compiled modules across runs, keyed by their content. "" keeps none.
	CacheDir string
	// Memory is the budget of all instances' linear memories together, in bytes; 0 is none.
	Memory int64
	// Log takes the warning that the cache folder cannot be used. Never nil.
	Log *slog.Logger
}

// Bounds is what compiling one module may take. Zeroes stand for defaults.
type Bounds = compile.Bounds

// Engine is one wazero runtime with the host modules linked into it. Its methods may be called concurrently.
type Engine struct {
	compiler *compile.Compiler
	runtime  wazero.Runtime // the compiler's
	arena    *arena
	turns    *turns

	mu     sync.RWMutex
	linked map[string]map[string]Signature // host module -> function -> type
}

// New starts an engine with WASI preview 1 linked. ctx bounds nothing but the start itself.
func New(ctx context.Context, options Options) (*Engine, error) {
	e := &Engine{
		arena:  newArena(options.Memory),
		turns:  newTurns(runtime.GOMAXPROCS(0) - 1),
		linked: map[string]map[string]Signature{},
	}
	e.compiler = compile.New(ctx, compile.Options{Dir: options.CacheDir, Log: options.Log})
	e.runtime = e.compiler.Runtime()
	if err := errors.Join(e.linkCheckpoint(ctx), e.Link(ctx, WASI, wasiFunctions(clock{started: time.Now()}))); err != nil {
		_ = e.Close(ctx) // the first error is the one that matters
		return nil, err
	}
	return e, nil
}

// HostFunction is a function that guests may import.
type HostFunction struct {
	Name string
	Type Signature
	// Call reads its parameters from stack and leaves its results there. A panic with [End] ends the guest's call.
	Call func(ctx context.Context, instance *Instance, stack []uint64)
	// Waits says that Call may wait for something. The time that it takes is not the guest's.
	Waits bool
}

// Waiting returns the function as one that may wait.
func (f HostFunction) Waiting() HostFunction {
	f.Waits = true
	return f
}

// Link makes functions importable from module, for all guests that are loaded afterwards.
func (e *Engine) Link(ctx context.Context, module string, functions []HostFunction) error {
	builder := e.runtime.NewHostModuleBuilder(module)
	types := make(map[string]Signature, len(functions))
	for _, f := range functions {
		types[f.Name] = f.Type
		builder = builder.NewFunctionBuilder().WithGoFunction(api.GoFunc(func(ctx context.Context, stack []uint64) {
			instanceOf(ctx).callHost(&f, stack)
		}), f.Type.Params, f.Type.Results).Export(f.Name)
	}
	if _, err := builder.Instantiate(ctx); err != nil {
		return fmt.Errorf("link %s: %w", module, err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.linked[module] = types
	return nil
}

// callHost is every call of a host function. The guest's call ends here if it is over, whatever the function did, or if this
// is one call too many. What a function takes that does not wait is the guest's: between two checkpoints there may be thousands.
func (i *Instance) callHost(f *HostFunction, stack []uint64) {
	if i.calls++; i.most > 0 && i.calls > i.most {
		End(guest.ErrHostCalls)
	}
	if f.Waits {
		i.meter.stop()
	}
	f.Call(i.ctx, i, stack)
	if f.Waits {
		i.meter.start()
	}
	if err := i.meter.check(i.ctx); err != nil {
		End(err)
	}
}

// Close releases the runtime and all its modules. No guest may be running.
func (e *Engine) Close(ctx context.Context) error {
	err := e.compiler.Close(ctx)
	e.arena.close()
	return err
}
