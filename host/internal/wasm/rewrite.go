package wasm

import (
	"fmt"
	"strconv"
)

// What a rewritten module imports and exports beside what its author wrote. All of them begin with [ReservedPrefix].
const (
	// HostModule is the module that CheckpointImport is imported from.
	HostModule = ReservedPrefix + "host"
	// CheckpointImport has the type (i32) -> (i32): it is given the [Budget] that is used up, and returns a new one.
	CheckpointImport = "checkpoint"
	// BudgetExport is the mutable global of type i32 that holds the [Budget]. It must be set before anything is called: it
	// starts at 0, which is a budget that is used up by the first charge.
	BudgetExport = ReservedPrefix + "budget"
	// StartExport is the start function, which a rewritten module does not run by itself.
	StartExport = ReservedPrefix + "start"
	// globalExport and the index of a mutable global is what it is exported as.
	globalExport = ReservedPrefix + "global:"
)

// GlobalExport is the name that the mutable global of that index is exported under.
func GlobalExport(index int) string { return globalExport + strconv.Itoa(index) }

// Rewritten is a module that does what the original does, and gives account of its work and its stack.
//
// It differs in what happens when it is instantiated, so that one binary serves the first instance and those that begin with
// a copy of its memory: the start function does not run, active data segments are empty. Whoever makes the first instance
// applies [Module.DataSegs] that are active, in order, and then calls the start function. Mutable globals are exported.
type Rewritten struct {
	// Data is the binary. Modules that differ in nothing but the content of active data segments have the same.
	Data []byte
	// Start says that there is a start function: [StartExport].
	Start bool
	// Pages says how to find out what memory was written to.
	Pages Pages
	// Globals are the indices of mutable globals of numeric types, exported as [GlobalExport] says.
	Globals []int
	// Loops counts the loops that are charged for each turn, Charged the functions that are charged once a call, of Functions.
	Loops, Charged, Functions int
}

// rewriter is one run of Rewrite.
type rewriter struct {
	m       *Module
	result  *Rewritten
	pages   Pages
	types   typeTable
	helpers helpers
	// references are those that code takes.
	references references
	// budget is the index of the global, checkpoint that of the imported function.
	budget, checkpoint uint32

	walker  walker
	record  recording
	code    assembler // of all functions
	body    assembler // scratch, of one function
	scratch assembler
}

// Rewrite returns the module with checkpoints in it. restore says that its memory is to be brought back to an earlier state: then
// it notes what it writes, if it has a memory and nothing in Fresh. It panics if it comes upon something that parsing should have
// refused.
func (m *Module) Rewrite(restore bool) *Rewritten {
	w := &rewriter{m: m, result: &Rewritten{Start: m.Start >= 0, Functions: len(m.Functions)}}
	w.budget, w.checkpoint = uint32(len(m.Globals)), uint32(len(m.Imports))
	w.types = newTypeTable(m)
	w.helpers = helpers{w: w, first: uint32(m.FunctionCount()) + 1, index: map[string]uint32{}}
	if restore && m.Memory != nil && len(m.Fresh) == 0 {
		w.pages = pagesOf(m.Memory)
		w.result.Pages = w.pages
	}
	for i, g := range m.Globals {
		if g.Mutable && g.Type != V128 && !g.Type.IsReference() {
			w.result.Globals = append(w.result.Globals, i)
		}
	}
	w.rewriteCode()
	w.result.Data = w.assemble()
	return w.result
}

// shift is the index of a function once the checkpoint is imported behind the module's own imports.
func (w *rewriter) shift(function uint32) uint32 {
	if function >= w.checkpoint {
		return function + 1
	}
	return function
}

func (w *rewriter) rewriteCode() {
	w.walker = walker{bounds: unlimited(), m: w.m, record: &w.record}
	for i := range w.m.Code {
		w.function(i)
	}
	if w.pages.Count > 0 {
		w.helpers.clean()
		w.helpers.dirty()
	}
	for _, h := range w.helpers.all {
		w.code.u32(uint32(len(h.code)))
		w.code.bytes(h.code...)
	}
}

// function writes the n-th of Code anew.
func (w *rewriter) function(n int) {
	code, t := w.m.Code[n], w.m.Types[w.m.Functions[n]]
	w.record.reset()
	w.record.follows = w.pages.Count > 0
	w.record.stores.reset(len(t.Params) + code.Locals)
	w.walker.reader = &reader{data: w.m.Data, pos: code.Body, end: code.End}
	w.walker.body(t, code)
	if err := w.walker.err; err != nil {
		panic(fmt.Sprintf("rewriting what was valid when it was parsed: %v", err)) // what was not walked through would run as it is
	}
	locals := len(t.Params) + code.Locals
	f := function{rewriter: w, plan: planOf(&w.record, locals)}
	w.code.sized(&w.body, func(a *assembler) {
		f.assembler = a
		f.declare(code, locals)
		f.write(code, t)
	})
}

// The charges of single instructions that do much, in units of work.
const (
	growWork       = 128
	entriesPerUnit = 16 // of a table
	mostHeavy      = Quantum / WorkUnit
)

// heavy is the charge of one instruction that works on a table, as large as it may be, or grows the memory.
func (w *rewriter) heavy(m mark) int32 {
	if m.imm == immMemoryGrow {
		return growWork
	}
	entries := 0
	for _, t := range w.m.Tables {
		entries = max(entries, t.Min, t.Max)
	}
	return int32(min(growWork+entries/entriesPerUnit, mostHeavy))
}
