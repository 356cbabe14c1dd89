package engine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wasgi/wasgi/host/internal/wasm"
)

// Outline is what a module says of itself before it is compiled. It is immutable.
type Outline struct {
	parsed *wasm.Module
}

// Limits is what a file is held to when it is read. Whoever read it has bounded its length.
func Limits(data []byte) wasm.Limits {
	limits := wasm.DefaultLimits()
	limits.ModuleSize = max(limits.ModuleSize, len(data))
	return limits
}

// Read reads a core WebAssembly module strictly and within limits. The outline keeps data.
func Read(data []byte) (*Outline, error) {
	parsed, err := wasm.Parse(data, Limits(data))
	if err != nil {
		return nil, err
	}
	return &Outline{parsed}, nil
}

// ReadHead is Read for what a module imports and exports alone, for those who only want to know what it is.
func ReadHead(data []byte) (*Outline, error) {
	parsed, err := wasm.Head(data, Limits(data))
	if err != nil {
		return nil, err
	}
	return &Outline{parsed}, nil
}

// slim returns the outline without the file and what only a compiler wants to know.
func (o *Outline) slim() Outline {
	p := o.parsed
	return Outline{&wasm.Module{
		Types: p.Types, Imports: p.Imports, Functions: p.Functions, Tables: p.Tables, Memory: p.Memory, Exports: p.Exports,
		Fresh: p.Fresh,
	}}
}

// ImportsFrom reports whether any function is imported from the host module of that name.
func (o *Outline) ImportsFrom(host string) bool {
	return slices.ContainsFunc(o.parsed.Imports, func(i wasm.Import) bool { return i.Module == host })
}

// HasFunction reports whether a function of that name is exported.
func (o *Outline) HasFunction(name string) bool {
	e, ok := o.parsed.Export(name)
	return ok && e.Kind == wasm.ExternFunction
}

// HasMemory reports whether a memory of that name is exported.
func (o *Outline) HasMemory(name string) bool {
	e, ok := o.parsed.Export(name)
	return ok && e.Kind == wasm.ExternMemory
}

// RequireFunction checks that a function of that name and type is exported.
func (o *Outline) RequireFunction(name string, want Signature) error {
	e, ok := o.parsed.Export(name)
	if !ok || e.Kind != wasm.ExternFunction {
		return fmt.Errorf("function %q: not exported; export it as %s", name, want)
	}
	if has := signatureOf(o.parsed.FunctionType(e.Index)); !has.Equal(want) {
		return fmt.Errorf("function %q: has type %s; must be %s", name, has, want)
	}
	return nil
}

// Unrestorable says what keeps instances from being brought back to an image, as in "table.set in function 12"; "" for nothing.
func (o *Outline) Unrestorable() string {
	var reasons []string
	for _, f := range o.parsed.Fresh {
		reasons = append(reasons, f.String())
	}
	return strings.Join(reasons, ", ")
}

// RequireMemory checks that a memory of that name is exported and starts within limit bytes.
func (o *Outline) RequireMemory(name string, limit int64) error {
	if !o.HasMemory(name) {
		return fmt.Errorf("memory %q: not exported; export it under that name", name)
	}
	if least := o.leastMemory(); least > limit {
		return fmt.Errorf("memory %q: %w", name, tooLarge(least, limit))
	}
	return nil
}

func tooLarge(least, limit int64) error {
	return fmt.Errorf("starts at %d bytes, the app may have %d; raise memory in its manifest", least, limit)
}

// leastMemory is what the memory has at first, in bytes; 0 for no memory.
func (o *Outline) leastMemory() int64 {
	if o.parsed.Memory == nil {
		return 0
	}
	return int64(o.parsed.Memory.Min) * wasm.PageSize
}

// RequireTables checks that all tables together stay within limit entries, however far they grow.
func (o *Outline) RequireTables(limit int) error {
	if entries := o.parsed.TableEntries(); entries > limit {
		return fmt.Errorf("tables: may hold %d entries, the app may have %d; raise tables in its manifest", entries, limit)
	}
	return nil
}
