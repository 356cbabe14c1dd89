package wasm

import "math/bits"

// Pages says how a module that was rewritten for restoring notes what it writes: the note of page (address >> Shift) % Count is
// set where its memory has been written to, in the page or in the NoteMargin bytes around it. Pages that are Count apart share
// a note. Count is a power of 2, and 0 for a module that notes nothing.
type Pages struct {
	Shift, Count int
}

// The notes lie in a table of the module's own, one entry a page: null says that the page was written to. A table is out of
// the guest's reach, since its code has no index for it, and to set an entry to null takes few instructions and waits for none.
const (
	// DirtyExport has the type (i32) -> (i64, i64, i64, i64): it returns the notes of the NotesPerCall pages from that one on,
	// lowest bit first, and clears them. The parameter must be a multiple of NotesPerCall.
	DirtyExport = ReservedPrefix + "dirty"
	// CleanExport has the type () -> (). It must be called once, before [DirtyExport]; until then all notes are set.
	CleanExport = ReservedPrefix + "clean"
	// NotesPerCall is how many notes one call of [DirtyExport] returns.
	NotesPerCall = 64 * dirtyWords

	dirtyWords = 4
	smallPage  = 10 // 1 KiB, for memories that 256 such pages cover
	largePage  = 12 // 4 KiB
	mostPages  = 8192
)

// pagesOf chooses the pages for a memory by what it starts with.
func pagesOf(memory *Memory) Pages {
	size := memory.Min * PageSize
	if size <= NotesPerCall<<smallPage {
		return Pages{smallPage, NotesPerCall}
	}
	return Pages{largePage, min(max(1<<bits.Len(uint(size-1)>>largePage), NotesPerCall), mostPages)}
}

// notes is the index of the table.
func (w *rewriter) notes() uint32 { return uint32(len(w.m.Tables)) }

// noted writes a store, and the note of where it goes.
func (f *function) noted(m mark) {
	s := f.record.stores.all[m.arg]
	content := f.contents[s.value]
	f.op(opLocalSet, content)
	f.op(opLocalTee, f.address)
	f.op(opLocalGet, content)
	f.copy(m.start, m.end)
	f.op(opLocalGet, f.address)
	if s.offset != 0 {
		f.i32Const(int32(s.offset))
		f.bytes(opI32Add)
	}
	f.note(f.assembler)
}

// note sets the note of the address on the stack.
func (w *rewriter) note(a *assembler) {
	w.page(a)
	a.bytes(opRefNull, byte(FuncRef))
	a.op(opTableSet, w.notes())
}

// page turns the address on the stack into the index of its note.
func (w *rewriter) page(a *assembler) {
	a.i32Const(int32(w.pages.Shift))
	a.bytes(opI32ShrU)
	a.i32Const(int32(w.pages.Count - 1))
	a.bytes(opI32And)
}

// noteRange sets the notes of a range, for the bulk operations. The range may reach outside of the memory: then the operation
// that follows traps.
func (h *helpers) noteRange() uint32 {
	const start, size, first, n = 0, 1, 0, 1
	return h.get("note", 2, 0, func(a *assembler) {
		a.op(opLocalGet, size)
		a.bytes(opI32Eqz, opIf, emptyBlock, opReturn, opEnd)
		// n is how many pages the range touches, less one.
		a.op(opLocalGet, start)
		a.op(opLocalGet, size)
		a.bytes(opI32Add)
		a.i32Const(1)
		a.bytes(opI32Sub)
		a.i32Const(int32(h.w.pages.Shift))
		a.bytes(opI32ShrU)
		a.op(opLocalGet, start)
		a.i32Const(int32(h.w.pages.Shift))
		a.bytes(opI32ShrU, opI32Sub)
		a.op(opLocalSet, n)
		a.op(opLocalGet, start)
		h.w.page(a)
		a.op(opLocalSet, first)
		h.noteOne(a, first, n)
		h.noteMany(a, first, n)
	})
}

// noteOne returns after one note where there are no more.
func (h *helpers) noteOne(a *assembler, first, n uint32) {
	a.op(opLocalGet, n)
	a.bytes(opI32Eqz, opIf, emptyBlock)
	a.op(opLocalGet, first)
	a.bytes(opRefNull, byte(FuncRef))
	a.op(opTableSet, h.w.notes())
	a.bytes(opReturn, opEnd)
}

