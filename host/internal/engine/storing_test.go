package engine_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/wasgi/wasgi/host/internal/wasm"
)

// Control modules that store keep addresses in locals of their own, behind the counters.
const (
	addressLocals = 3 // i32
	wideLocals    = 2 // i64
	firstAddress  = controlLocals + controlCounters
	firstWide     = firstAddress + addressLocals
)

// twist is a function that gives two addresses which have nothing to do with the two that it takes.
const twist = "\x00" +
	"\x20\x01\x41\xb1\xf3\xdd\xf1\x01\x6c\x41\xff\xdf\x03\x71" + // the second, multiplied and cut off
	"\x20\x00\x41\x80\xc0\x00\x73" + // the first, exclusive or 8 Ki
	"\x0b"

const twistFunction = controlFunctions + 2

// storedSegment is what memory.init copies from.
var storedSegment = strings.Repeat("segment ", 500)

// TestRewrittenStores runs random modules both ways of which every second statement stores: where a note can be left out is told by how
// an address was made. See watch for how that is checked.
func TestRewrittenStores(t *testing.T) {
	skipUnderRace(t)
	t.Parallel()
	first := fromEnvironment(t, randomSeedVariable, 0)
	var c compared
	for i := range fromEnvironment(t, randomVariable, randomModules) {
		m, err := wasm.Parse(storingModule(rand.New(rand.NewPCG(uint64(first+i), 2))), wasm.DefaultLimits())
		if err != nil {
			t.Fatalf("%d: %v", first+i, err)
		}
		c.compareTraces(t, fmt.Sprintf("%s=%d", randomSeedVariable, first+i), m, asItIs)
	}
	t.Logf("%v", &c)
	if c.calls < 3*c.modules || c.changed < 100*c.modules {
		t.Error("too little happened to show anything")
	}
}

// storingModule has a memory with pages of one size or the other, as wasm.Pages says.
func storingModule(random *rand.Rand) []byte {
	g := &control{Rand: random, storing: 1 << []int{0, 2, 4, 5}[random.IntN(4)]}
	return g.module(byte(g.storing))
}

func (g *control) storingStatement() {
	if g.chance(10) {
		g.bulk()
		return
	}
	switch g.IntN(12) {
	case 0, 1:
		g.freshAddress()
		g.op(0x21, g.addressLocal())
	case 2:
		g.wide()
		g.op(0x21, firstWide+g.IntN(wideLocals))
	case 3, 4:
		g.address()
		g.store()
	case 5, 6:
		g.neighbours()
	case 7:
		g.either()
	case 8:
		g.address()
		g.address()
		g.op(0x10, twistFunction)
		g.store()
		g.store()
	case 9:
		g.march()
	case 10:
		g.choice()
	case 11: // a local is set while another address waits
		local := g.addressLocal()
		g.address()
		g.address()
		g.op(0x21, local)
		g.store()
		g.near(local)
	}
}

func (g *control) addressLocal() int { return firstAddress + g.IntN(addressLocals) }

// near stores to the address in a local, or a little behind.
func (g *control) near(local int) {
	g.op(0x20, local)
	g.store()
}

// march stores to one address and then, in a loop, to others.
func (g *control) march() {
	if g.counters == controlCounters {
		return
	}
	local, l := g.addressLocal(), label{loop: true, counter: controlLocals + g.counters}
	g.counters++
	g.near(local)
	g.constant(1 + g.IntN(5))
	g.op(0x21, l.counter)
	g.op(0x03, 0x40)
	g.near(local)
	g.op(0x20, local)
	g.number(0x41, g.distance()*5)
	g.op(0x6a)
	g.op(0x21, local)
	if g.chance(2) {
		g.near(local)
	}
	g.again(l)
	g.op(0x0d, 0)
	g.op(0x0b)
}

