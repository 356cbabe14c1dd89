package wasm

// cost estimates what compiling one function takes. wazero's optimising compiler resolves each local that is read in another
// place than it was written by walking back through the blocks in between, and gives every block it comes through a
// parameter. So time and memory grow with
//
//	(blocks + the sum of the loops' depths) x (locals that live across blocks + operands / operandShare + blockBase) + values moved
//	+ the sum over all blocks of the number of blocks before them / depthShare
//
// where a branch, too, makes a block, a br_table one for each label, and values are the parameters and results of calls,
// block types and branches: a call of two bytes may push a thousand.
//
// Measured with wazero v1.12.0 on a shared 2 GHz core, units in millions:
//
//	shape                                         units      time   memory
//	100 loops in one another, 1000 locals           5.1    11.8 s   24 MB
//	256 loops in one another, 256 locals            8.7     5.5 s   48 MB
//	200 loops in one another, 200 locals            4.2     2.3 s   40 MB
//	500 ifs in a row, 5000 locals                   2.5    14.0 s  265 MB
//	2000 ifs in a row, 1000 locals                  2.0     2.9 s  282 MB
//	200 loops in a row, 5000 locals                 2.0    10.8 s  172 MB
//	5000 br_if out of one block, 1000 locals        5.0    29.4 s  1.9 GB
//	5000 ifs in a row, 2000 locals that live on    10.0    30.7 s  1.6 GB
//	1000 arms of a br_table in a loop, 500 locals   1.0     2.4 s  386 MB
//	5000 ifs, each with a local of its own          0.04    0.7 s   68 MB
//
//	20000 ifs in a row over 20000 operands         12.7    13.2 s  394 MB
//
// The last term is that of looking for loops: each branch walks up the tree of blocks that dominate it, which is as deep as
// there are blocks where they follow one another. 16,000 ifs in a row, 80 KB, take 3 s, four times as many 16 times as long.
//
// Locals that never cross a block cost no more than their code: not counted. Operands below a block have one place, where they
// were made, but registers are found for them block by block.
type cost struct {
	blocks int
	values int
	places int // blocks, without what loops add to them
	depths int // the sum over all blocks of the number of blocks before them
	loops  int // that the walk is inside of
	height int // of the operand stack

	live int // locals seen that live across blocks

	segment uint32   // counts pieces of code without a branch, over all functions
	first   uint32   // the segment that the function began with: locals are known there
	written []uint32 // by local: the segment that last wrote it
	crosses []uint32 // by local: the first segment of the last function that saw it live across blocks
}

// blockBase is what a block costs without any local.
const blockBase = 8

// depthShare is how many blocks that lie before another one cost as much as one unit.
const depthShare = 512

// operandShare is how many operands that live across a block cost as much as one local.
const operandShare = 32

// begin starts a function with that many locals. The two slices only grow, and stamps make clearing them unnecessary.
func (c *cost) begin(locals int) {
	c.segment++
	c.blocks, c.values, c.depths, c.places, c.loops, c.height, c.live, c.first = 0, 0, 0, 0, 0, 0, 0, c.segment
	if locals > len(c.written) {
		c.written = append(c.written, make([]uint32, locals-len(c.written))...)
		c.crosses = append(c.crosses, make([]uint32, locals-len(c.crosses))...)
	}
}

// branch counts n blocks that take arity values each, and ends the piece of code.
func (c *cost) branch(n, arity int) {
	c.segment++
	c.depths += n * c.places
	c.places += n
	c.blocks += n
	c.values += n * (arity + c.height/operandShare)
}

func (c *cost) enterLoop(arity int) {
	c.loops++
	c.branch(1, arity)
	c.blocks += c.loops
	c.values += c.loops * (arity + c.height/operandShare)
}

func (c *cost) read(local uint32) {
	if c.segment != c.first && c.written[local] != c.segment && c.crosses[local] != c.first {
		c.crosses[local] = c.first
		c.live++
	}
}

func (c *cost) write(local uint32) { c.written[local] = c.segment }

func (c *cost) total() int { return c.blocks*(c.live+blockBase) + c.values + c.depths/depthShare }
