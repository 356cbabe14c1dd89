package wasm

// function is one function while it is written anew.
type function struct {
	*rewriter
	*assembler
	plan plan
	from int // up to where the original has been dealt with

	unrolled int // loops so far

	// Locals behind the function's own: one that charges use, and an address and contents by their type, for stores.
	temp, address uint32
	contents      map[ValueType]uint32
}

// declare writes the declarations of locals. The function has that many, and those of the rewriter follow.
func (f *function) declare(code Code, locals int) {
	f.from = code.Body
	var added []ValueType
	add := func(t ValueType) uint32 {
		added = append(added, t)
		return uint32(locals + len(added) - 1)
	}
	if f.plan.charge != 0 || f.record.turns {
		f.temp = add(I32)
	}
	if len(f.record.stores.all) > 0 {
		f.address, f.contents = add(I32), map[ValueType]uint32{}
	}
	for _, s := range f.record.stores.all {
		if _, ok := f.contents[s.value]; !ok {
			f.contents[s.value] = add(s.value)
		}
	}
	r := reader{data: f.m.Data, pos: code.Start, end: code.Body}
	f.u32(r.u32() + uint32(len(added)))
	f.copy(r.pos, code.Body)
	for _, t := range added {
		f.bytes(1, byte(t))
	}
}

// copy writes a part of the original as it is.
func (f *function) copy(from, to int) { f.bytes(f.m.Data[from:to]...) }

// wrapped says that the body lies in a block, behind which the stack is given back.
func (f *function) wrapped() bool { return f.plan.stack != 0 && !f.plan.lazy }

// write writes the instructions.
func (f *function) write(code Code, t FuncType) {
	if f.plan.charge != 0 {
		f.result.Charged++
		if !f.plan.lazy {
			f.charge(f.assembler, f.plan.charge, f.temp)
		}
	}
	if f.wrapped() {
		f.types.block(f.assembler, t.Results)
	}
	for i := 0; i < len(f.record.marks); i++ {
		m := f.record.marks[i]
		f.upTo(m.start)
		if l := f.loopAt(m); l != nil && f.copies(l) > 1 {
			f.unroll(m, l)
			i = l.last - 1
			continue
		}
		f.replace(m)
		f.from = m.end
	}
	f.upTo(code.End)
	if f.wrapped() {
		f.giveBack(f.assembler, f.plan.stack)
		if f.record.debt.unseen > 0 {
			// Callers that return one after the other must not add up what nobody has looked at.
			f.charge(f.assembler, 0, f.temp)
		}
		f.bytes(opEnd)
	}
}

// upTo copies what stays as it is, up to a place in the original, and puts a lazy charge where it belongs.
func (f *function) upTo(to int) {
	if f.plan.lazy {
		start, end := f.record.calls.start, f.record.calls.end
		if f.from <= start && start <= to {
			f.copy(f.from, start)
			f.charge(f.assembler, f.plan.charge, f.temp)
			f.from = start
		}
		if f.from <= end && end <= to && start < to {
			f.copy(f.from, end)
			f.giveBack(f.assembler, f.plan.stack)
			f.from = end
		}
	}
	f.copy(f.from, to)
	f.from = to
}

// replace writes what stands for the marked instruction.
func (f *function) replace(m mark) {
	a := f.assembler
	switch m.imm {
	case immCall:
		f.op(opCall, f.shift(m.arg))
		return
	case immRefFunc:
		f.reference(a, m.arg)
		return
	case immMemoryFill:
		f.op(opCall, f.helpers.memoryFill())
		return
	case immMemoryCopy:
		f.op(opCall, f.helpers.memoryCopy())
		return
	case immMemoryInit:
		f.op(opCall, f.helpers.memoryInit(m.arg))
		return
	case immMemoryGrow, immTableGrow, immTableFill, immTableInit, immTableCopy:
		a.i32Const(f.heavy(m) << workShift)
		a.op(opCall, f.helpers.charge())
	case immReturn, immBranch, immBranchIf:
		f.exit(m, 0)
		return
	case immCheck:
		f.charge(a, work(int(m.arg)), f.temp)
		return
	case immCharge:
		f.take(a, work(int(m.arg)))
		return
	case immStore:
		f.noted(m)
		return
	}
	f.copy(m.start, m.end)
	if l := f.loopAt(m); l != nil {
		f.result.Loops++
		f.charge(a, work(l.weight), f.temp)
	}
}

// exit writes a return or a branch. more is how many blocks there are between the instruction and what lies around its loop
// that were not there before.
func (f *function) exit(m mark, more uint32) {
	if f.plan.lazy && f.record.calls.leaves(m) {
		if m.imm == immBranchIf {
			f.giveBackIf(f.assembler, f.plan.stack, f.temp)
		} else {
			f.giveBack(f.assembler, f.plan.stack)
		}
	}
	switch {
	case m.imm != immReturn:
		f.op(f.m.Data[m.start], m.arg+more)
	case f.wrapped():
		f.op(opBranch, m.arg+more) // to where the stack is given back
	default:
		f.bytes(opReturn)
	}
}

// loopAt returns the loop that the mark is of, if something branches back to it.
func (f *function) loopAt(m mark) *loopFacts {
	if m.imm != immLoop || !f.record.loops[m.arg].again {
		return nil
	}
	return &f.record.loops[m.arg]
}