// choice stores to two addresses, and to one of them again.
func (g *control) choice() {
	a, b := g.addressLocal(), g.addressLocal()
	g.near([]int{a, b}[g.IntN(2)])
	g.op(0x20, a)
	g.op(0x20, b)
	g.value()
	if g.chance(2) {
		g.op(0x1b) // select
	} else {
		g.op(0x1c, 1, 0x7f) // with a type
	}
	g.store()
}

// either stores near the same address on both ways of an if, and behind it, where a local may be another.
func (g *control) either() {
	local := g.addressLocal()
	g.value()
	g.op(0x04, 0x40)
	g.labels = append(g.labels, label{})
	g.near(local)
	if g.chance(2) {
		g.address()
		g.op(0x21, local)
	}
	if g.chance(2) {
		g.op(0x05)
		g.near(local)
	}
	g.labels = g.labels[:len(g.labels)-1]
	g.op(0x0b)
	g.near(local)
	g.near(g.addressLocal())
}

// freshAddress pushes one that lies anywhere in the memory, but near its end, where most offsets lead out of it. What is written by
// chance to a page that was noted for another store shows nothing: so addresses lie far apart.
func (g *control) freshAddress() {
	last := int64(g.storing<<16 - 1)
	if g.chance(2) {
		g.number(0x41, g.Int64N(last)&^0x1000)
		return
	}
	g.value()
	g.number(0x41, 0x1e3779b1)
	g.op(0x6c) // i32.mul
	g.number(0x41, last&^0x1000)
	g.op(0x71) // i32.and
}

// freshAddresses fills the locals.
func (g *control) freshAddresses() {
	for i := range addressLocals {
		g.freshAddress()
		g.op(0x21, firstAddress+i)
	}
	for i := range wideLocals {
		g.freshAddress()
		g.op(0xad) // i64.extend_i32_u
		g.op(0x21, firstWide+i)
	}
}

// distances are what lies between stores: around the span in which one note counts for others, and the sizes of pages.
var distances = []int64{0, 1, 7, 8, 16, 240, 255, 256, 257, 264, 271, 272, 273, 400, 511, 1023, 1024, 1025, 4095, 4096}

func (g *control) distance() int64 {
	if g.chance(3) {
		return int64(g.IntN(600))
	}
	return distances[g.IntN(len(distances))]
}

// address pushes an address that is made of others in one of many ways.
func (g *control) address() {
	if g.size--; g.size < 0 || len(g.labels) > 6 {
		g.op(0x20, firstAddress)
		return
	}
	switch g.IntN(12) {
	case 0, 1, 2:
		g.op(0x20, g.addressLocal())
	case 3:
		g.freshAddress()
	case 4, 5, 6:
		g.address()
		g.number(0x41, g.distance())
		g.op(0x6a + byte(g.IntN(2))) // add or sub
	case 7:
		g.wide()
		g.op(0xa7) // i32.wrap_i64
	case 8:
		g.address()
		g.op(0x22, g.addressLocal()) // tee
	case 9: // twice half of what there are, and the same again
		g.address()
		g.number(0x41, -1<<31)
		g.op(0x6a)
		g.number(0x41, -1<<31)
		g.op(0x6b)
	case 10:
		g.joined()
	case 11:
		g.address()
		g.address()
		g.value()
		g.op(0x1b) // select
	}
}

// joined is an address that comes out of a block, on one way or on two.
func (g *control) joined() {
	op := []byte{0x02, 0x04}[g.IntN(2)]
	if op == 0x04 {
		g.value()
	}
	g.op(op, 0x7f)
	g.labels = append(g.labels, label{value: true})
	g.address()
	if op == 0x04 {
		g.op(0x05)
		g.address()
	} else if g.chance(2) {
		g.value()
		g.op(0x0d, 0) // br_if
	}
	g.labels = g.labels[:len(g.labels)-1]
	g.op(0x0b)
}

