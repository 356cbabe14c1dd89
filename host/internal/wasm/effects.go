package wasm

// effect gives the numbers from first to last the same change in how many operands lie on the stack. What is in no list
// changes nothing, or as much as its immediates say. An entry that is wrong
// would mislead what goes by heights: estimates, charges for stack, and which stores are noted.
type effect struct {
	first, last byte
	by          int8
}

// plainEffects are those of instructions of one byte.
func plainEffects() []effect {
	return []effect{
		{0x04, 0x04, -1}, {0x0d, 0x0e, -1}, {0x11, 0x11, -1}, // if, br_if, br_table, call_indirect: the operand of their own
		{0x1a, 0x1a, -1}, {0x1b, 0x1c, -2}, // drop, select
		{0x20, 0x20, +1}, {0x21, 0x21, -1}, {0x23, 0x23, +1}, {0x24, 0x24, -1}, // variables
		{0x26, 0x26, -2}, {0x36, 0x3e, -2}, {0x3f, 0x3f, +1}, // table.set, stores, memory.size
		{0x41, 0x44, +1},                   // constants
		{0x46, 0x4f, -1}, {0x51, 0x66, -1}, // comparisons
		{0x6a, 0x78, -1}, {0x7c, 0x8a, -1}, {0x92, 0x98, -1}, {0xa0, 0xa6, -1}, // arithmetic on two
		{0xd0, 0xd0, +1}, {0xd2, 0xd2, +1}, // references
	}
}

func miscEffects() []effect {
	return []effect{{8, 8, -3}, {10, 12, -3}, {14, 14, -3}, {15, 15, -1}, {16, 16, +1}, {17, 17, -3}}
}

func vectorEffects() []effect {
	return []effect{
		{0x0b, 0x0b, -2}, {0x0c, 0x0c, +1}, {0x0d, 0x0e, -1}, // store, constant, shuffle, swizzle
		{0x17, 0x17, -1}, {0x1a, 0x1a, -1}, {0x1c, 0x1c, -1}, {0x1e, 0x1e, -1}, {0x20, 0x20, -1}, {0x22, 0x22, -1}, // replace_lane
		{0x23, 0x4c, -1}, {0x4e, 0x51, -1}, {0x52, 0x52, -2}, // comparisons, bitwise, bitselect
		{0x54, 0x57, -1}, {0x58, 0x5b, -2}, // load and store of a lane
		{0x65, 0x66, -1}, {0x6b, 0x73, -1}, {0x76, 0x79, -1}, {0x7b, 0x7b, -1}, // i8x16
		{0x82, 0x82, -1}, {0x85, 0x86, -1}, {0x8b, 0x93, -1}, {0x95, 0x9f, -1}, // i16x8
		{0xab, 0xbf, -1}, {0xcb, 0xdf, -1}, {0xe4, 0xeb, -1}, {0xf0, 0xf7, -1}, // i32x4, i64x2, f32x4, f64x2
	}
}
