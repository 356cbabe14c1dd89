package engine_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/wasgi/wasgi/host/internal/wasm"
)

// TestRewrittenControl runs random control flow both ways: where a charge is put, and how a loop is unrolled, depends on it.
// Binaryen's modules have more kinds of instructions, and less of this.
func TestRewrittenControl(t *testing.T) {
	skipUnderRace(t)
	t.Parallel()
	first := fromEnvironment(t, randomSeedVariable, 0)
	var c compared
	for i := range fromEnvironment(t, randomVariable, 2*randomModules) {
		data := controlModule(uint64(first + i))
		m, err := wasm.Parse(data, wasm.DefaultLimits())
		if err != nil {
			t.Fatalf("%d: %v", first+i, err)
		}
		c.compareTraces(t, fmt.Sprintf("%s=%d", randomSeedVariable, first+i), m, asItIs)
	}
	t.Logf("%v", &c)
	if c.calls < 3*c.modules {
		t.Error("too few calls to show anything")
	}
}

// Functions of a control module take and give one i32. The first is imported and logs; each calls those before it, and itself.
const (
	controlFunctions = 6
	controlLocals    = 4 // that hold data, the parameter among them; counters follow
	controlCounters  = 24
	fuelGlobal       = 0
	dataGlobal       = 1
)

// control writes one module.
type control struct {
	*rand.Rand
	out      []byte
	labels   []label // outermost first
	counters int     // used in this function
	function int     // its index
	size     int     // how much more may be written
	storing  int     // if not 0, many statements store, and the memory has that many pages; see storing_test.go
}

// label is what a branch may go to. A loop's has a counter, so that it ends.
type label struct {
	value   bool // a branch carries an i32
	loop    bool
	counter int
}

func (g *control) op(op byte, args ...int) {
	g.out = append(g.out, op)
	for _, a := range args {
		g.out = binary.AppendUvarint(g.out, uint64(a))
	}
}

// constant is small: one byte of signed LEB128 holds it.
func (g *control) constant(n int) { g.out = append(g.out, 0x41, byte(n)&0x7f) }

// chance is true in one of n cases.
func (g *control) chance(n int) bool { return g.IntN(n) == 0 }

func (g *control) statements() {
	for range 1 + g.IntN(4) {
		if !g.statement() {
			return // nothing behind it is reached
		}
	}
}

// statement leaves the operand stack as it is. It returns false behind a branch that is always taken.
func (g *control) statement() bool {
	if g.size--; g.size < 0 || len(g.labels) > 6 {
		g.out = append(g.out, 0x01) // nop
		return true
	}
	if g.storing > 0 && g.chance(2) {
		g.storingStatement()
		return true
	}
	switch g.IntN(13) {
	case 0, 1:
		g.value()
		g.op(0x21, g.IntN(controlLocals))
	case 2:
		g.value()
		g.op(0x24, dataGlobal)
	case 3:
		g.constant(g.IntN(60))
		g.value()
		g.op(0x36, 2, 4*g.IntN(8)) // i32.store
	case 4, 5:
		g.block(0x02, false)
	case 6, 7:
		g.block(0x03, false)
	case 8:
		g.value()
		g.block(0x04, false)
	case 9, 10:
		g.branchIf()
	case 11:
		g.value()
		g.op(0x1a) // drop
	case 12:
		return g.leave()
	}
	return true
}

// value pushes an i32.
func (g *control) value() {
	if g.size--; g.size < 0 || len(g.labels) > 6 {
		g.constant(g.IntN(128))
		return
	}
	switch g.IntN(14) {
	case 0, 1:
		g.constant(g.IntN(128))
	case 2, 3, 4:
		g.op(0x20, g.IntN(controlLocals))
	case 5:
		g.op(0x23, dataGlobal)
	case 6:
		g.constant(g.IntN(60))
		g.op(0x28, 2, 4*g.IntN(8)) // i32.load
	case 7, 8:
		g.value()
		g.value()
		g.op([]byte{0x6a, 0x6b, 0x6c, 0x6d, 0x70, 0x71, 0x73, 0x48, 0x4d}[g.IntN(9)]) // some trap
	case 9:
		g.block(0x02, true)
	case 10:
		g.block(0x03, true)
	case 11:
		g.value()
		g.block(0x04, true)
	case 12:
		g.value()
		g.value()
		g.value()
		g.op(0x1b) // select
	case 13:
		g.value()
		g.op(0x10, g.IntN(g.function+1))
	}
}

// block writes a block, a loop or an if, and what is in it.
func (g *control) block(op byte, value bool) {
	l := label{value: value, loop: op == 0x03}
	if l.loop {
		if g.counters == controlCounters {
			op, l.loop = 0x02, false
		} else {
			l.value, l.counter = false, controlLocals+g.counters
			g.counters++
			g.constant([]int{1, 2, 3, 5, 9, 17, 60}[g.IntN(7)])
			g.op(0x21, l.counter)
		}
	}
	g.op(op, map[bool]int{false: 0x40, true: 0x7f}[value])
	g.labels = append(g.labels, l)
	g.content(value)
	if op == 0x04 && (value || g.chance(2)) {
		g.op(0x05)
		g.content(value)
	}
	g.labels = g.labels[:len(g.labels)-1]
	g.op(0x0b)
}