// wide pushes an address of 64 bits, of which the upper half may be anything.
func (g *control) wide() {
	switch g.IntN(3) {
	case 0:
		g.op(0x20, firstWide+g.IntN(wideLocals))
	case 1:
		g.address()
		g.op(0xac + byte(g.IntN(2))) // i64.extend_i32_s or _u
	case 2:
		g.op(0x20, firstWide+g.IntN(wideLocals))
		g.number(0x42, g.distance()+int64(g.IntN(3))<<32)
		g.op(0x7c + byte(g.IntN(2))) // add or sub
	}
}

// number pushes a constant by that instruction.
func (g *control) number(op byte, n int64) {
	g.out = append(g.out, op)
	for {
		b := byte(n) & 0x7f
		n >>= 7
		if n == 0 && b&0x40 == 0 || n == -1 && b&0x40 != 0 {
			g.out = append(g.out, b)
			return
		}
		g.out = append(g.out, b|0x80)
	}
}

// neighbours stores several times near one address.
func (g *control) neighbours() {
	local := g.addressLocal()
	for range 2 + g.IntN(20) {
		g.op(0x20, local)
		switch g.IntN(3) {
		case 0:
			g.number(0x41, g.distance())
			g.op(0x6a)
		case 1: // back, as far as the store's offset may lead forward
			g.number(0x41, g.distance())
			g.op(0x6b)
		}
		g.store()
	}
}

// stores are the instructions, with what turns an i32 into what they store, and the alignment that fits.
var stores = []struct {
	convert, code []byte
	align         int
	lanes         int
}{
	{nil, []byte{0x36}, 2, 0}, {nil, []byte{0x3a}, 0, 0}, {nil, []byte{0x3b}, 1, 0}, // i32
	{[]byte{0xad}, []byte{0x37}, 3, 0}, {[]byte{0xad}, []byte{0x3c}, 0, 0}, // i64
	{[]byte{0xad}, []byte{0x3d}, 1, 0}, {[]byte{0xad}, []byte{0x3e}, 2, 0},
	{[]byte{0xbe}, []byte{0x38}, 2, 0}, {[]byte{0xb7}, []byte{0x39}, 3, 0}, // f32, f64
	{[]byte{0xfd, 0x11}, []byte{0xfd, 0x0b}, 4, 0}, // v128
	{[]byte{0xfd, 0x11}, []byte{0xfd, 0x58}, 0, 16}, {[]byte{0xfd, 0x11}, []byte{0xfd, 0x59}, 1, 8},
	{[]byte{0xfd, 0x11}, []byte{0xfd, 0x5a}, 2, 4}, {[]byte{0xfd, 0x11}, []byte{0xfd, 0x5b}, 3, 2},
}

// store writes something to the address on the stack, or behind it.
func (g *control) store() {
	g.constant(1 + g.IntN(60))
	s := stores[g.IntN(len(stores))]
	g.out = append(append(g.out, s.convert...), s.code...)
	g.out = binary.AppendUvarint(g.out, uint64(g.IntN(s.align+1)))
	offset := int64(0)
	if g.chance(2) {
		offset = g.distance()
	}
	g.out = binary.AppendUvarint(g.out, uint64(offset))
	if s.lanes > 0 {
		g.out = append(g.out, byte(g.IntN(s.lanes)))
	}
}

// bulk writes to a range.
func (g *control) bulk() {
	g.address()
	switch g.IntN(3) {
	case 0:
		g.value()
		g.number(0x41, g.distance())
		g.out = append(g.out, 0xfc, 11, 0) // memory.fill
	case 1:
		g.address()
		g.number(0x41, g.distance())
		g.out = append(g.out, 0xfc, 10, 0, 0) // memory.copy
	case 2:
		g.number(0x41, int64(g.IntN(400)))
		g.number(0x41, min(g.distance(), 3000))
		g.out = append(g.out, 0xfc, 8, 0, 0) // memory.init
	}
}
