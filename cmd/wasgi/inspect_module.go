package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/wasgi/wasgi/host"
)

// absent says that a module has none of something, unless it may stand behind what was read.
func (r *report) absent(label, words string) {
	if r.i.Module.Complete {
		r.line(label, "%s", words)
	}
}

// imports says what must be granted, one line a host module, and below it what is wanted of it.
func (r *report) imports(modules []host.ModuleImport) {
	if len(modules) == 0 {
		r.absent("imports", "none: nothing must be granted")
		return
	}
	label := "imports"
	for _, m := range modules {
		r.line(label, "%s: %s, %s", name(m.Module), plural(len(m.Functions), "function", "functions"), access(m))
		label = ""
		rows := make([][]string, 0, len(m.Functions))
		for _, f := range m.Functions {
			rows = append(rows, []string{name(f.Name), clip(f.Type, mostOfType), lack(m, f)})
		}
		r.list("  ", rows)
	}
}

// access says what it takes to be given a host module.
func access(m host.ModuleImport) string {
	if m.Access == "always" {
		return "always granted"
	}
	return "UNKNOWN: this host has no such module"
}

// lack says what is wrong with one import of a module that exists.
func lack(m host.ModuleImport, f host.ImportedFunction) string {
	switch {
	case f.Provided || m.Access == "unknown":
		return ""
	case f.Offered == "":
		return "UNKNOWN"
	}
	return "WRONG TYPE: must be " + f.Offered
}

func (r *report) exports(exports []host.ModuleExport) {
	if len(exports) == 0 {
		r.absent("exports", "none")
		return
	}
	r.line("exports", "%d", len(exports))
	rows := make([][]string, 0, len(exports))
	for _, e := range exports {
		what := e.Type
		if e.Kind != "function" {
			what = strings.TrimSpace(e.Kind + " " + e.Type)
		}
		rows = append(rows, []string{name(e.Name), clip(what, mostOfType), e.Use})
	}
	r.list("  ", rows)
}

// room is what an instance takes: memory, tables, globals, and what they are filled with.
func (r *report) room(m *host.ModuleFacts) {
	r.memory(m.Memory)
	r.segments("data", shortSize(m.Data.Bytes), m.Data.Segments, m.Data.Passive)
	r.tables(m.Tables)
	r.segments("elements", plural(m.Elements.Entries, "entry", "entries")+", "+shortSize(m.Elements.Bytes), m.Elements.Segments, 0)
	r.globals(m.Globals)
}

// segments says what segments hold.
func (r *report) segments(label, what string, segments, passive int) {
	switch {
	case segments == 0:
		r.absent(label, "none")
	case passive == 0:
		r.line(label, "%s in %s", what, plural(segments, "segment", "segments"))
	default:
		r.line(label, "%s in %s, %s of them passive", what, plural(segments, "segment", "segments"), grouped(passive))
	}
}

func (r *report) memory(m *host.ModuleMemory) {
	if m == nil {
		r.absent("memory", "none")
		return
	}
	most := "no maximum of its own"
	if m.MaxBytes != nil {
		most = fmt.Sprintf("%s at most (%s)", shortSize(*m.MaxBytes), plural(*m.MaxPages, "page", "pages"))
	}
	r.line("memory", "%s at first (%s), %s; the app may have %s",
		shortSize(m.MinBytes), plural(m.MinPages, "page", "pages"), most, shortSize(r.i.Limits.Memory))
}

func (r *report) tables(tables []host.ModuleTable) {
	if len(tables) == 0 {
		r.absent("tables", "none")
		return
	}
	var parts []string
	for _, t := range tables {
		part := grouped(t.Min) + " " + t.Type
		if t.Max != nil && *t.Max != t.Min {
			part += " (at most " + grouped(*t.Max) + ")"
		}
		parts = append(parts, part)
	}
	r.text("tables", strings.Join(parts, ", ")+"; the app may have "+grouped(r.i.Limits.Tables)+" entries")
}

// globals writes "8, of them mutable: 2 i32, 6 i64".
func (r *report) globals(g host.ModuleGlobals) {
	if g.Count == 0 {
		r.absent("globals", "none")
		return
	}
	var parts []string
	for _, t := range slices.Sorted(maps.Keys(g.Mutable)) {
		parts = append(parts, grouped(g.Mutable[t])+" "+t)
	}
	r.line("globals", "%s, of them mutable: %s", grouped(g.Count), or(strings.Join(parts, ", "), "none"))
}

// code is what is known of the functions, and what the host would make of them.
func (r *report) code(m *host.ModuleFacts) {
	if m.Functions.Defined+m.Functions.Imported > 0 {
		r.line("functions", "%s, and %s imported", grouped(m.Functions.Defined), grouped(m.Functions.Imported))
	}
	if m.Start != nil {
		r.line("start", "%s", strings.TrimSpace(fmt.Sprintf("function %d %s", m.Start.Index, name(m.Start.Name))))
	} else {
		r.absent("start", "none")
	}
	if !m.Complete {
		return
	}
	r.isolation(m)
	w := m.Rewrite
	noted := ""
	if w.NotesStores {
		noted = ", and note each store"
	}
	r.text("checkpoints", fmt.Sprintf("charge %s of %s and %s%s; code grows from %s to %s%s", grouped(w.Charged),
		plural(w.Functions, "function", "functions"), plural(w.Loops, "loop", "loops"), noted,
		shortSize(w.CodeBefore), shortSize(w.CodeAfter), growth(w.CodeBefore, w.CodeAfter)))
	r.line("compiling", "%s units of estimated cost, %s are allowed", grouped(m.Compile.Cost), grouped(m.Compile.Limit))
}

func growth(before, after int) string {
	if before == 0 {
		return ""
	}
	return fmt.Sprintf(" (%+d%%)", (after-before)*100/before)
}

// isolation says how requests are kept apart, and what stands against doing it cheaply.
func (r *report) isolation(m *host.ModuleFacts) {
	if len(m.Fresh) == 0 {
		r.line("isolation", "%s; nothing in the module makes fresh necessary", r.i.Isolation)
		return
	}
	runsAs := ""
	if r.i.Isolation == "request" {
		runsAs = ", which runs as fresh"
	}
	r.line("isolation", "%s%s: what these change cannot be brought back from outside", r.i.Isolation, runsAs)
	rows := make([][]string, 0, len(m.Fresh))
	for _, f := range m.Fresh {
		rows = append(rows, []string{f.What, strings.TrimSpace(fmt.Sprintf("%s %d %s", f.Where, f.Index, name(f.Name)))})
	}
	r.list("  ", rows)
}
