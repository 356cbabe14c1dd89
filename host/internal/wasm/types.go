package wasm

import "strings"

// ValueType is the byte that encodes a type of values.
type ValueType byte

const (
	I32       ValueType = 0x7f
	I64       ValueType = 0x7e
	F32       ValueType = 0x7d
	F64       ValueType = 0x7c
	V128      ValueType = 0x7b
	FuncRef   ValueType = 0x70
	ExternRef ValueType = 0x6f
)

// String is the type's name in the text format.
func (t ValueType) String() string {
	switch t {
	case I32:
		return "i32"
	case I64:
		return "i64"
	case F32:
		return "f32"
	case F64:
		return "f64"
	case V128:
		return "v128"
	case FuncRef:
		return "funcref"
	case ExternRef:
		return "externref"
	}
	return "unknown type"
}

// IsReference reports whether values of the type are references.
func (t ValueType) IsReference() bool { return t == FuncRef || t == ExternRef }

// FuncType is the type of a function.
type FuncType struct {
	Params, Results []ValueType
}

// values counts the parameters and results.
func (t FuncType) values() int { return len(t.Params) + len(t.Results) }

// String writes the type as the specification does: (i32, i32) -> (i64).
func (t FuncType) String() string {
	return "(" + typeNames(t.Params) + ") -> (" + typeNames(t.Results) + ")"
}

func typeNames(types []ValueType) string {
	out := make([]string, len(types))
	for i, t := range types {
		out[i] = t.String()
	}
	return strings.Join(out, ", ")
}

func (r *reader) valueType() ValueType {
	at := r.pos
	b := r.byte()
	switch t := ValueType(b); t {
	case I32, I64, F32, F64, V128, FuncRef, ExternRef:
		return t
	}
	r.refuseType(at, b)
	return 0
}

func (r *reader) referenceType() ValueType {
	at := r.pos
	t := r.valueType()
	if r.err == nil && !t.IsReference() {
		r.malformed(at, "%s is not a reference type", t)
	}
	return t
}

// refuseType names the proposal that b belongs to, if any.
func (r *reader) refuseType(at int, b byte) {
	switch {
	case b == 0x63 || b == 0x64:
		r.unsupported(at, "typed function references")
	case b == 0x69 || b == 0x74 || b == 0x68:
		r.unsupported(at, "exception handling")
	case b >= 0x6a && b <= 0x73:
		r.unsupported(at, "garbage collection")
	default:
		r.malformed(at, "unknown value type %#x", b)
	}
}

func (p *parser) readTypes(r *reader) {
	n := r.count("types", 3, p.limits.Types)
	p.m.Types = make([]FuncType, 0, n)
	values := 0
	for i := 0; i < n && r.err == nil; i++ {
		r.at("type", i)
		at := r.pos
		switch form := r.byte(); form {
		case 0x60:
			t := FuncType{r.valueTypes("parameters", p.limits.Params), r.valueTypes("results", p.limits.Results)}
			values += len(t.Params) + len(t.Results)
			r.limit(at, values, "parameters and results of all types", p.limits.TypeValues)
			p.m.Types = append(p.m.Types, t)
		case 0x4e, 0x4f, 0x50, 0x5e, 0x5f:
			r.unsupported(at, "garbage collection")
		default:
			r.malformed(at, "form %#x, must be 0x60", form)
		}
	}
}

func (r *reader) valueTypes(what string, limit int) []ValueType {
	n := r.count(what, 1, limit)
	if n == 0 {
		return nil
	}
	types := make([]ValueType, n)
	for i := range types {
		types[i] = r.valueType()
	}
	return types
}
