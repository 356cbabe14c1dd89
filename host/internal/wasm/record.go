package wasm

// recording is what a walk through one function found that rewriting it needs to know.
type recording struct {
	marks []mark
	loops []loopFacts
	// weight is that of all instructions.
	weight int
	// debt is what is owed where the walk is, and behind the last instruction what is owed at the most.
	debt debt
	// height is the greatest height of the operand stack.
	height int
	// turns: something branches back to a loop. pieces: something is charged for in the middle of the code.
	turns, pieces bool
	calls         callRegion
	// follows says that stores are looked at.
	follows bool
	stores  stores
}

// loopFacts are those of one loop.
type loopFacts struct {
	// weight is that of one turn, on whichever path it is the most, without what is charged for in its middle.
	weight int
	again  bool // something branches back to it
	// compound: there is more in it than simple instructions, blocks and branches, or values go around with it.
	compound bool
	// depth is how many blocks lie around it, the function's own among them.
	depth int
	// content is where its instructions begin, end where its end is.
	content, end int
	// first and last bound the marks of its content; last is exclusive.
	first, last int
}

// mark is a place that does not stay as it is: the bytes from start to end are replaced, or something follows them.
type mark struct {
	imm        immediate
	start, end int
	// arg is an index: of the loop in recording.loops, of the called function, of the segment or table that the instruction
	// names first. Of a branch it is its label, and of a return that of the function's outermost block. Of a charge it is its
	// weight.
	arg uint32
	// depth is how many blocks lie around the instruction, the function's own among them.
	depth int
}

// The weights of instructions, in units of what a simple one takes: about a third of a nanosecond. Those that leave no
// machine code have none. What goes to the host, or to another function, counts for the way there and back, and for the values
// that it takes along.
const (
	weightCall     = 16
	weightHostCall = 64
	weightDivision = 8
	weightMemory   = 3 // most take less, those that miss the cache a hundred times as much
	weightTable    = 4 // br_table: a jump that is hard to foretell
)

func (r *recording) reset() {
	r.marks, r.loops = r.marks[:0], r.loops[:0]
	r.weight, r.height, r.debt, r.turns, r.pieces = 0, 0, debt{}, false, false
	r.calls.reset()
}

// note records one instruction that has just been read; it began at at.
func (w *walker) note(in *instruction, at int) {
	r := w.record
	r.height = max(r.height, w.cost.height)
	w.noteBlock(in, at)
	if len(w.frames) == 0 {
		return // the function's own end
	}
	weight := w.weigh(in, at)
	r.weight += weight
	r.debt.unpaid += weight
	w.mark(in, at)
	if w.leaves(in, at) {
		r.debt = debt{} // nothing comes to what follows
	}
}

// leaves reports whether the instruction never goes on with the next one.
func (w *walker) leaves(in *instruction, at int) bool {
	switch in.imm {
	case immBranch, immBranchTable, immReturn:
		return true
	}
	return in.imm == immNone && w.data[at] == opUnreachable
}

func (w *walker) weigh(in *instruction, at int) int {
	switch in.imm {
	case immBlock, immLoop, immElse, immEnd, immLocalGet, immI32, immI64, immRefNull:
		return 0
	case immBranchTable:
		return weightTable
	case immCallIndirect:
		w.record.calls.call(at, len(w.frames), w.record.weight)
		return weightCall + w.m.Types[w.operand(at+1)].values()
	case immCall:
		function := w.operand(at + 1)
		moved := w.m.FunctionType(function).values()
		if function < uint32(len(w.m.Imports)) {
			return weightHostCall + moved
		}
		w.record.calls.call(at, len(w.frames), w.record.weight)
		return weightCall + moved
	case immMemory, immMemoryLane, immTable, immTableSet, immRefFunc:
		return weightMemory
	case immNone:
		switch op := w.data[at]; {
		case op == opNop || op == opDrop:
			return 0
		case isDivision(op):
			return weightDivision
		}
	}
	return 1
}

const (
	opUnreachable = 0x00
	opNop         = 0x01
	opDrop        = 0x1a
)

// isDivision reports i32 and i64 div and rem, and the square roots and divisions of f32 and f64.
func isDivision(op byte) bool {
	return op >= 0x6d && op <= 0x70 || op >= 0x7f && op <= 0x82 || op == 0x91 || op == 0x95 || op == 0x9f || op == 0xa3
}

// mark records the instruction if it is one that does not always stay as it is.
func (w *walker) mark(in *instruction, at int) {
	m := mark{imm: in.imm, start: at, end: w.pos, depth: len(w.frames)}
	simple := false
	switch in.imm {
	case immLoop:
		m.arg = uint32(w.frames[len(w.frames)-1].loop)
	case immReturn:
		m.arg, simple = uint32(len(w.frames)-1), true
	case immBranch, immBranchIf:
		m.arg, simple = w.operand(at+1), true
	case immCall, immRefFunc:
		m.arg = w.operand(at + 1)
	case immMemoryInit, immTableInit, immTableFill, immTableCopy, immTableGrow:
		m.arg = w.prefixedOperand(at)
	case immBranchTable, immCallIndirect, immMemoryGrow, immMemoryFill, immMemoryCopy:
	default:
		return
	}
	w.record.marks = append(w.record.marks, m)
	if loop := w.frames[len(w.frames)-1].loop; loop >= 0 && !simple && in.imm != immLoop {
		w.record.loops[loop].compound = true
	}
}

// operand reads an index that has been read before.
func (w *walker) operand(at int) uint32 {
	r := reader{data: w.data, pos: at, end: w.end}
	return r.u32()
}

// prefixedOperand reads the first index behind a prefix and the number that follows it, which may be padded.
func (w *walker) prefixedOperand(at int) uint32 {
	r := reader{data: w.data, pos: at + 1, end: w.end}
	r.u32()
	return r.u32()
}
