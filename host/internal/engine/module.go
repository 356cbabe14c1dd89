package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/wasgi/wasgi/host/internal/compile"
	"github.com/wasgi/wasgi/host/internal/wasm"
)

// Module is compiled code: immutable, shared by its instances.
type Module struct {
	Outline // of the original
	engine  *Engine
	code    *compile.Code
	data    atomic.Pointer[[]dataSegment]
	globals []int      // the mutable ones that an image holds
	pages   wasm.Pages // how instances note what they write
	close   sync.Once
}

// Compile reads a core WebAssembly module strictly, checks that everything it imports exists, gives it checkpoints, and
// compiles it within bounds. It returns early when ctx is done. The module does not keep data. restore says that its instances are to
// be brought back to an image: then each store has its price.
func (e *Engine) Compile(ctx context.Context, data []byte, restore bool, bounds Bounds) (*Module, error) {
	outline, err := Read(data)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(e.CheckImports(outline)...); err != nil {
		return nil, err
	}
	rewritten, err := Rewrite(outline.parsed, restore)
	if err != nil {
		return nil, err
	}
	code, err := e.compiler.Load(ctx, rewritten.Data, bounds)
	if err != nil {
		return nil, err
	}
	m := &Module{Outline: outline.slim(), engine: e, code: code, globals: rewritten.Globals, pages: rewritten.Pages}
	segments := activeData(outline.parsed)
	m.data.Store(&segments)
	return m, nil
}

// dataSegment is what an active data segment writes into a new memory, and where.
type dataSegment struct {
	number  int // among all data segments
	offset  uint32
	content []byte
}

// activeData copies the segments out of the file, so that the rest of it need not be kept.
func activeData(parsed *wasm.Module) (data []dataSegment) {
	for n, segment := range parsed.DataSegs {
		if segment.Mode == wasm.ModeActive {
			content := bytes.Clone(parsed.Data[segment.Bytes.Start:segment.Bytes.End])
			data = append(data, dataSegment{n, uint32(segment.Offset.Value), content})
		}
	}
	return data
}

// Bytes is about what the module takes while it has no instance: its data, and its share of code that others use too.
func (m *Module) Bytes() int64 {
	n := m.code.Bytes / int64(max(m.code.Users(), 1))
	for _, segment := range *m.data.Load() {
		n += int64(len(segment.content))
	}
	return n
}

// DropData forgets the data of a module of which there is an image: from then on instances are made by cloning that alone.
func (m *Module) DropData() { m.data.Store(new([]dataSegment)) }

// Rewrite is [wasm.Module.Rewrite] that refuses a module which the rewriter is not up to: no file may end the host.
func Rewrite(parsed *wasm.Module, restore bool) (rewritten *wasm.Rewritten, err error) {
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

// Close releases the compiled code. All instances must have been closed. It may be called twice: the users of equal
// modules are counted, and the second call would be taken for that of another one.
func (m *Module) Close(ctx context.Context) (err error) {
	m.close.Do(func() { err = m.code.Close(ctx) })
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
