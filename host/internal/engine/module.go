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
	"github.com/tetratelabs/wazero/api"

	"github.com/wasgi/wasgi/host/internal/wasm"
)

const pageSize = 64 << 10 // bytes of one page of linear memory

// Module is compiled code: immutable, shared by its instances.
type Module struct {
	engine   *Engine
	compiled wazero.CompiledModule
	size     int
	close    sync.Once
}

// Compile reads a core WebAssembly module strictly, checks that everything it imports exists, and compiles it within bounds. It
// returns early when ctx is done.
func (e *Engine) Compile(ctx context.Context, data []byte, bounds Bounds) (*Module, error) {
	read, err := wasm.Parse(data, wasm.DefaultLimits())
	if err != nil {
		return nil, err
	}
	if err := e.checkImports(read); err != nil {
		return nil, err
	}
	compiled, err := e.compiler.Load(ctx, data, bounds)
	if err != nil {
		return nil, err
	}
	return &Module{engine: e, compiled: compiled, size: len(data)}, nil
}

// Close releases the compiled code. All instances must have been closed. It may be called twice: wazero counts the users of
// equal modules, and would take the second call for that of another one.
func (m *Module) Close(ctx context.Context) (err error) {
	m.close.Do(func() { err = m.compiled.Close(ctx) })
	return err
}

// Size is the length of the file that was compiled, in bytes.
func (m *Module) Size() int { return m.size }

// ImportsFrom reports whether any function is imported from the host module of that name.
func (m *Module) ImportsFrom(host string) bool {
	return slices.ContainsFunc(m.compiled.ImportedFunctions(), func(f api.FunctionDefinition) bool {
		module, _, _ := f.Import()
		return module == host
	})
}

// checkImports names every import that nothing provides, and every one whose type differs.
func (e *Engine) checkImports(read *wasm.Module) error {
	e.mu.RLock()
	defer e.mu.RUnlock()
	var problems []error
	for _, f := range read.Imports {
		problems = append(problems, e.checkImport(f.Module, f.Name, signatureOfType(read.Types[f.Type])))
	}
	return errors.Join(problems...)
}

func (e *Engine) checkImport(module, name string, has Signature) error {
	functions, ok := e.linked[module]
	if !ok {
		return fmt.Errorf("import %q.%q: no such host module; this host offers %s",
			module, name, strings.Join(slices.Sorted(maps.Keys(e.linked)), ", "))
	}
	want, ok := functions[name]
	if !ok {
		return fmt.Errorf("import %q.%q: no such function; %s offers %s",
			module, name, module, strings.Join(slices.Sorted(maps.Keys(functions)), ", "))
	}
	if !want.Equal(has) {
		return fmt.Errorf("import %q.%q: has type %s; must be %s", module, name, has, want)
	}
	return nil
}

// HasFunction reports whether a function of that name is exported.
func (m *Module) HasFunction(name string) bool {
	_, ok := m.compiled.ExportedFunctions()[name]
	return ok
}

// RequireFunction checks that a function of that name and type is exported.
func (m *Module) RequireFunction(name string, want Signature) error {
	f, ok := m.compiled.ExportedFunctions()[name]
	if !ok {
		return fmt.Errorf("function %q: not exported; export it as %s", name, want)
	}
	if has := signatureOf(f); !has.Equal(want) {
		return fmt.Errorf("function %q: has type %s; must be %s", name, has, want)
	}
	return nil
}

// RequireMemory checks that a memory of that name is exported and starts within limit bytes.
func (m *Module) RequireMemory(name string, limit int64) error {
	memory, ok := m.compiled.ExportedMemories()[name]
	if !ok {
		return fmt.Errorf("memory %q: not exported; export it under that name", name)
	}
	if least := int64(memory.Min()) * pageSize; least > limit {
		return fmt.Errorf("memory %q: starts at %d bytes, the app may have %d; raise memory in its manifest",
			name, least, limit)
	}
	return nil
}
