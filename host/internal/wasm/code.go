package wasm

// frame is one block that the walk is inside of. in and out are how many values it takes and gives.
type frame struct {
	imm     immediate // immBlock (the function too), immLoop, immIf, immElse
	in, out int
	// base is how many operands lie below those that it takes.
	base int
	// loop is the innermost loop around the frame's content, itself if it is one, as an index into recording.loops; -1 for none.
	loop int
	// before is what is owed where it begins, branched the most that is owed where something branches to its end.
	before, branched debt
}

// walker goes through function bodies instruction by instruction, without recursion. It is used for all functions of a module
// in turn, so that its slices are allocated once.
type walker struct {
	*reader
	bounds Limits
	m      *Module
	locals int // of the function, with its parameters
	frames []frame
	cost   cost
	total  int        // locals of all functions so far
	record *recording // nil unless the function is to be rewritten
}

func (w *walker) instruction() {
	at := w.pos
	op := w.byte()
	if w.err != nil {
		return
	}
	if w.record != nil {
		w.settle(op, at)
	}
	in := &plain[op]
	switch op {
	case prefixMisc:
		in = w.prefixed(at, &misc)
	case prefixVector:
		in = w.prefixed(at, &vector)
	}
	before := w.cost.height
	w.push(int(in.effect))
	if in.imm != immNone {
		w.immediates(in, at)
	}
	if w.record != nil {
		w.note(in, at)
		if w.record.follows && w.err == nil {
			w.follow(in, at, before)
		}
	}
}

// push changes the height of the operand stack. In code that cannot be reached, and in code that the compiler will refuse, it
// is only an estimate; it never falls below the block's own operands.
func (w *walker) push(n int) {
	w.cost.height = max(w.cost.height+n, w.frames[len(w.frames)-1].base)
}

// prefixed reads the number behind a prefix. That of a vector instruction must not be padded, although the format allows it:
// wazero reads one byte, takes the second of a long number for a nop, and so would see another instruction than everybody else.
func (w *walker) prefixed(at int, table *[256]instruction) *instruction {
	start := w.pos
	number := w.u32()
	length := w.pos - start
	switch {
	case w.err != nil:
		return &instruction{imm: immNone}
	case table == &vector && length > 1 && number < 1<<(7*(length-1)):
		w.malformed(start, "padded instruction number")
		return &instruction{imm: immNone}
	case table == &vector && number >= relaxedVector:
		w.unsupported(at, "relaxed SIMD")
		return &instruction{imm: immNone}
	case number > 0xff:
		return &instruction{}
	}
	return &table[number]
}

// immediates reads and checks what follows the instruction. at is where it began.
func (w *walker) immediates(in *instruction, at int) {
	switch in.imm {
	case immReturn:
		if w.record != nil {
			w.record.branch(&w.frames[0], 1+w.frames[0].out)
		}
	case immInvalid:
		w.malformed(at, "unknown instruction % x", w.data[at:w.pos])
	case immRefused:
		w.unsupported(at, in.name)
	case immBlock, immLoop, immIf, immElse, immEnd:
		w.structure(in, at)
	case immBranch, immBranchIf:
		w.cost.branch(1, w.label(1))
	case immBranchTable:
		w.branchTable()
	case immCall, immCallIndirect, immSelect, immRefFunc, immRefNull:
		w.reference(in, at)
	case immLocalGet:
		if local := w.index32("local", w.locals); w.err == nil {
			w.cost.read(local)
		}
	case immLocalSet:
		if local := w.index32("local", w.locals); w.err == nil {
			w.cost.write(local)
		}
	case immGlobalGet, immGlobalSet:
		w.global(in, at)
	case immTable, immTableSet, immTableFill, immTableGrow, immTableInit, immTableCopy, immElemDrop:
		w.tables(in, at)
	case immI32:
		w.s32()
	case immI64:
		w.s64()
	case immBytes:
		w.bytes(int(in.arg))
	default:
		w.memory(in, at)
	}
}

func (w *walker) global(in *instruction, at int) {
	index := w.index32("global", len(w.m.Globals))
	if w.err == nil && in.imm == immGlobalSet && !w.m.Globals[index].Mutable {
		w.malformed(at, "global %d is not mutable", index)
	}
}

// reference checks the instructions that speak of functions and types.
func (w *walker) reference(in *instruction, at int) {
	switch in.imm {
	case immCall:
		if index := w.index32("function", w.m.FunctionCount()); w.err == nil {
			w.call(w.m.FunctionType(index))
		}
	case immCallIndirect:
		t := w.index32("type", len(w.m.Types))
		table := w.index32("table", len(w.m.Tables))
		if w.err == nil && w.m.Tables[table].Type != FuncRef {
			w.malformed(at, "call_indirect through a table of %s", w.m.Tables[table].Type)
		}
		if w.err == nil {
			w.call(w.m.Types[t])
		}
	case immSelect:
		if n := w.byte(); w.err == nil && n != 1 {
			w.malformed(at, "select with %d types, must be 1", n)
		}
		w.valueType()
	case immRefFunc:
		index := w.index32("function", w.m.FunctionCount())
		if _, ok := w.m.declared[index]; w.err == nil && !ok {
			w.malformed(at, "ref.func of function %d, which no export, global or element segment declares", index)
		}
	case immRefNull:
		w.referenceType()
	}
}

func (w *walker) call(t FuncType) {
	w.push(-len(t.Params))
	w.push(len(t.Results))
	w.cost.values += len(t.Params) + len(t.Results)
}
