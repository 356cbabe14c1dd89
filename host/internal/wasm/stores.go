package wasm

import "slices"

// stores follows a function's operands as far as it takes to see that two stores go to addresses near one another, so that the
// second need not be noted again.
type stores struct {
	// operands are the topmost on the stack; below them lie deep others of which nothing is known.
	operands []value
	deep     int
	locals   []value
	stamps   []uint32 // by local: the epoch in which its value was noted
	epoch    uint32   // counts places that control may come to from elsewhere
	roots    uint32
	noted    []value // addresses noted since the last such place
	all      []storeFacts
}

// storeFacts are those of one store that has to be noted.
type storeFacts struct {
	value  ValueType // of what is stored
	offset uint32
}

// value is what is known of an operand or a local: the lower 32 bits are those of root, a number that nobody knows, plus off.
// Root 0 is the number 0. Equal roots mean equal numbers between two places of one epoch, where code runs straight on. Each
// function counts its roots anew, and makes a few an instruction, so that they never come to an end.
type value struct{ root, off uint32 }

const (
	// noteSpan is how far, in bytes, a store may lie from one that has been noted and count as noted with it.
	noteSpan = 256
	// mostNoted is how many addresses are remembered at once.
	mostNoted = 16
	// NoteMargin is how many bytes around a noted page may have been written: a span, and the width of a store.
	NoteMargin = noteSpan + 16
)

func (s *stores) reset(locals int) {
	s.all, s.roots = s.all[:0], 0
	if locals > len(s.locals) {
		s.locals = append(s.locals, make([]value, locals-len(s.locals))...)
		s.stamps = append(s.stamps, make([]uint32, locals-len(s.stamps))...)
	}
	s.merge(0)
}

// merge forgets everything, where there are that many operands: control may come here with other values, and on ways where
// nothing was noted.
func (s *stores) merge(height int) {
	s.epoch++
	s.noted = s.noted[:0]
	s.operands, s.deep = s.operands[:0], height
}

func (s *stores) unknown() value {
	s.roots++
	return value{s.roots, 0}
}

func (s *stores) local(n uint32) value {
	if s.stamps[n] != s.epoch {
		s.set(n, s.unknown())
	}
	return s.locals[n]
}

func (s *stores) set(n uint32, v value) { s.locals[n], s.stamps[n] = v, s.epoch }

// resize makes the stack of operands that high; what is new is unknown.
func (s *stores) resize(height int) {
	s.deep = min(s.deep, height)
	for s.deep+len(s.operands) < height {
		s.operands = append(s.operands, s.unknown())
	}
	s.operands = s.operands[:height-s.deep]
}

// top returns the n-th operand from the top, 0 being the topmost.
func (s *stores) top(n int) value {
	for len(s.operands) <= n && s.deep > 0 {
		s.operands = slices.Insert(s.operands, 0, s.unknown())
		s.deep--
	}
	if n < len(s.operands) {
		return s.operands[len(s.operands)-1-n]
	}
	return s.unknown() // code that cannot be reached
}

// pushed says that v was left on top of the stack, which is that high.
func (s *stores) pushed(v value, height int) {
	s.resize(height - 1)
	s.operands = append(s.operands, v)
}

// isNoted reports whether something near the address has been noted, and remembers the address if not.
func (s *stores) isNoted(at value) bool {
	for _, n := range s.noted {
		if n.root == at.root && at.off-n.off+noteSpan <= 2*noteSpan {
			return true
		}
	}
	if len(s.noted) < mostNoted {
		s.noted = append(s.noted, at)
	}
	return false
}

// follow takes the instruction that has just been read into account; before is the height of the stack before it.
func (w *walker) follow(in *instruction, at, before int) {
	s, height := &w.record.stores, w.cost.height
	s.resize(before)
	switch in.imm {
	case immBlock, immIf:
		s.resize(height)
	case immLoop, immElse, immEnd:
		s.merge(height)
	case immCall, immCallIndirect:
		s.resize(max(before-w.taken(in, at), 0)) // all that comes back is unknown, wherever it lies on the stack
		s.resize(height)
	case immLocalGet:
		s.operands = append(s.operands, s.local(w.operand(at+1)))
	case immLocalSet:
		s.set(w.operand(at+1), s.top(0))
		s.resize(height)
	case immI32, immI64:
		r := reader{data: w.data, pos: at + 1, end: w.end}
		s.operands = append(s.operands, value{0, uint32(r.s64())})
	default:
		w.followOther(in, at, height)
	}
}

// followOther is follow for what may be a store, and for what calculates.
func (w *walker) followOther(in *instruction, at, height int) {
	s := &w.record.stores
	if t := storedType(w.data[at:w.pos]); t != 0 {
		w.followStore(t, at)
		s.resize(height)
		return
	}
	result, known := s.calculate(w.data[at])
	if !known {
		result = s.unknown()
	}
	s.resize(height)
	if height > 0 && !leavesNothing(in, w.data[at]) {
		s.pushed(result, height)
	}
}

// taken is how many operands a call takes off the stack.
func (w *walker) taken(in *instruction, at int) int {
	if in.imm == immCallIndirect {
		return len(w.m.Types[w.operand(at+1)].Params) + 1
	}
	return len(w.m.FunctionType(w.operand(at + 1)).Params)
}

// leavesNothing reports some of the instructions that leave no result: the operand on top is then one that was there before.
// For the others the operand below is forgotten, which costs a note and does no harm. Calls aside, no instruction that is not the
// end of a block leaves more than one result.
func leavesNothing(in *instruction, op byte) bool {
	return op == opDrop || op == opNop || in.imm == immGlobalSet || in.imm == immBranchIf
}

// calculate gives the result of the instructions that only move an address on, or change its width.
func (s *stores) calculate(op byte) (value, bool) {
	a, b := s.top(1), s.top(0)
	switch op {
	case opI32Add, opI64Add:
		switch {
		case b.root == 0:
			return value{a.root, a.off + b.off}, true
		case a.root == 0:
			return value{b.root, a.off + b.off}, true
		}
	case opI32Sub, opI64Sub:
		if b.root == 0 {
			return value{a.root, a.off - b.off}, true
		}
	case opI32Wrap, opI64ExtendS, opI64Extend:
		return b, true
	}
	return value{}, false
}

// followStore marks a store unless one near it has been noted.
func (w *walker) followStore(t ValueType, at int) {
	s := &w.record.stores
	r := reader{data: w.data, pos: at + 1, end: w.end}
	if w.data[at] == prefixVector {
		r.pos++ // a number of one byte: those of vectors are not padded
	}
	r.u32() // alignment
	facts := storeFacts{t, r.u32()}
	address := s.top(1)
	address.off += facts.offset
	if s.isNoted(address) {
		return
	}
	w.record.marks = append(w.record.marks, mark{
		imm: immStore, start: at, end: w.pos, depth: len(w.frames), arg: uint32(len(s.all)),
	})
	s.all = append(s.all, facts)
}

// storedType is the type of what an instruction stores, 0 for one that stores nothing.
func storedType(code []byte) ValueType {
	switch op := code[0]; op {
	case 0x36, 0x3a, 0x3b:
		return I32
	case 0x37, 0x3c, 0x3d, 0x3e:
		return I64
	case 0x38:
		return F32
	case 0x39:
		return F64
	case prefixVector:
		if n := code[1]; n == 0x0b || n >= 0x58 && n <= 0x5b { // v128.store and those of lanes
			return V128
		}
	}
	return 0
}
