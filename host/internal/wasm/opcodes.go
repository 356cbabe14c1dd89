package wasm

// immediate says what follows an instruction's number, and with it how the instruction is checked.
type immediate byte

const (
	immInvalid immediate = iota // no such instruction
	immRefused                  // an instruction of a later proposal
	immNone
	immBlock // block type; enters a block
	immLoop
	immIf
	immElse
	immEnd
	immBranch // label; code after it is unreachable
	immBranchIf
	immBranchTable
	immStore  // of marks only: stores have the immediates of all accesses to memory
	immReturn // no immediate; named for those who look for it
	immCall
	immCallIndirect
	immSelect // list of types
	immLocalGet
	immLocalSet // and tee
	immGlobalGet
	immGlobalSet
	immTable    // table.get and table.size
	immTableSet // changes the table
	immTableFill
	immTableGrow // changes the table and its size
	immTableInit
	immTableCopy
	immElemDrop
	immMemory     // alignment and offset; arg is the greatest alignment's logarithm
	immMemoryLane // and a lane; the lanes that fit in 16 bytes follow from arg
	immMemoryZero // memory.size
	immMemoryGrow
	immMemoryFill
	immMemoryCopy
	immMemoryInit
	immDataDrop
	immI32
	immI64
	immBytes // arg bytes
	immRefNull
	immRefFunc
	immLane    // arg is the number of lanes
	immShuffle // 16 lanes of 32
	// No instructions of a module, but what is put between them: a charge, and one that may go to the checkpoint.
	immCharge
	immCheck
)

// instruction describes one number. name is given where a refusal or a fact needs it; feature for immRefused.
type instruction struct {
	imm  immediate
	arg  byte
	name string
	// effect is by how much the operand stack grows.
	effect int8
}

// span gives the numbers from first to last the same instruction.
type span struct {
	first, last byte
	instruction
}

func table(spans []span, effects []effect) (t [256]instruction) {
	for _, s := range spans {
		for i := int(s.first); i <= int(s.last); i++ {
			t[i] = s.instruction
		}
	}
	for _, e := range effects {
		for i := int(e.first); i <= int(e.last); i++ {
			t[i].effect = e.by
		}
	}
	return t
}

func one(number byte, imm immediate, arg byte, name string) span {
	return span{number, number, instruction{imm, arg, name, 0}}
}

func many(first, last byte, imm immediate, arg byte) span {
	return span{first, last, instruction{imm, arg, "", 0}}
}

func refused(first, last byte, feature string) span {
	return span{first, last, instruction{immRefused, 0, feature, 0}}
}

const (
	prefixMisc    = 0xfc
	prefixVector  = 0xfd
	relaxedVector = 0x100 // the first number behind prefixVector that is relaxed SIMD
)

// plain is indexed by an instruction's first byte. Like the two tables below it is never written to.
var plain = table([]span{
	many(0x00, 0x01, immNone, 0), // unreachable, nop
	one(0x02, immBlock, 0, "block"),
	one(0x03, immLoop, 0, "loop"),
	one(0x04, immIf, 0, "if"),
	one(0x05, immElse, 0, "else"),
	refused(0x06, 0x0a, "exception handling"),
	one(opEnd, immEnd, 0, "end"),
	one(0x0c, immBranch, 0, "br"),
	one(0x0d, immBranchIf, 0, "br_if"),
	one(0x0e, immBranchTable, 0, "br_table"),
	one(0x0f, immReturn, 0, "return"),
	one(0x10, immCall, 0, "call"),
	one(0x11, immCallIndirect, 0, "call_indirect"),
	refused(0x12, 0x13, "tail calls"),
	refused(0x14, 0x15, "typed function references"),
	refused(0x18, 0x19, "exception handling"),
	many(0x1a, 0x1b, immNone, 0), // drop, select
	one(0x1c, immSelect, 0, "select"),
	refused(0x1f, 0x1f, "exception handling"),
	one(0x20, immLocalGet, 0, "local.get"),
	many(0x21, 0x22, immLocalSet, 0),
	one(opGlobalGet, immGlobalGet, 0, "global.get"),
	one(0x24, immGlobalSet, 0, "global.set"),
	one(0x25, immTable, 0, "table.get"),
	one(0x26, immTableSet, 0, "table.set"),
	one(0x28, immMemory, 2, "i32.load"), one(0x29, immMemory, 3, "i64.load"),
	one(0x2a, immMemory, 2, "f32.load"), one(0x2b, immMemory, 3, "f64.load"),
	many(0x2c, 0x2d, immMemory, 0), many(0x2e, 0x2f, immMemory, 1), // i32.load8, load16
	many(0x30, 0x31, immMemory, 0), many(0x32, 0x33, immMemory, 1), many(0x34, 0x35, immMemory, 2), // i64.load8, 16, 32
	one(0x36, immMemory, 2, "i32.store"), one(0x37, immMemory, 3, "i64.store"),
	one(0x38, immMemory, 2, "f32.store"), one(0x39, immMemory, 3, "f64.store"),
	one(0x3a, immMemory, 0, "i32.store8"), one(0x3b, immMemory, 1, "i32.store16"),
	one(0x3c, immMemory, 0, "i64.store8"), one(0x3d, immMemory, 1, "i64.store16"), one(0x3e, immMemory, 2, "i64.store32"),
	one(0x3f, immMemoryZero, 0, "memory.size"),
	one(0x40, immMemoryGrow, 0, "memory.grow"),
	one(opI32Const, immI32, 0, "i32.const"),
	one(opI64Const, immI64, 0, "i64.const"),
	one(opF32Const, immBytes, 4, "f32.const"),
	one(opF64Const, immBytes, 8, "f64.const"),
	many(0x45, 0xc4, immNone, 0), // comparisons, arithmetic, conversions, sign extension
	one(opRefNull, immRefNull, 0, "ref.null"),
	one(0xd1, immNone, 0, "ref.is_null"),
	one(opRefFunc, immRefFunc, 0, "ref.func"),
	refused(0xd3, 0xd3, "garbage collection"),
	refused(0xd4, 0xd6, "typed function references"),
	refused(0xfb, 0xfb, "garbage collection"),
	refused(0xfe, 0xfe, "threads (atomic instructions)"),
}, plainEffects())

