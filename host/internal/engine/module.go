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

// Module is compiled code: immutable, shared by its instances.
type Module struct {
	Outline  // of the original
	engine   *Engine
	compiled wazero.CompiledModule
	globals  []int      // the mutable ones that an image holds
	pages    wasm.Pages // how instances note what they write
	close    sync.Once
}

// Compile reads a core WebAssembly module strictly, checks that everything it imports exists, gives it checkpoints, and
// compiles it within bounds. It returns early when ctx is done. The module keeps data. restore says that its instances are to
// be brought back to an image: then each store has its price.
func (e *Engine) Compile(ctx context.Context, data []byte, restore bool, bounds Bounds) (*Module, error) {
	outline, err := Read(data)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(e.CheckImports(outline)...); err != nil {
		return nil, err
	}
	rewritten, err := rewrite(outline.parsed, restore)
	if err != nil {
		return nil, err
	}
	compiled, err := e.compiler.Load(ctx, rewritten.Data, bounds)
	if err != nil {
		return nil, err
	}
	return &Module{Outline: *outline, engine: e, compiled: compiled, globals: rewritten.Globals, pages: rewritten.Pages}, nil
}

// rewrite refuses a module that the rewriter is not up to: no file may end the host.
func rewrite(parsed *wasm.Module, restore bool) (rewritten *wasm.Rewritten, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("rewrite: %v", r)
		}
	}()
	return parsed.Rewrite(restore), nil
}

// Restorable reports whether instances can be brought back to an image: the module was compiled for it, and has nothing that
// keeps it from being restored.
func (m *Module) Restorable() bool { return m.pages.Count > 0 }

// Close releases the compiled code. All instances must have been closed. It may be called twice: wazero counts the users of
// equal modules, and would take the second call for that of another one.
func (m *Module) Close(ctx context.Context) (err error) {
	m.close.Do(func() { err = m.compiled.Close(ctx) })
	return err
}

// CheckImports has an error for every import that nothing provides, and for every one whose type differs.
func (e *Engine) CheckImports(o *Outline) (problems []error) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	for _, i := range o.parsed.Imports {
		if err := e.checkImport(i, signatureOf(o.parsed.Types[i.Type])); err != nil {
			problems = append(problems, err)
		}
	}
	return problems
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

// Offers returns what guests may import from the host module of that name: types by the functions' names. It is false where
// there is no such module. The caller must not change the map.
func (e *Engine) Offers(module string) (map[string]Signature, bool) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	functions, ok := e.linked[module]
	return functions, ok
}
