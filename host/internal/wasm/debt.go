package wasm

// debt is what a function may owe at a place in its code: on whichever path it is the most.
type debt struct {
	// unpaid is the weight of what was done and is not charged for yet.
	unpaid int
	// unseen is the weight that was charged for since the budget was last looked at.
	unseen int
}

func (d debt) or(other debt) debt {
	return debt{max(d.unpaid, other.unpaid), max(d.unseen, other.unseen)}
}

const (
	// pieceWeight is how much may be owed before it is charged for in the middle of the code, pieceUnseen how much may be charged
	// so before the budget is looked at: a look is a branch, and the compiler's time grows with their number times that of locals.
	pieceWeight = 128
	pieceUnseen = 16 << 10
)

// settle puts a charge before an instruction if much is owed there. Before a loop less is much: what is owed there would
// otherwise be charged for in each of its turns.
func (w *walker) settle(op byte, at int) {
	r := w.record
	if r.debt.unpaid < pieceWeight && (op != opLoop || r.debt.unpaid < pieceWeight/2) {
		return
	}
	m := mark{imm: immCharge, start: at, end: at, arg: uint32(r.debt.unpaid), depth: len(w.frames)}
	r.debt = debt{unseen: r.debt.unseen + r.debt.unpaid}
	if r.debt.unseen > pieceUnseen {
		m.imm, r.debt.unseen = immCheck, 0
	}
	r.marks, r.pieces = append(r.marks, m), true
	if loop := w.frames[len(w.frames)-1].loop; loop >= 0 {
		r.loops[loop].compound = true
	}
}

// enter notes a block that begins. depth is how many lie around it, content where its first instruction is.
func (r *recording) enter(f *frame, depth, content int) {
	f.before = r.debt
	if f.imm != immLoop {
		return
	}
	if f.loop >= 0 {
		r.loops[f.loop].compound = true
	}
	f.loop = len(r.loops)
	r.loops = append(r.loops, loopFacts{depth: depth, content: content, first: len(r.marks) + 1, compound: f.in > 0})
	r.debt.unpaid += f.in
}

// branch notes a branch, which counts that much. What goes back to a loop is charged for where the loop begins: as much as is
// owed by then beyond what was owed before the loop. So nowhere is more owed on a second turn than on the first.
func (r *recording) branch(target *frame, weight int) {
	owed := debt{r.debt.unpaid + weight, r.debt.unseen}
	if target.imm != immLoop {
		target.branched = target.branched.or(owed)
		return
	}
	l := &r.loops[target.loop]
	l.again, r.turns = true, true
	l.weight = max(l.weight, owed.unpaid-target.before.unpaid)
}

// otherwise notes the else of an if.
func (r *recording) otherwise(f *frame) {
	r.debt.unpaid += f.out
	f.branched = f.branched.or(r.debt)
	r.debt = f.before
}

// leave notes the end of a block.
func (r *recording) leave(f *frame, at int) {
	switch f.imm {
	case immLoop:
		l := &r.loops[f.loop]
		l.end, l.last = at, len(r.marks)
		return
	case immIf:
		r.debt = r.debt.or(f.before) // where there is no else
	}
	r.debt.unpaid += f.out
	r.debt = r.debt.or(f.branched)
}
