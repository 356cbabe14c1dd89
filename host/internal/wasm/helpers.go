package wasm

// helpers are the functions that a rewritten module has beside its own. They are added when the first call of one is written.
type helpers struct {
	w     *rewriter
	first uint32 // the index of the first one
	index map[string]uint32
	all   []helper
}

type helper struct {
	name string
	typ  uint32
	code []byte // with the declarations of locals
}

// get returns the index of the helper of that name, and makes it if there is none yet. params are all i32; extra locals, i32
// too, follow them.
func (h *helpers) get(name string, params, locals int, content func(*assembler)) uint32 {
	return h.getTyped(name, FuncType{Params: i32s(params)}, i32s(locals), content)
}

// getTyped is get for any type.
func (h *helpers) getTyped(name string, t FuncType, locals []ValueType, content func(*assembler)) uint32 {
	if i, ok := h.index[name]; ok {
		return i
	}
	i := h.first + uint32(len(h.all))
	h.index[name] = i
	h.all = append(h.all, helper{name: ReservedPrefix + name, typ: h.w.types.of(t.Params, t.Results)})
	var a assembler
	a.u32(uint32(len(locals)))
	for _, t := range locals {
		a.bytes(1, byte(t))
	}
	content(&a)
	a.bytes(opEnd)
	h.all[i-h.first].code = a.out
	return i
}

func i32s(n int) []ValueType {
	types := make([]ValueType, n)
	for i := range types {
		types[i] = I32
	}
	return types
}

// checkpoint asks the host for a new budget.
func (h *helpers) checkpoint() uint32 {
	return h.get("checkpoint", 0, 0, func(a *assembler) {
		a.op(opGlobalGet, h.w.budget)
		a.op(opCall, h.w.checkpoint)
		a.op(opGlobalSet, h.w.budget)
	})
}

// charge takes its parameter from the budget.
func (h *helpers) charge() uint32 {
	const amount = 0
	return h.get("charge", 1, 0, func(a *assembler) {
		a.op(opGlobalGet, h.w.budget)
		a.op(opLocalGet, amount)
		a.bytes(opI32Sub)
		h.w.store(a, amount)
	})
}
