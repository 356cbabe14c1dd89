// Package engine is the one place that knows wazero: it compiles modules, links host functions, makes instances with a
// memory cap, and turns whatever ends a guest's call into a [guest.Fault].
//
// It knows nothing of requests. A kind of guest (guest/wasgi and its neighbours) plays exchanges on top of it.
package engine

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/wasgi/wasgi/host/internal/compile"
)

// WASI is the name of the import module of WASI preview 1.
const WASI = wasi_snapshot_preview1.ModuleName

// Options configures an Engine.
type Options struct {
	// CacheDir keeps compiled modules across runs, keyed by their content. "" keeps none.
	CacheDir string
	// Log takes the warning that the cache folder cannot be used. Never nil.
	Log *slog.Logger
}

// Bounds is what compiling one module may take. Zeroes stand for defaults.
type Bounds = compile.Bounds

// Engine is one wazero runtime with the host modules linked into it. Its methods may be called concurrently.
type Engine struct {
	compiler *compile.Compiler
	runtime  wazero.Runtime // the compiler's

	mu     sync.RWMutex
	linked map[string]map[string]Signature // host module -> function -> type
}

// New starts an engine with WASI preview 1 linked. ctx bounds nothing but the start itself.
func New(ctx context.Context, options Options) (*Engine, error) {
	e := &Engine{linked: map[string]map[string]Signature{}}
	e.compiler = compile.New(ctx, compile.Options{Dir: options.CacheDir, Log: options.Log})
	e.runtime = e.compiler.Runtime()
	wasi := e.runtime.NewHostModuleBuilder(WASI)
	wasi_snapshot_preview1.NewFunctionExporter().ExportFunctions(wasi)
	if err := e.instantiate(ctx, WASI, wasi); err != nil {
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
}

// Link makes functions importable from module, for all guests that are loaded afterwards.
func (e *Engine) Link(ctx context.Context, module string, functions []HostFunction) error {
	builder := e.runtime.NewHostModuleBuilder(module)
	for _, f := range functions {
		call := f.Call
		builder = builder.NewFunctionBuilder().WithGoFunction(api.GoFunc(func(ctx context.Context, stack []uint64) {
			call(ctx, instanceOf(ctx), stack)
		}), f.Type.Params, f.Type.Results).Export(f.Name)
	}
	return e.instantiate(ctx, module, builder)
}

// instantiate makes a host module, and notes what it offers, so that imports can be checked by name before wazero sees them.
func (e *Engine) instantiate(ctx context.Context, name string, builder wazero.HostModuleBuilder) error {
	host, err := builder.Instantiate(ctx)
	if err != nil {
		return fmt.Errorf("link %s: %w", name, err)
	}
	functions := map[string]Signature{}
	for name, definition := range host.ExportedFunctionDefinitions() {
		functions[name] = signatureOf(definition)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.linked[name] = functions
	return nil
}

// Close releases the runtime and all its modules. No guest may be running.
func (e *Engine) Close(ctx context.Context) error { return e.compiler.Close(ctx) }
