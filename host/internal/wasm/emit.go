package wasm

import "encoding/binary"

// Instructions that the rewriter writes, beside those of constant expressions.
const (
	opBlock      = 0x02
	opLoop       = 0x03
	opIf         = 0x04
	opElse       = 0x05
	opBranch     = 0x0c
	opBranchIf   = 0x0d
	opReturn     = 0x0f
	opCall       = 0x10
	opSelect     = 0x1b
	opLocalGet   = 0x20
	opLocalSet   = 0x21
	opLocalTee   = 0x22
	opGlobalSet  = 0x24
	opTableGet   = 0x25
	opTableSet   = 0x26
	opMemSize    = 0x3f
	opI32Eqz     = 0x45
	opI32Ne      = 0x47
	opI32LtS     = 0x48
	opI32GtU     = 0x4b
	opI32LeU     = 0x4d
	opI32GeU     = 0x4f
	opI64Ne      = 0x52
	opI64GtU     = 0x56
	opI32Add     = 0x6a
	opI32Sub     = 0x6b
	opI32And     = 0x71
	opI32Or      = 0x72
	opI32Shl     = 0x74
	opI32ShrU    = 0x76
	opI64Add     = 0x7c
	opI64Sub     = 0x7d
	opI64Or      = 0x84
	opI64Shl     = 0x86
	opI32Wrap    = 0xa7 // i32.wrap_i64
	opI64ExtendS = 0xac // i64.extend_i32_s
	opI64Extend  = 0xad // i64.extend_i32_u
	opRefIsNull  = 0xd1

	tableFill = 17 // behind prefixMisc
)

// assembler writes instructions and other parts of a module, one behind the other.
type assembler struct{ out []byte }

func (a *assembler) bytes(b ...byte) { a.out = append(a.out, b...) }

func (a *assembler) u32(v uint32) { a.out = binary.AppendUvarint(a.out, uint64(v)) }

// op writes an instruction and its one index.
func (a *assembler) op(op byte, index uint32) {
	a.bytes(op)
	a.u32(index)
}

func (a *assembler) i32Const(v int32) {
	a.bytes(opI32Const)
	a.signed(int64(v))
}

func (a *assembler) i64Const(v int64) {
	a.bytes(opI64Const)
	a.signed(v)
}

// signed writes an integer as signed LEB128.
func (a *assembler) signed(v int64) {
	for {
		b := byte(v & 0x7f)
		v >>= 7
		if v == 0 && b&0x40 == 0 || v == -1 && b&0x40 != 0 {
			a.bytes(b)
			return
		}
		a.bytes(b | 0x80)
	}
}

func (a *assembler) text(s string) {
	a.u32(uint32(len(s)))
	a.out = append(a.out, s...)
}

// sized writes what content writes, with its length before it.
func (a *assembler) sized(scratch *assembler, content func(*assembler)) {
	scratch.out = scratch.out[:0]
	content(scratch)
	a.u32(uint32(len(scratch.out)))
	a.out = append(a.out, scratch.out...)
}
