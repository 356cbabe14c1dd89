package wasm

// Budget is what a rewritten module may still do, in one global of type i32:
//
//	bits 31..16  work until the next checkpoint, in units of 8 simple instructions, signed
//	bits 15..0   stack, in units of 128 bytes, signed
//
// 0x61a8_0400 is work for 200,000 instructions and 128 KiB of stack. One subtraction charges both. The module goes to the
// checkpoint when the whole is negative: when the work is used up. The stack is looked at there and not before, so every
// charge for stack comes with one for work, stackPerWork at most, and a quantum of work bounds how far the stack can get.
// While the stack is below zero it borrows one unit of work. Neither half may fall below its 16 bits: mostFrame and pieceUnseen
// see to it.
type Budget int32

const (
	workShift = 16
	// WorkUnit is how many simple instructions one unit of work stands for.
	WorkUnit = 8
	// StackUnit is how many bytes one unit of stack stands for.
	StackUnit = 128
	// MaxStackUnits is the most that a budget can hold.
	MaxStackUnits = 1<<15 - 1
	// stackPerWork is how many bytes of stack may come with one unit of work.
	stackPerWork = 32
)

// Quantum is the work between two checkpoints, in simple instructions: some 5 to 30 microseconds of most code.
const Quantum = 200_000

// StackSlack is by how many bytes a module can pass its stack before it is seen: a quantum's worth, and one frame.
const StackSlack = Quantum/WorkUnit*stackPerWork + mostFrame

// NewBudget holds a quantum of work and that many units of stack.
func NewBudget(stackUnits int) Budget {
	return Budget(Quantum/WorkUnit<<workShift | min(stackUnits, MaxStackUnits))
}

// Stack returns how many units of stack are left; below 0 if more is used than was allowed.
func (b Budget) Stack() int { return int(int16(b)) }

const (
	// smallWork is the most that a function without calls may owe in the end without being charged for its entry: its callers
	// are charged for the call. Of one with calls it is the most that it may do before it is charged.
	smallWork = 24
	// smallFrame is the largest frame, in bytes, of a function that is not charged for it.
	smallFrame = 1024
	// slotBytes is what one local or operand may take on the stack, and frameBytes what a frame takes without any.
	slotBytes  = 16
	frameBytes = 64
	// mostFrame is as what a larger frame counts, so that it fits into a budget that is below zero by then.
	mostFrame = 2 << 20
	// unrollWork is up to how many instructions the copies of a short loop's content come to, and unrollMost how many copies
	// there are. unrollBytes is the length of the longest content that is copied.
	unrollWork  = 96
	unrollMost  = 8
	unrollBytes = 128
	// unrollLoops is how many loops of one function are unrolled: the compiler's time grows with the square of the blocks.
	unrollLoops = 32
	// lazyExits is the most ways out of a region that give the stack back each for itself.
	lazyExits = 8
)

// work turns instructions into units, rounded up, as a charge.
func work(instructions int) int32 {
	return int32(max((instructions+WorkUnit-1)/WorkUnit, 1)) << workShift
}

// plan is how one function is charged for its frame, and for what it owes in the end.
type plan struct {
	// charge is taken from the budget once, 0 for nothing. stack is the part of it that is given back.
	charge, stack int32
	// lazy says that this happens around the region of the calls, else around the whole function.
	lazy bool
}

func planOf(r *recording, locals int) plan {
	frame := min(frameBytes+slotBytes*(locals+r.height), mostFrame)
	switch {
	case r.calls.any || frame > smallFrame:
		stack := int32((frame + StackUnit - 1) / StackUnit)
		return plan{
			charge: max(work(r.debt.unpaid), int32(min(frame/stackPerWork, mostHeavy))<<workShift) | stack,
			stack:  stack,
			lazy:   frame <= smallFrame && !r.pieces && r.canBeLazy(),
		}
	case r.debt.unpaid > smallWork || r.pieces:
		return plan{charge: work(r.debt.unpaid)}
	}
	return plan{}
}

// canBeLazy reports whether the calls' region can be charged instead of the function: little is done outside of it, it is
// gone through once, and its exits are few and simple.
func (r *recording) canBeLazy() bool {
	if len(r.loops) > 0 || r.calls.before+r.weight-r.calls.within > smallWork {
		return false
	}
	exits := 0
	for _, m := range r.marks {
		switch {
		case !r.calls.leaves(m):
		case m.imm == immBranchTable:
			return false
		default:
			exits++
		}
	}
	return exits <= lazyExits
}

// take takes a constant from the budget, and leaves it to the next charge to look whether it is used up.
func (w *rewriter) take(a *assembler, amount int32) {
	a.op(opGlobalGet, w.budget)
	a.i32Const(amount)
	a.bytes(opI32Sub)
	a.op(opGlobalSet, w.budget)
}

// charge takes a constant from the budget and goes to the checkpoint if it is used up. temp is a local for its use.
func (w *rewriter) charge(a *assembler, amount int32, temp uint32) {
	a.op(opGlobalGet, w.budget)
	a.i32Const(amount)
	a.bytes(opI32Sub)
	w.store(a, temp)
}

// store puts the value on the stack into the budget, and goes to the checkpoint if it is negative.
func (w *rewriter) store(a *assembler, temp uint32) {
	a.op(opLocalTee, temp)
	a.op(opGlobalSet, w.budget)
	a.op(opLocalGet, temp)
	a.i32Const(0)
	a.bytes(opI32LtS, opIf, emptyBlock)
	a.op(opCall, w.helpers.checkpoint())
	a.bytes(opEnd)
}

// giveBack returns the frame's part of the stack.
func (w *rewriter) giveBack(a *assembler, stack int32) {
	a.op(opGlobalGet, w.budget)
	a.i32Const(stack)
	a.bytes(opI32Add)
	a.op(opGlobalSet, w.budget)
}

// giveBackIf returns it if the condition on the stack, which it leaves there, is not zero.
func (w *rewriter) giveBackIf(a *assembler, stack int32, temp uint32) {
	a.op(opLocalSet, temp)
	a.op(opGlobalGet, w.budget)
	a.i32Const(stack)
	a.i32Const(0)
	a.op(opLocalGet, temp)
	a.bytes(opSelect, opI32Add)
	a.op(opGlobalSet, w.budget)
	a.op(opLocalGet, temp)
}