// misc is indexed by the number behind prefixMisc.
var misc = table([]span{
	many(0, 7, immNone, 0), // saturating conversions
	one(8, immMemoryInit, 0, "memory.init"),
	one(9, immDataDrop, 0, "data.drop"),
	one(10, immMemoryCopy, 0, "memory.copy"),
	one(11, immMemoryFill, 0, "memory.fill"),
	one(12, immTableInit, 0, "table.init"),
	one(13, immElemDrop, 0, "elem.drop"),
	one(14, immTableCopy, 0, "table.copy"),
	one(15, immTableGrow, 0, "table.grow"),
	one(16, immTable, 0, "table.size"),
	one(17, immTableFill, 0, "table.fill"),
	refused(18, 18, "memory control"),
	refused(19, 22, "wide arithmetic"),
}, miscEffects())

// vector is indexed by the number behind prefixVector.
var vector = table([]span{
	many(0x00, 0x00, immMemory, 4),                                 // v128.load
	many(0x01, 0x06, immMemory, 3),                                 // v128.load8x8_s to v128.load32x2_u
	many(0x07, 0x07, immMemory, 0), many(0x08, 0x08, immMemory, 1), // v128.load8_splat, 16
	many(0x09, 0x09, immMemory, 2), many(0x0a, 0x0a, immMemory, 3), // 32, 64
	many(0x0b, 0x0b, immMemory, 4), // v128.store
	many(opV128Const, opV128Const, immBytes, 16),
	many(0x0d, 0x0d, immShuffle, 0),
	many(0x0e, 0x14, immNone, 0),                                // swizzle, splats
	many(0x15, 0x17, immLane, 16), many(0x18, 0x1a, immLane, 8), // extract_lane, replace_lane
	many(0x1b, 0x1c, immLane, 4), many(0x1d, 0x1e, immLane, 2),
	many(0x1f, 0x20, immLane, 4), many(0x21, 0x22, immLane, 2),
	many(0x23, 0x53, immNone, 0),                                           // comparisons, bitwise
	many(0x54, 0x54, immMemoryLane, 0), many(0x55, 0x55, immMemoryLane, 1), // load lanes
	many(0x56, 0x56, immMemoryLane, 2), many(0x57, 0x57, immMemoryLane, 3),
	many(0x58, 0x58, immMemoryLane, 0), many(0x59, 0x59, immMemoryLane, 1), // store lanes
	many(0x5a, 0x5a, immMemoryLane, 2), many(0x5b, 0x5b, immMemoryLane, 3),
	many(0x5c, 0x5c, immMemory, 2), many(0x5d, 0x5d, immMemory, 3), // v128.load32_zero, 64
	many(0x5e, 0xff, immNone, 0),
	// The numbers without an instruction among the rest.
	many(0x9a, 0x9a, immInvalid, 0), many(0xa2, 0xa2, immInvalid, 0), many(0xa5, 0xa6, immInvalid, 0),
	many(0xaf, 0xb0, immInvalid, 0), many(0xb2, 0xb4, immInvalid, 0), many(0xbb, 0xbb, immInvalid, 0),
	many(0xc2, 0xc2, immInvalid, 0), many(0xc5, 0xc6, immInvalid, 0), many(0xcf, 0xd0, immInvalid, 0),
	many(0xd2, 0xd4, immInvalid, 0), many(0xe2, 0xe2, immInvalid, 0), many(0xee, 0xee, immInvalid, 0),
}, vectorEffects())
