package wasm

// typeTable finds the types that a rewritten module needs, and adds those that the original lacks behind its own.
type typeTable struct {
	m     *Module
	added []FuncType
	known map[string]uint32 // all of them, by their encoding
}

func newTypeTable(m *Module) typeTable {
	t := typeTable{m: m, known: make(map[string]uint32, len(m.Types))}
	for i := len(m.Types) - 1; i >= 0; i-- { // of equal ones the first
		t.known[string(encodeType(nil, m.Types[i]))] = uint32(i)
	}
	return t
}

// of returns the index of a type.
func (t *typeTable) of(params, results []ValueType) uint32 {
	want := FuncType{params, results}
	key := string(encodeType(nil, want))
	if i, ok := t.known[key]; ok {
		return i
	}
	i := uint32(len(t.m.Types) + len(t.added))
	t.added = append(t.added, want)
	t.known[key] = i
	return i
}

func encodeType(out []byte, t FuncType) []byte {
	a := assembler{append(out, 0x60)}
	for _, list := range [][]ValueType{t.Params, t.Results} {
		a.u32(uint32(len(list)))
		for _, v := range list {
			a.bytes(byte(v))
		}
	}
	return a.out
}

// block opens a block that gives those results and takes nothing.
func (t *typeTable) block(a *assembler, results []ValueType) {
	a.bytes(opBlock)
	switch len(results) {
	case 0:
		a.bytes(emptyBlock)
	case 1:
		a.bytes(byte(results[0]))
	default:
		a.signed(int64(t.of(nil, results)))
	}
}
