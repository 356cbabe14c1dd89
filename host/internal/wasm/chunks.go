package wasm

import "strconv"

// Bulk operations are cut into chunks of bulkChunk bytes, and a chunk counts as its bytes divided by 2^bulkShift, in units of
// work: a quantum of them is a few MiB.
const (
	bulkChunk = 256 << 10
	bulkShift = 5
)

// The parameters of the bulk operations, all of one type, and the temporary behind them.
const (
	bulkTo   = 0
	bulkFrom = 1 // the value, for a fill
	bulkSize = 2
	bulkTemp = 3
)

func (h *helpers) memoryFill() uint32 {
	return h.bulk("memory.fill", []byte{prefixMisc, 11, 0}, func(a *assembler) {
		h.beyondMemory(a, bulkTo)
	}, forward(bulkTo))
}

func (h *helpers) memoryCopy() uint32 {
	return h.bulk("memory.copy", []byte{prefixMisc, 10, 0, 0}, func(a *assembler) {
		h.beyondMemory(a, bulkTo)
		h.beyondMemory(a, bulkFrom)
		a.bytes(opI32Or)
	}, nil)
}

func (h *helpers) memoryInit(segment uint32) uint32 {
	var op assembler
	op.bytes(prefixMisc, 8)
	op.u32(segment)
	op.bytes(0)
	return h.bulk("memory.init "+strconv.Itoa(int(segment)), op.out, func(a *assembler) {
		h.beyondMemory(a, bulkTo)
		sum(a, bulkFrom)
		a.i64Const(int64(h.w.m.DataSegs[segment].Bytes.Len()))
		a.bytes(opI64GtU, opI32Or)
	}, forward(bulkTo, bulkFrom))
}

// sum puts the end of a range, start plus size, onto the stack as an i64.
func sum(a *assembler, start uint32) {
	a.op(opLocalGet, start)
	a.bytes(opI64Extend)
	a.op(opLocalGet, bulkSize)
	a.bytes(opI64Extend, opI64Add)
}

// beyondMemory puts onto the stack whether a range ends behind the memory.
func (h *helpers) beyondMemory(a *assembler, start uint32) {
	sum(a, start)
	a.bytes(opMemSize, 0, opI64Extend)
	a.i64Const(16)
	a.bytes(opI64Shl, opI64GtU)
}

// forward steps over a chunk from the front.
func forward(moving ...uint32) func(*assembler) {
	return func(a *assembler) {
		for _, local := range moving {
			a.op(opLocalGet, local)
			a.i32Const(bulkChunk)
			a.bytes(opI32Add)
			a.op(opLocalSet, local)
		}
	}
}

// bulk makes a helper that does op in chunks. beyond says whether the whole lies outside of what there is: then the operation
// itself must trap, before it has changed anything. step moves on behind a chunk; nil is a copy, whose chunks go from the front
// or from the back, as the ranges overlap.
func (h *helpers) bulk(name string, op []byte, beyond, step func(*assembler)) uint32 {
	return h.get(name, 3, 1, func(a *assembler) {
		a.bytes(opBlock, emptyBlock)
		h.isLong(a, opI32LeU)
		a.op(opBranchIf, 0)
		beyond(a)
		a.op(opBranchIf, 0)
		if step != nil {
			h.chunks(a, op, step)
		} else {
			a.op(opLocalGet, bulkTo)
			a.op(opLocalGet, bulkFrom)
			a.bytes(opI32LeU, opIf, emptyBlock)
			h.chunks(a, op, forward(bulkTo, bulkFrom))
			a.bytes(opElse)
			h.chunksFromBack(a, op)
			a.bytes(opEnd)
		}
		a.bytes(opEnd)
		// The rest, or what traps.
		h.isLong(a, opI32LeU)
		a.bytes(opIf, emptyBlock)
		a.op(opGlobalGet, h.w.budget)
		a.op(opLocalGet, bulkSize)
		a.i32Const(bulkShift)
		a.bytes(opI32ShrU)
		a.i32Const(1)
		a.bytes(opI32Add)
		a.i32Const(workShift)
		a.bytes(opI32Shl, opI32Sub)
		h.w.store(a, bulkTemp)
		a.bytes(opEnd)
		h.do(a, op, func() { a.op(opLocalGet, bulkSize) })
	})
}

// do does a bulk operation on that many bytes, and notes what it writes.
func (h *helpers) do(a *assembler, op []byte, size func()) {
	if h.w.pages.Count > 0 {
		a.op(opLocalGet, bulkTo)
		size()
		a.op(opCall, h.noteRange())
	}
	a.op(opLocalGet, bulkTo)
	a.op(opLocalGet, bulkFrom)
	size()
	a.bytes(op...)
}

// isLong compares the size with a chunk.
func (h *helpers) isLong(a *assembler, compare byte) {
	a.op(opLocalGet, bulkSize)
	a.i32Const(bulkChunk)
	a.bytes(compare)
}

// chunks does all but the last chunk, each after a charge.
func (h *helpers) chunks(a *assembler, op []byte, step func(*assembler)) {
	a.bytes(opLoop, emptyBlock)
	h.w.charge(a, bulkChunk>>bulkShift<<workShift, bulkTemp)
	h.do(a, op, func() { a.i32Const(bulkChunk) })
	step(a)
	shorten(a)
	h.isLong(a, opI32GtU)
	a.op(opBranchIf, 0)
	a.bytes(opEnd)
}

func (h *helpers) chunksFromBack(a *assembler, op []byte) {
	a.bytes(opLoop, emptyBlock)
	h.w.charge(a, bulkChunk>>bulkShift<<workShift, bulkTemp)
	shorten(a)
	if h.w.pages.Count > 0 {
		a.op(opLocalGet, bulkTo)
		a.op(opLocalGet, bulkSize)
		a.bytes(opI32Add)
		a.i32Const(bulkChunk)
		a.op(opCall, h.noteRange())
	}
	for _, start := range []uint32{bulkTo, bulkFrom} {
		a.op(opLocalGet, start)
		a.op(opLocalGet, bulkSize)
		a.bytes(opI32Add)
	}
	a.i32Const(bulkChunk)
	a.bytes(op...)
	h.isLong(a, opI32GtU)
	a.op(opBranchIf, 0)
	a.bytes(opEnd)
}

// shorten takes a chunk from the size.
func shorten(a *assembler) {
	a.op(opLocalGet, bulkSize)
	a.i32Const(bulkChunk)
	a.bytes(opI32Sub)
	a.op(opLocalSet, bulkSize)
}
