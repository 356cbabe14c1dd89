package wasm

// The instructions of constant expressions.
const (
	opEnd       = 0x0b
	opGlobalGet = 0x23
	opI32Const  = 0x41
	opI64Const  = 0x42
	opF32Const  = 0x43
	opF64Const  = 0x44
	opRefNull   = 0xd0
	opRefFunc   = 0xd2
	opVector    = 0xfd
	opV128Const = 0x0c // after opVector
)

// constExpr reads an initialiser of that type. WebAssembly 2.0 has room for exactly one instruction: what takes operands is
// a later extension, and the globals that could be read would have to be imported.
func (p *parser) constExpr(r *reader, want ValueType) ConstExpr {
	e := ConstExpr{Range: Range{Start: r.pos}}
	e.Op = r.byte()
	has := p.constInstruction(r, &e)
	if r.err == nil && has != want {
		r.malformed(e.Start, "a constant of type %s, must be %s", has, want)
	}
	if at := r.pos; r.err == nil {
		switch op := r.byte(); {
		case isExtendedConst(op):
			r.unsupported(at, "extended constant expressions")
		case op != opEnd:
			r.malformed(at, "instruction %#x in a constant expression, must end", op)
		}
	}
	e.End = r.pos
	return e
}

func (p *parser) constInstruction(r *reader, e *ConstExpr) ValueType {
	switch e.Op {
	case opI32Const:
		e.Value = int64(r.s32())
		return I32
	case opI64Const:
		e.Value = r.s64()
		return I64
	case opF32Const:
		r.bytes(4)
		return F32
	case opF64Const:
		r.bytes(8)
		return F64
	case opRefNull:
		return r.referenceType()
	case opRefFunc:
		index := r.index32("function", p.m.FunctionCount())
		e.Value = int64(index)
		p.declare(index)
		return FuncRef
	case opVector:
		if at := r.pos; r.byte() != opV128Const {
			r.malformed(at, "no constant vector")
		}
		r.bytes(16)
		return V128
	}
	p.refuseConst(r, e)
	return 0
}

func (p *parser) refuseConst(r *reader, e *ConstExpr) {
	switch {
	case e.Op == opGlobalGet:
		index := r.index32("global", len(p.m.Globals))
		if r.err == nil {
			r.fail(e.Start, KindUnsupported, "extended constant expressions (global.get %d): not supported; build the module without it", index)
		}
	case e.Op == 0xfb:
		r.unsupported(e.Start, "garbage collection")
	default:
		r.malformed(e.Start, "instruction %#x is not constant", e.Op)
	}
}

// isExtendedConst reports whether op is one of add, sub and mul of i32 and i64, or takes a second constant for them.
func isExtendedConst(op byte) bool {
	return op >= 0x6a && op <= 0x6c || op >= 0x7c && op <= 0x7e || op == opI32Const || op == opI64Const || op == opGlobalGet
}
