package wasm

// references are the functions that code takes references of. The runtime makes a new one each time that a ref.func is run, and
// keeps it for as long as the instance lives: a loop could use up the memory of the host. So a rewritten module keeps one of
// each function in a table of its own, and takes it from there.
type references struct {
	functions []uint32          // in the order of the table
	index     map[uint32]uint32 // where they are in it
}

// of returns the place of a function's reference in the table.
func (r *references) of(function uint32) uint32 {
	i, ok := r.index[function]
	if !ok {
		if r.index == nil {
			r.index = map[uint32]uint32{}
		}
		i = uint32(len(r.functions))
		r.functions, r.index[function] = append(r.functions, function), i
	}
	return i
}

// referenceTable is the index of the table.
func (w *rewriter) referenceTable() uint32 {
	if w.pages.Count > 0 {
		return w.notes() + 1
	}
	return w.notes()
}

// reference writes what stands for a ref.func.
func (w *rewriter) reference(a *assembler, function uint32) {
	a.i32Const(int32(w.references.of(function)))
	a.op(opTableGet, w.referenceTable())
}

// writeTables adds the table of notes and that of references. The former has one entry that is never null: what clears notes is
// copied from there, since a reference is dear to make.
func (w *rewriter) writeTables(a *assembler) {
	var sizes []int
	if w.pages.Count > 0 {
		sizes = append(sizes, w.pages.Count+1)
	}
	if n := len(w.references.functions); n > 0 {
		sizes = append(sizes, n)
	}
	if len(sizes) == 0 {
		w.copySection(SectionTable)(a)
		return
	}
	w.extend(a, SectionTable, len(w.m.Tables), len(sizes))
	for _, size := range sizes {
		a.bytes(byte(FuncRef), 1)
		a.u32(uint32(size))
		a.u32(uint32(size))
	}
}

// referenceElements is the segment that fills the table.
func (w *rewriter) referenceElements(a *assembler) {
	a.bytes(elementExplicit)
	a.u32(w.referenceTable())
	a.bytes(opI32Const, 0, opEnd, 0) // from the first entry on, indices of functions
	a.u32(uint32(len(w.references.functions)))
	for _, function := range w.references.functions {
		a.u32(w.shift(function))
	}
}
