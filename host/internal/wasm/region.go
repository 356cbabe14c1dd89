package wasm

// callRegion is the part of a function that holds all its calls of other functions: from start to the end of a block. It
// begins as late as one place can that every path to a call comes through, so that a path without a call, such as the way
// out of a recursion, need not be charged for those that have one.
type callRegion struct {
	any bool
	// depth is how many blocks lie around the region, the function's own among them.
	depth      int
	start, end int
	// before is the weight of the function up to start, within the weight up to end.
	before, within int

	// path holds the blocks around the first call, outermost first, and lowest the number of those that have not ended since.
	path   []blockStart
	lowest int
	open   []blockStart // the blocks that the walk is inside of
}

// blockStart is where a block begins, and the weight up to there.
type blockStart struct{ at, before int }

func (c *callRegion) reset() {
	*c = callRegion{path: c.path[:0], open: append(c.open[:0], blockStart{})}
}

// call notes a call inside of depth blocks.
func (c *callRegion) call(at, depth, before int) {
	switch {
	case !c.any:
		c.any, c.depth, c.start, c.before = true, depth, at, before
		c.path, c.lowest = append(c.path[:0], c.open...), depth
	case c.lowest < c.depth:
		// A block around the region has ended before this call: the region begins with that block instead.
		c.start, c.before = c.path[c.lowest].at, c.path[c.lowest].before
		c.depth = c.lowest
	}
}

// enter notes a block that begins. before is the function's weight up to there.
func (c *callRegion) enter(at, before int) { c.open = append(c.open, blockStart{at, before}) }

// leave notes the end of the innermost of depth blocks, or of its first half.
func (c *callRegion) leave(at, depth, before int) {
	if !c.any || depth > c.lowest {
		return
	}
	if depth == c.depth {
		c.end, c.within = at, before
	}
	c.lowest = depth - 1
}

// leaves reports whether the marked instruction may go out of the region, other than by its end.
func (c *callRegion) leaves(m mark) bool {
	if m.start < c.start || m.start >= c.end {
		return false
	}
	switch m.imm {
	case immReturn:
		return true
	case immBranch, immBranchIf:
		return m.depth-int(m.arg) <= c.depth
	}
	return m.imm == immBranchTable
}

// noteBlock follows the blocks that the walk enters and leaves.
func (w *walker) noteBlock(in *instruction, at int) {
	r, depth := w.record, len(w.frames)
	switch in.imm {
	case immBlock, immLoop, immIf:
		r.calls.enter(at, r.weight)
	case immElse:
		r.calls.leave(at, depth, r.weight)
	case immEnd:
		r.calls.leave(at, depth+1, r.weight)
		r.calls.open = r.calls.open[:depth]
	}
}
