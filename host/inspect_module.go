package host

import (
	"slices"

	"github.com/wasgi/wasgi/host/internal/engine"
	"github.com/wasgi/wasgi/host/internal/guest"
	"github.com/wasgi/wasgi/host/internal/wasm"
)

// describe translates what was read. What needs a whole module is left out of one that was refused. restore says that the app's
// instances are to be brought back after each request. An error is a further reason to refuse the file.
func (h *Host) describe(m *wasm.Module, complete, restore bool, uses []guest.Use) (*ModuleFacts, error) {
	d := &ModuleFacts{
		Complete:  complete,
		Toolchain: m.Toolchain(),
		Producers: []ModuleProducer{},
		Imports:   h.imports(m),
		Exports:   exports(m, uses),
		Functions: ModuleFunctions{Imported: len(m.Imports), Defined: len(m.Functions)},
		Tables:    []ModuleTable{},
		Globals:   ModuleGlobals{Count: len(m.Globals), Mutable: map[string]int{}},
		Fresh:     []FreshReason{},
		Sections:  sections(m.Sections, m.Custom),
	}
	for _, p := range m.Producers() {
		d.Producers = append(d.Producers, ModuleProducer(p))
	}
	if m.Memory != nil {
		d.Memory = memorySize(m.Memory)
	}
	for _, t := range m.Tables {
		d.Tables = append(d.Tables, ModuleTable{Type: t.Type.String(), Min: t.Min, Max: declared(t.Max)})
	}
	for _, g := range m.Globals {
		if g.Mutable {
			d.Globals.Mutable[g.Type.String()]++
		}
	}
	d.countSegments(m)
	d.describeCode(m)
	if !complete {
		return d, nil
	}
	return d, d.describeRewriting(m, restore)
}

// declared is nil for the -1 that stands for no maximum.
func declared(n int) *int {
	if n < 0 {
		return nil
	}
	return &n
}

func memorySize(m *wasm.Memory) *ModuleMemory {
	size := &ModuleMemory{MinPages: m.Min, MinBytes: int64(m.Min) * wasm.PageSize, MaxPages: declared(m.Max)}
	if size.MaxPages != nil {
		bytes := int64(m.Max) * wasm.PageSize
		size.MaxBytes = &bytes
	}
	return size
}

func (d *ModuleFacts) countSegments(m *wasm.Module) {
	for _, e := range m.Elements {
		d.Elements.Segments++
		d.Elements.Entries += e.Count
		d.Elements.Bytes += e.Items.Len()
	}
	for _, s := range m.DataSegs {
		d.Data.Segments++
		d.Data.Bytes += s.Bytes.Len()
		if s.Mode == wasm.ModePassive {
			d.Data.Passive++
		}
	}
}

// describeCode tells what only shows in the code, and is worth nothing as long as not all of it was read.
func (d *ModuleFacts) describeCode(m *wasm.Module) {
	names := m.FunctionNames()
	if m.Start >= 0 {
		d.Start = &ModuleFunction{Index: m.Start, Name: nameOf(names, m.Start)}
	}
	for _, f := range m.Fresh {
		reason := FreshReason{What: f.What, Where: f.Where, Index: f.Index, Offset: f.Offset}
		if f.Where == "function" {
			reason.Name = nameOf(names, f.Index)
		}
		d.Fresh = append(d.Fresh, reason)
	}
}

// describeRewriting tells what becomes of a module that is whole.
func (d *ModuleFacts) describeRewriting(m *wasm.Module, restore bool) error {
	d.Compile = &CompileCost{Cost: m.Cost, Limit: wasm.DefaultLimits().ModuleCost}
	r, err := engine.Rewrite(m, restore)
	if err != nil {
		return err
	}
	d.Rewrite = &ModuleRewrite{
		Functions: r.Functions, Charged: r.Charged, Loops: r.Loops, NotesStores: r.Pages.Count > 0,
		CodeBefore: codeSize(m.Sections), CodeAfter: codeSize(wasm.Layout(r.Data, maxSections)), SizeAfter: len(r.Data),
	}
	return nil
}

func codeSize(all []wasm.Section) int {
	for _, s := range all {
		if s.ID == wasm.SectionCode {
			return s.Len()
		}
	}
	return 0
}

func nameOf(names []string, index int) string {
	if index >= len(names) {
		return ""
	}
	return names[index]
}

// imports groups the imports by module, in the order in which the modules come first, and says of each what this host has.
func (h *Host) imports(m *wasm.Module) []ModuleImport {
	all := []ModuleImport{}
	at := map[string]int{}
	for _, i := range m.Imports {
		n, ok := at[i.Module]
		if !ok {
			n = len(all)
			at[i.Module] = n
			access := "unknown"
			if _, ok := h.engine.Offers(i.Module); ok {
				access = "always"
			}
			all = append(all, ModuleImport{Module: i.Module, Access: access})
		}
		all[n].Functions = append(all[n].Functions, h.importFunction(i, m.Types[i.Type].String()))
	}
	return all
}

func (h *Host) importFunction(i wasm.Import, typ string) ImportedFunction {
	f := ImportedFunction{Name: i.Name, Type: typ}
	functions, _ := h.engine.Offers(i.Module)
	if offered, ok := functions[i.Name]; ok {
		f.Offered = offered.String()
		f.Provided = f.Offered == f.Type
	}
	return f
}

func exports(m *wasm.Module, uses []guest.Use) []ModuleExport {
	all := []ModuleExport{}
	for _, e := range m.Exports {
		export := ModuleExport{Name: e.Name, Kind: e.Kind.String(), Index: int(e.Index)}
		switch e.Kind {
		case wasm.ExternFunction:
			export.Type = m.FunctionType(e.Index).String()
		case wasm.ExternTable:
			export.Type = m.Tables[e.Index].Type.String()
		case wasm.ExternGlobal:
			export.Type = globalType(m.Globals[e.Index])
		}
		if n := slices.IndexFunc(uses, func(u guest.Use) bool { return u.Name == export.Name && u.Type == export.Type }); n >= 0 {
			export.Use = uses[n].Purpose
		}
		all = append(all, export)
	}
	return all
}

func globalType(g wasm.Global) string {
	if g.Mutable {
		return "mutable " + g.Type.String()
	}
	return g.Type.String()
}

// sections names the custom sections as far as they were read: the n-th of them is the n-th of customs.
func sections(found []wasm.Section, customs []wasm.CustomSection) []ModuleSection {
	all := []ModuleSection{}
	for _, s := range found {
		section := ModuleSection{Name: s.ID.String(), Offset: s.Start, Size: s.Len()}
		if s.ID == wasm.SectionCustom && len(customs) > 0 {
			section.Custom, customs = customs[0].Name, customs[1:]
		}
		all = append(all, section)
	}
	return all
}
