package wasm

// copies is how often the content of a loop is written.
func (f *function) copies(l *loopFacts) int {
	if l.compound || l.end-l.content > unrollBytes || f.unrolled >= unrollLoops {
		return 1
	}
	return min(unrollWork/max(l.weight, 1), unrollMost)
}

// unroll writes a short loop so that several turns cost one charge:
//
//	block                      the loop's exit
//	  loop
//	    (charge)
//	    block (content) br 2 end    what went back to the loop goes on with the next copy,
//	    block (content) br 2 end    and what came to its end leaves it
//	    (content)
//	  end
//	end
func (f *function) unroll(m mark, l *loopFacts) {
	n := f.copies(l)
	f.unrolled++
	f.result.Loops++
	f.bytes(opBlock)
	f.copy(m.start+1, m.end) // with the loop's type
	f.copy(m.start, m.end)
	f.charge(f.assembler, work(n*l.weight), f.temp)
	for range n - 1 {
		f.bytes(opBlock, emptyBlock)
		f.content(l, 2)
		f.op(opBranch, 2)
		f.bytes(opEnd)
	}
	f.content(l, 1)
	f.bytes(opEnd, opEnd)
	f.from = l.end + 1
}

// content writes a short loop's content, with more blocks around the loop than there were.
func (f *function) content(l *loopFacts, more uint32) {
	f.from = l.content
	for _, m := range f.record.marks[l.first:l.last] {
		f.copy(f.from, m.start)
		switch {
		case m.imm == immStore:
			f.noted(m)
		case m.imm == immReturn || m.depth-1-int(m.arg) < l.depth:
			f.exit(m, more)
		default:
			f.exit(m, 0)
		}
		f.from = m.end
	}
	f.copy(f.from, l.end)
}