func (g *control) content(value bool) {
	g.statements()
	if l := g.labels[len(g.labels)-1]; l.loop && g.chance(2) {
		g.again(l) // as compilers write loops
		g.op(0x0d, 0)
	}
	if value {
		g.value()
	}
}

// again pushes whether the loop may go round once more, and counts it.
func (g *control) again(l label) {
	g.op(0x20, l.counter)
	g.constant(1)
	g.op(0x6b)
	g.op(0x22, l.counter)
	g.constant(0)
	g.op(0x4a) // i32.gt_s
}

// target picks a label, and pushes what a branch to it carries.
func (g *control) target() (depth int, l label) {
	depth = g.IntN(len(g.labels))
	l = g.labels[len(g.labels)-1-depth]
	if l.value {
		g.value()
	}
	return depth, l
}

func (g *control) branchIf() {
	depth, l := g.target()
	if l.loop {
		g.again(l)
	} else {
		g.value()
	}
	g.op(0x0d, depth)
	if l.value {
		g.op(0x1a)
	}
}

// leave branches without a condition, through a table, or returns. It returns whether the code behind it is reached.
func (g *control) leave() bool {
	switch g.IntN(4) {
	case 0:
		g.value()
		g.op(0x0f) // return
	case 1:
		g.table()
	default:
		depth, l := g.target()
		if l.loop {
			g.again(l)
			g.op(0x04, 0x40)
			g.op(0x0c, depth+1)
			g.op(0x0b)
			return true
		}
		g.op(0x0c, depth)
	}
	if g.chance(3) {
		g.block(0x03, false) // that nothing reaches
	}
	return false
}

// table branches to one of the labels that are no loops and carry a value, as the function's own does.
func (g *control) table() {
	var depths []int
	for i, l := range g.labels {
		if l.value {
			depths = append(depths, len(g.labels)-1-i)
		}
	}
	g.value()
	g.value()
	n := g.IntN(5)
	g.op(0x0e, n)
	for range n + 1 {
		g.out = binary.AppendUvarint(g.out, uint64(depths[g.IntN(len(depths))]))
	}
}

// body is the code of one function: nothing if the fuel is used up.
func (g *control) body(function int) []byte {
	g.out, g.function, g.counters, g.size = nil, function, 0, 10+g.IntN(150)
	if g.storing > 0 {
		g.size = 5 + g.IntN(50) // with more, little of the memory would stay as it is
	}
	g.labels = []label{{value: true}}
	g.op(0x23, fuelGlobal)
	g.op(0x45) // i32.eqz
	g.op(0x04, 0x40)
	g.constant(3)
	g.op(0x0f)
	g.op(0x0b)
	g.op(0x23, fuelGlobal)
	g.constant(1)
	g.op(0x6b)
	g.op(0x24, fuelGlobal)
	if g.storing > 0 {
		g.freshAddresses()
	}
	g.statements()
	g.value()
	g.op(0x0b)
	return append([]byte{2, controlLocals - 1 + controlCounters + addressLocals, 0x7f, wideLocals, 0x7e}, g.out...)
}

// controlModule is the same for the same number.
func controlModule(seed uint64) []byte {
	return (&control{Rand: rand.New(rand.NewPCG(seed, 1))}).module(1)
}

func withLength(content []byte) []byte {
	return append(binary.AppendUvarint(nil, uint64(len(content))), content...)
}

// module has a memory of that many pages, up to 63. It exports its functions, and one that fills the fuel.
func (g *control) module(pages byte) []byte {
	functions := append([]byte{controlFunctions + 2}, make([]byte, controlFunctions)...)
	functions = append(functions, 1, 2) // the types of the last two
	exports := append([]byte{controlFunctions + 1}, withLength([]byte(hangLimit))...)
	exports = append(exports, 0, controlFunctions+1)
	code := []byte{controlFunctions + 2}
	for i := range controlFunctions {
		exports = append(append(exports, withLength([]byte{'f', '0' + byte(i)})...), 0, byte(i+1))
		code = append(code, withLength(g.body(i+1))...)
	}
	code = append(code, withLength([]byte("\x00\x41\x3f\x24\x00\x0b"))...) // the fuel is 63
	code = append(code, withLength([]byte(twist))...)
	module := []byte("\x00asm\x01\x00\x00\x00" +
		"\x01\x10\x03\x60\x01\x7f\x01\x7f\x60\x00\x00\x60\x02\x7f\x7f\x02\x7f\x7f" + // types: (i32) -> (i32), () -> (), twist's
		"\x02\x09\x01\x03log\x01i\x00\x00") // import
	module = append(append(module, 3), withLength(functions)...)
	module = append(module, 5, 3, 1, 0, pages)
	module = append(module, "\x06\x0b\x02\x7f\x01\x41\x3f\x0b\x7f\x01\x41\x00\x0b"...) // globals
	module = append(append(module, 7), withLength(exports)...)
	module = append(module, 12, 1, 1) // one data segment
	module = append(append(module, 10), withLength(code)...)
	return append(append(module, 11), withLength(append([]byte{1, 1}, withLength([]byte(storedSegment))...))...)
}
