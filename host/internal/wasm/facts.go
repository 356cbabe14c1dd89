package wasm

import (
	"fmt"
	"slices"
	"strings"
)

// FreshReason is one thing that the state of an instance depends on and that cannot be read or set from outside: tables,
// dropped segments, and globals of types that do not fit through the runtime's API.
type FreshReason struct {
	// What is an instruction such as "table.set", or "mutable v128 global".
	What string
	// Where and Index say the first place: "function" or "global" and its index.
	Where string
	Index int
	// Offset is in bytes from the file's start.
	Offset int
}

// String reads "table.set in function 12" or "mutable v128 global in global 3".
func (f FreshReason) String() string { return fmt.Sprintf("%s in %s %d", f.What, f.Where, f.Index) }

// Producer is one tool that had a hand in the module, from the producers section.
type Producer struct {
	// Field is "language", "processed-by" or "sdk".
	Field, Name, Version string
}

// Producers returns what the producers section says; nil if there is none, or none that can be read: it has no meaning for
// running the module.
func (m *Module) Producers() []Producer {
	for _, c := range m.Custom {
		if c.Name != "producers" {
			continue
		}
		r := reader{data: m.Data, pos: c.Start, end: c.End}
		var all []Producer
		for n := r.count("fields", 2, r.left()); n > 0 && r.err == nil; n-- {
			field := r.name("field", r.left())
			for n := r.count("values", 2, r.left()); n > 0 && r.err == nil; n-- {
				all = append(all, Producer{field, r.name("name", r.left()), r.name("version", r.left())})
			}
		}
		if r.err != nil {
			return nil
		}
		return all
	}
	return nil
}

// Toolchain names what built the module as far as the producers section tells: "Go go1.26.8", "Rust, rustc 1.80.0, clang 17";
// "" if it does not.
func (m *Module) Toolchain() string {
	var parts []string
	for _, p := range m.Producers() {
		if part := strings.TrimSpace(p.Name + " " + p.Version); part != "" && p.Field != "sdk" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ", ")
}

// ImportsByModule groups the imported functions' indices by the module they come from.
func (m *Module) ImportsByModule() map[string][]uint32 {
	groups := map[string][]uint32{}
	for i, f := range m.Imports {
		groups[f.Module] = append(groups[f.Module], uint32(i))
	}
	return groups
}

// Export returns the export of that name.
func (m *Module) Export(name string) (Export, bool) {
	for _, e := range m.Exports {
		if e.Name == name {
			return e, true
		}
	}
	return Export{}, false
}

// LocalGroup is one declaration of locals: Count of them of one type.
type LocalGroup struct {
	Count int
	Type  ValueType
}

// LocalGroups reads the declarations of locals of the n-th of Code.
func (m *Module) LocalGroups(n int) []LocalGroup {
	c := m.Code[n]
	r := reader{data: m.Data, pos: c.Start, end: c.Body}
	groups := make([]LocalGroup, r.u32())
	for i := range groups {
		groups[i] = LocalGroup{r.size(), r.valueType()}
	}
	return groups
}

// TableEntries is how many entries all tables together may come to hold.
func (m *Module) TableEntries() int {
	grows := slices.ContainsFunc(m.Fresh, func(f FreshReason) bool { return f.What == "table.grow" })
	entries := 0
	for _, t := range m.Tables {
		if grows && t.Max >= 0 {
			entries += t.Max
		} else {
			entries += t.Min
		}
	}
	return entries
}
