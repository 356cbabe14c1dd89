package wasm

// memory checks the instructions that speak of memory, and those on lanes, which share their immediates.
func (w *walker) memory(in *instruction, at int) {
	switch in.imm {
	case immLane:
		w.lane(int(in.arg))
		return
	case immShuffle:
		for range 16 {
			w.lane(32)
		}
		return
	case immDataDrop:
		w.dataSegment(in, at)
		return
	}
	if w.m.Memory == nil {
		w.malformed(at, "there is no memory")
		return
	}
	switch in.imm {
	case immMemory:
		w.memoryArgument(in.arg)
	case immMemoryLane:
		w.memoryArgument(in.arg)
		w.lane(16 >> in.arg)
	case immMemoryZero, immMemoryGrow, immMemoryFill:
		w.memoryZero()
	case immMemoryCopy:
		w.memoryZero()
		w.memoryZero()
	case immMemoryInit:
		w.dataSegment(in, at)
		w.memoryZero()
	}
}

// multiMemoryBit in an alignment says that a memory's index follows.
const multiMemoryBit = 0x40

func (w *walker) memoryArgument(most byte) {
	at := w.pos
	align := w.u32()
	switch {
	case align&multiMemoryBit != 0 && align < 2*multiMemoryBit:
		w.unsupported(at, "multiple memories")
	case align > uint32(most):
		w.malformed(at, "alignment 2^%d, at most 2^%d", align, most)
	}
	w.u32()
}

// memoryZero reads the index of the memory, which is one zero byte and not a number that could be padded.
func (w *walker) memoryZero() {
	at := w.pos
	if b := w.byte(); b != 0 {
		w.unsupported(at, "multiple memories")
	}
}

func (w *walker) lane(lanes int) {
	at := w.pos
	if lane := int(w.byte()); lane >= lanes {
		w.malformed(at, "lane %d, there are %d", lane, lanes)
	}
}

// dataSegment needs the data count: the segments themselves come after the code.
func (w *walker) dataSegment(in *instruction, at int) {
	if w.m.DataCount < 0 {
		w.malformed(at, "%s without a data count section", in.name)
		return
	}
	w.index32("data segment", w.m.DataCount)
	if in.imm == immDataDrop {
		w.fresh(in, at)
	}
}

// tables checks the instructions that speak of tables and element segments.
func (w *walker) tables(in *instruction, at int) {
	switch in.imm {
	case immTable, immTableSet, immTableFill, immTableGrow:
		index := w.index32("table", len(w.m.Tables))
		if in.imm == immTableGrow && w.err == nil {
			w.growable(at, index)
		}
	case immElemDrop:
		w.index32("element segment", len(w.m.Elements))
	case immTableInit:
		w.sameType(at, w.elementType(), w.tableType())
	case immTableCopy:
		w.sameType(at, w.tableType(), w.tableType())
	}
	if in.imm != immTable {
		w.fresh(in, at)
	}
}

// growable refuses to let a table grow beyond what any table may have: nothing stops it at run time but its maximum.
func (w *walker) growable(at int, index uint32) {
	limit := w.bounds.TableEntries
	if most := w.m.Tables[index].Max; most < 0 || most > limit {
		w.fail(at, KindLimit, "table.grow of table %d: it may grow without bound; declare a maximum of at most %d", index, limit)
	}
}

func (w *walker) tableType() ValueType {
	if index := w.index32("table", len(w.m.Tables)); w.err == nil {
		return w.m.Tables[index].Type
	}
	return 0
}

func (w *walker) elementType() ValueType {
	if index := w.index32("element segment", len(w.m.Elements)); w.err == nil {
		return w.m.Elements[index].Type
	}
	return 0
}

func (w *walker) sameType(at int, a, b ValueType) {
	if w.err == nil && a != b {
		w.malformed(at, "%s into a table of %s, or the reverse", a, b)
	}
}

// fresh notes the first place of each instruction that changes what cannot be restored.
func (w *walker) fresh(in *instruction, at int) {
	if w.err != nil {
		return
	}
	for _, f := range w.m.Fresh {
		if f.What == in.name {
			return
		}
	}
	w.m.Fresh = append(w.m.Fresh, FreshReason{What: in.name, Where: w.item, Index: w.index, Offset: at})
}
