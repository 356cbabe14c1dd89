package wasm

func (p *parser) readCode(r *reader) {
	at := r.pos
	n := r.count("functions", 3, p.limits.Functions)
	if r.err == nil && n != len(p.m.Functions) {
		r.malformed(at, "%d functions are declared and %d have code", len(p.m.Functions), n)
		return
	}
	w := walker{bounds: p.limits, m: p.m}
	p.m.Code = make([]Code, 0, n)
	for i := 0; i < n && r.err == nil; i++ {
		r.at("function", len(p.m.Imports)+i)
		size := r.size()
		r.limit(r.pos, size, "bytes of code", p.limits.BodySize)
		body := r.sub(size)
		w.reader = &body
		w.function(i)
		body.finish(r, "the function")
	}
}

func (w *walker) function(n int) {
	t := w.m.Types[w.m.Functions[n]]
	code := Code{Range: Range{w.pos, w.end}}
	code.Locals = w.declarations(len(t.Params))
	code.Body = w.pos
	w.m.Code = append(w.m.Code, code)
	if w.err != nil {
		return
	}
	w.body(t, code)
	cost := w.cost.total()
	w.limit(code.Start, cost, "units of compile cost (blocks times locals that live across them)", w.bounds.FunctionCost)
	w.m.Cost += cost + code.Len()
	w.limit(code.Start, w.m.Cost, "units of compile cost in all functions", w.bounds.ModuleCost)
}

// body walks through the instructions, from the first on.
func (w *walker) body(t FuncType, code Code) {
	w.locals = len(t.Params) + code.Locals
	w.cost.begin(w.locals)
	w.frames = append(w.frames[:0], frame{imm: immBlock, out: len(t.Results), loop: -1})
	for len(w.frames) > 0 && w.err == nil {
		w.instruction()
	}
}

// declarations reads the declarations of locals and returns how many there are.
func (w *walker) declarations(params int) int {
	groups := w.count("declarations of locals", 2, w.end)
	locals := 0
	for i := 0; i < groups && w.err == nil; i++ {
		at := w.pos
		locals += w.size()
		w.limit(at, params+locals, "locals", w.bounds.Locals)
		w.valueType()
	}
	w.total += params + locals
	w.limit(w.pos, w.total, "locals in all functions", w.bounds.AllLocals)
	return locals
}
