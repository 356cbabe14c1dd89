package wasm

// structure checks the instructions that blocks are made of.
func (w *walker) structure(in *instruction, at int) {
	top := &w.frames[len(w.frames)-1]
	switch in.imm {
	case immElse:
		if top.imm != immIf {
			w.malformed(at, "else without if")
			return
		}
		if w.record != nil {
			w.record.otherwise(top)
		}
		top.imm = immElse
		w.cost.height = top.base + top.in
		w.cost.branch(1, top.in)
	case immEnd:
		if top.imm == immLoop {
			w.cost.loops--
		}
		if w.record != nil {
			w.record.leave(top, at)
		}
		w.cost.height = top.base + top.out
		w.cost.branch(0, top.out)
		w.frames = w.frames[:len(w.frames)-1]
	default:
		w.enter(in.imm, at)
	}
}

func (w *walker) enter(imm immediate, at int) {
	f := frame{imm: imm, loop: w.frames[len(w.frames)-1].loop}
	f.in, f.out = w.blockType()
	f.base = max(w.cost.height-f.in, w.frames[len(w.frames)-1].base)
	w.limit(at, len(w.frames), "blocks in one another", w.bounds.Nesting)
	if w.record != nil {
		w.record.enter(&f, len(w.frames), w.pos)
	}
	if imm == immLoop {
		w.cost.enterLoop(f.in)
	} else {
		w.cost.branch(1, f.in+f.out)
	}
	w.frames = append(w.frames, f)
}

const emptyBlock = 0x40

// blockType reads nothing, one result, or the index of a type, which is a signed number of 33 bits so that it can be told
// from the bytes of value types, which are negative.
func (w *walker) blockType() (in, out int) {
	if w.left() > 0 {
		switch b := w.data[w.pos]; {
		case b == emptyBlock:
			w.pos++
			return 0, 0
		case b < 0x80 && b&0x40 != 0:
			w.valueType()
			return 0, 1
		}
	}
	at := w.pos
	index := w.s33()
	if w.err == nil && (index < 0 || index >= int64(len(w.m.Types))) {
		w.malformed(at, "type %d does not exist, there are %d", index, len(w.m.Types))
	}
	if w.err != nil {
		return 0, 0
	}
	t := w.m.Types[index]
	return len(t.Params), len(t.Results)
}

// label reads a label and returns how many values a branch to it carries. weight is that of the branch without them.
func (w *walker) label(weight int) int {
	depth := int(w.index32("label", len(w.frames)))
	target := &w.frames[len(w.frames)-1-depth]
	arity := target.out
	if target.imm == immLoop {
		arity = target.in
	}
	if w.record != nil {
		w.record.branch(target, weight+arity)
	}
	return arity
}

// branchTable reads the labels and the default one after them.
func (w *walker) branchTable() {
	n := w.count("labels", 1, w.bounds.BranchTargets)
	arity := 0
	for i := 0; i <= n && w.err == nil; i++ {
		arity = w.label(weightTable)
	}
	w.cost.branch(n+1, arity)
}
