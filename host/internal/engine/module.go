package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/tetratelabs/wazero"

	"github.com/wasgi/wasgi/host/internal/wasm"
)

const pageSize = 64 << 10 // bytes of one page of linear memory

// Module is compiled code: immutable, shared by its instances.
type Module struct {
	engine   *Engine
	parsed   *wasm.Module // the original
	compiled wazero.CompiledModule
	close    sync.Once
}

// Compile reads a core WebAssembly module, checks that everything it imports exists, gives it checkpoints, and compiles it.
// It does not look at ctx while it compiles. The module keeps data.
func (e *Engine) Compile(ctx context.Context, data []byte) (module *Module, err error) {
	parsed, err := wasm.Parse(data, wasm.DefaultLimits())
	if err != nil {
		return nil, err
	}
	if err := e.checkImports(parsed); err != nil {
		return nil, err
	}
	// The compiler is large and eats strangers' input: a panic of its must cost this file alone.
	defer func() {
		if r := recover(); r != nil {
			module, err = nil, fmt.Errorf("compile: the compiler panicked: %v", r)
		}
	}()
	rewritten := parsed.Rewrite()
	defer e.compile.lock(rewritten.Data)()
	compiled, err := e.runtime.CompileModule(ctx, rewritten.Data)
	if err != nil {
		return nil, fmt.Errorf("compile: %w", err)
	}
	return &Module{engine: e, parsed: parsed, compiled: compiled}, nil
}

// Close releases the compiled code. All instances must have been closed. It may be called twice: wazero counts the users of
// equal modules, and would take the second call for that of another one.
func (m *Module) Close(ctx context.Context) (err error) {
	m.close.Do(func() { err = m.compiled.Close(ctx) })
	return err
}

// Size is the length of the file that was compiled, in bytes.
func (m *Module) Size() int { return len(m.parsed.Data) }

// ImportsFrom reports whether any function is imported from the host module of that name.
func (m *Module) ImportsFrom(host string) bool {
	return slices.ContainsFunc(m.parsed.Imports, func(i wasm.Import) bool { return i.Module == host })
}

// checkImports names every import that nothing provides, and every one whose type differs.
func (e *Engine) checkImports(m *wasm.Module) error {
	e.mu.RLock()
	defer e.mu.RUnlock()
	var problems []error
	for _, i := range m.Imports {
		problems = append(problems, e.checkImport(i, signatureOf(m.Types[i.Type])))
	}
	return errors.Join(problems...)
}

func (e *Engine) checkImport(i wasm.Import, has Signature) error {
	functions, ok := e.linked[i.Module]
	if !ok {
		return fmt.Errorf("import %q.%q: no such host module; this host offers %s",
			i.Module, i.Name, strings.Join(slices.Sorted(maps.Keys(e.linked)), ", "))
	}
	want, ok := functions[i.Name]
	if !ok {
		return fmt.Errorf("import %q.%q: no such function; %s offers %s",
			i.Module, i.Name, i.Module, strings.Join(slices.Sorted(maps.Keys(functions)), ", "))
	}
	if !want.Equal(has) {
		return fmt.Errorf("import %q.%q: has type %s; must be %s", i.Module, i.Name, has, want)
	}
	return nil
}

// HasFunction reports whether a function of that name is exported.
func (m *Module) HasFunction(name string) bool {
	e, ok := m.parsed.Export(name)
	return ok && e.Kind == wasm.ExternFunction
}

// RequireFunction checks that a function of that name and type is exported.
func (m *Module) RequireFunction(name string, want Signature) error {
	e, ok := m.parsed.Export(name)
	if !ok || e.Kind != wasm.ExternFunction {
		return fmt.Errorf("function %q: not exported; export it as %s", name, want)
	}
	if has := signatureOf(m.parsed.FunctionType(e.Index)); !has.Equal(want) {
		return fmt.Errorf("function %q: has type %s; must be %s", name, has, want)
	}
	return nil
}

// RequireMemory checks that a memory of that name is exported and starts within limit bytes.
func (m *Module) RequireMemory(name string, limit int64) error {
	if e, ok := m.parsed.Export(name); !ok || e.Kind != wasm.ExternMemory {
		return fmt.Errorf("memory %q: not exported; export it under that name", name)
	}
	if least := m.leastMemory(); least > limit {
		return fmt.Errorf("memory %q: %w", name, tooLarge(least, limit))
	}
	return nil
}

func tooLarge(least, limit int64) error {
	return fmt.Errorf("starts at %d bytes, the app may have %d; raise memory in its manifest", least, limit)
}

// leastMemory is what the memory has at first, in bytes; 0 for no memory.
func (m *Module) leastMemory() int64 {
	if m.parsed.Memory == nil {
		return 0
	}
	return int64(m.parsed.Memory.Min) * pageSize
}

// RequireTables checks that all tables together stay within limit entries, however far they grow.
func (m *Module) RequireTables(limit int) error {
	if entries := m.parsed.TableEntries(); entries > limit {
		return fmt.Errorf("tables: may hold %d entries, the app may have %d; raise tables in its manifest", entries, limit)
	}
	return nil
}
