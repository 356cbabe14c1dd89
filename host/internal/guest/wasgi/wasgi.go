// Package wasgi is the guest kind of the project's own ABI: it plays one exchange as one call of a guest's `application`,
// with the functions of the import module wasgi_v1 behind it. abi/SPEC.md is the contract that it keeps.
package wasgi

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/abi/wire"
	"github.com/wasgi/wasgi/host/internal/engine"
	"github.com/wasgi/wasgi/host/internal/guest"
)

// The types that SPEC.md gives to a guest's exports.
var (
	allocateType    = engine.Signature{Params: i32s(1), Results: i32s(1)}
	applicationType = engine.Signature{Params: i32s(2), Results: i64s(1)}
	initializeType  = engine.Signature{}
	messageType     = engine.Signature{Params: i32s(2), Results: i32s(1)}
)

// Kind loads guests of the project's own ABI. It is safe for concurrent use.
type Kind struct {
	engine *engine.Engine
}

// New links wasgi_v1 into the engine. One Kind an engine.
func New(ctx context.Context, e *engine.Engine) (*Kind, error) {
	if err := e.Link(ctx, abi.Module, hostFunctions()); err != nil {
		return nil, err
	}
	return &Kind{engine: e}, nil
}

// Name implements [guest.Kind].
func (*Kind) Name() string { return "wasgi" }

// Detect implements [guest.Kind]: any core module is taken for a wasgi guest, and Load says what it lacks.
func (*Kind) Detect(file guest.File) (bool, string) { return guest.IsCoreModule(file.Data) }

// Load implements [guest.Kind].
func (k *Kind) Load(ctx context.Context, file guest.File, settings guest.Settings, log *slog.Logger) (guest.Program, error) {
	restore := settings.Isolation == guest.IsolationRequest
	module, err := k.engine.Compile(ctx, file.Data, restore, engine.Bounds{CPU: settings.CompileTimeout, Memory: settings.CompileMemory})
	if err != nil {
		return nil, err
	}
	if err := errors.Join(check(&module.Outline, settings)...); err != nil {
		_ = module.Close(ctx) // the first error is the one that matters
		return nil, err
	}
	p := &program{module: module, isolation: settings.Isolation}
	if restore && !module.Restorable() {
		p.isolation, p.why = guest.IsolationFresh, module.Unrestorable()
	}
	p.config = engine.Config{
		Name: file.Name, Memory: settings.Memory, Stack: settings.Stack,
		CPU: settings.CPU, HostCalls: settings.HostCalls, Env: settings.Env, Log: log,
	}
	if !module.ImportsFrom(engine.WASI) {
		p.extra = environPairs(settings.Env)
	}
	return p, nil
}

// environPairs is how the granted environment reaches a guest that cannot ask WASI for it.
func environPairs(env []string) []wire.Pair {
	pairs := make([]wire.Pair, 0, len(env))
	for _, entry := range env {
		key, value, _ := strings.Cut(entry, "=")
		pairs = append(pairs, wire.Pair{Key: []byte(abi.EnvironPrefix + key), Value: []byte(value)})
	}
	return pairs
}

// program is a loaded module. Its methods may be called concurrently.
type program struct {
	module *engine.Module
	config engine.Config
	extra  []wire.Pair
	// isolation is what the settings ask for, or fresh where an instance cannot be restored, which why says.
	isolation guest.Isolation
	why       string

	// origin is what all instances start from and are brought back to, with the buffer that the first one gave.
	origin engine.Origin[buffer, *instance]
}

// Kind implements [guest.Program].
func (*program) Kind() string { return "wasgi" }

// Isolation implements [guest.Program].
func (p *program) Isolation() (guest.Isolation, string) { return p.isolation, p.why }

// Receives implements [guest.Receiver].
func (p *program) Receives() bool { return p.module.HasFunction(abi.ExportWebSocketMessage) }

// Wraps implements [guest.Wrapping].
func (p *program) Wraps() bool { return p.module.ImportsFrom(abi.NextModule) }

// Close implements [guest.Program].
func (p *program) Close() error { return p.module.Close(context.Background()) }

// Bytes implements [guest.Program].
func (p *program) Bytes() int64 { return p.module.Bytes() + p.origin.Bytes() }

// New implements [guest.Program]. With restoring, the first instance is initialised and all others are its copies.
func (p *program) New(ctx context.Context) (guest.Instance, error) {
	if p.isolation != guest.IsolationRequest {
		return p.initialised(ctx)
	}
	i, err := p.origin.Make(func(image *engine.Image, environ buffer) (*instance, error) {
		return p.clone(ctx, image, environ)
	}, func() (*instance, buffer, error) {
		i, err := p.initialised(ctx)
		if err != nil {
			return nil, buffer{}, err
		}
		return i, i.environ, nil
	})
	if err != nil {
		return nil, err
	}
	return i, nil
}

func (p *program) clone(ctx context.Context, image *engine.Image, environ buffer) (*instance, error) {
	inner, err := image.Clone(ctx, p.config)
	if err != nil {
		return nil, err
	}
	i := p.wrap(inner)
	i.environ = environ
	return i, nil
}

// initialised makes an instance from nothing.
func (p *program) initialised(ctx context.Context) (*instance, error) {
	inner, err := p.module.Instantiate(ctx, p.config, abi.ExportInitialize)
	if err != nil {
		return nil, err
	}
	i := p.wrap(inner)
	if err := i.prepare(ctx); err != nil {
		i.Close()
		if fault, ok := errors.AsType[*guest.Fault](err); ok {
			fault.Phase = guest.PhaseInit
		}
		return nil, err
	}
	return i, nil
}

func (p *program) wrap(inner *engine.Instance) *instance {
	i := &instance{
		Instance:    inner,
		program:     p,
		application: inner.Function(abi.ExportApplication),
		allocate:    inner.Function(abi.ExportAllocate),
		errors:      engine.NewLineLog(inner, "errors"),
	}
	inner.Owner = i
	inner.SetLog(i.log)
	return i
}

// prepare does what every instance needs before its first exchange, and once for all where they are restored.
func (i *instance) prepare(ctx context.Context) error {
	defer i.errors.Flush() // no request is to be given the blame for an unfinished line
	if warmUp := i.Function(abi.ExportWarmUp); warmUp != nil && i.program.isolation != guest.IsolationFresh {
		if err := i.Call(ctx, warmUp, nil); err != nil {
			return err
		}
	}
	return i.grow(ctx, abi.EnvironBuffer)
}