// noteMany sets n + 1 notes from first on, and goes on at the front behind the last one.
func (h *helpers) noteMany(a *assembler, first, n uint32) {
	count := int32(h.w.pages.Count)
	a.op(opLocalGet, n)
	a.i32Const(count)
	a.bytes(opI32GeU, opIf, emptyBlock)
	a.i32Const(0)
	h.setNull(a, func() { a.i32Const(count) })
	a.bytes(opReturn, opEnd)

	a.op(opLocalGet, first)
	a.op(opLocalGet, n)
	a.bytes(opI32Add)
	a.i32Const(count)
	a.bytes(opI32GeU, opIf, emptyBlock)
	a.i32Const(0)
	h.setNull(a, func() { // first + n + 1 - count
		a.op(opLocalGet, first)
		a.op(opLocalGet, n)
		a.bytes(opI32Add)
		a.i32Const(count - 1)
		a.bytes(opI32Sub)
	})
	a.i32Const(count - 1) // the last one, so that first and n end there
	a.op(opLocalGet, first)
	a.bytes(opI32Sub)
	a.op(opLocalSet, n)
	a.bytes(opEnd)

	a.op(opLocalGet, first)
	h.setNull(a, func() {
		a.op(opLocalGet, n)
		a.i32Const(1)
		a.bytes(opI32Add)
	})
}

// setNull fills the table with null, from the index on the stack on.
func (h *helpers) setNull(a *assembler, count func()) {
	a.bytes(opRefNull, byte(FuncRef))
	count()
	a.bytes(prefixMisc, tableFill)
	a.u32(h.w.notes())
}

// clean makes the entry that is never null, and clears all notes.
func (h *helpers) clean() uint32 {
	return h.get("clean", 0, 0, func(a *assembler) {
		count := int32(h.w.pages.Count)
		a.i32Const(count)
		a.op(opRefFunc, h.index["clean"]) // any function will do that is declared, as by being exported
		a.op(opTableSet, h.w.notes())
		h.clear(a, func() { a.i32Const(0) }, count)
	})
}

// clear clears n notes from start on.
func (h *helpers) clear(a *assembler, start func(), n int32) {
	start()
	a.i32Const(int32(h.w.pages.Count))
	a.op(opTableGet, h.w.notes())
	a.i32Const(n)
	a.bytes(prefixMisc, tableFill)
	a.u32(h.w.notes())
}

// dirty returns and clears notes.
func (h *helpers) dirty() uint32 {
	const start = 0
	words := make([]ValueType, dirtyWords)
	for i := range words {
		words[i] = I64
	}
	return h.getTyped("dirty", FuncType{i32s(1), words}, []ValueType{I64, I32}, func(a *assembler) {
		const word, index = 1, 2
		for range dirtyWords {
			h.readWord(a, start, word, index)
			a.op(opLocalGet, word) // a result, left on the stack
			a.op(opLocalGet, word)
			a.i64Const(0)
			a.bytes(opI64Ne, opIf, emptyBlock)
			h.clear(a, func() { a.op(opLocalGet, start) }, 64)
			a.bytes(opEnd)
			a.op(opLocalGet, start)
			a.i32Const(64)
			a.bytes(opI32Add)
			a.op(opLocalSet, start)
		}
	})
}

// readWord gathers the 64 notes from start on, the last one first, eight a turn.
func (h *helpers) readWord(a *assembler, start, word, index uint32) {
	a.i64Const(0)
	a.op(opLocalSet, word)
	a.op(opLocalGet, start)
	a.i32Const(64)
	a.bytes(opI32Add)
	a.op(opLocalSet, index)
	a.bytes(opLoop, emptyBlock)
	for range 8 {
		a.op(opLocalGet, word)
		a.i64Const(1)
		a.bytes(opI64Shl)
		a.op(opLocalGet, index)
		a.i32Const(1)
		a.bytes(opI32Sub)
		a.op(opLocalTee, index)
		a.op(opTableGet, h.w.notes())
		a.bytes(opRefIsNull, opI64Extend, opI64Or)
		a.op(opLocalSet, word)
	}
	a.op(opLocalGet, index)
	a.op(opLocalGet, start)
	a.bytes(opI32Ne)
	a.op(opBranchIf, 0)
	a.bytes(opEnd)
}
