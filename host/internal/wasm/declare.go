package wasm

import "math"

func (p *parser) readFunctions(r *reader) {
	n := r.count("functions", 1, p.limits.Functions-len(p.m.Imports))
	p.m.Functions = make([]uint32, n)
	for i := range p.m.Functions {
		r.at("function", len(p.m.Imports)+i)
		if p.m.Functions[i] = r.index32("type", len(p.m.Types)); r.err != nil {
			return
		}
	}
}

func (p *parser) readTables(r *reader) {
	n := r.count("tables", 3, p.limits.Tables)
	entries := 0
	for i := 0; i < n && r.err == nil; i++ {
		r.at("table", i)
		at := r.pos
		if r.left() > 0 && r.data[at] == 0x40 {
			r.unsupported(at, "typed function references (a table with an initialiser)")
			return
		}
		t := Table{Type: r.referenceType()}
		t.Min, t.Max = r.limits(math.MaxInt)
		entries += t.Min
		r.limit(at, entries, "table entries", p.limits.TableEntries)
		p.m.Tables = append(p.m.Tables, t)
	}
}

// limits reads the size of a table or memory: least, and most or -1. The two may be as large as largest.
func (r *reader) limits(largest int) (least, most int) {
	at := r.pos
	flags := r.byte()
	switch {
	case flags >= 8:
		r.malformed(at, "unknown flags %#x", flags)
	case flags >= 4:
		r.unsupported(at, "memory64")
	case flags >= 2:
		r.unsupported(at, "threads (shared memory)")
	}
	least, most = r.size(), -1
	if flags == 1 {
		most = r.size()
	}
	if r.err == nil && (least > largest || most > largest) {
		r.malformed(at, "size %d to %d, at most %d is possible", least, most, largest)
	}
	if r.err == nil && most >= 0 && most < least {
		r.malformed(at, "the minimum %d is above the maximum %d", least, most)
	}
	return least, most
}

func (p *parser) readMemory(r *reader) {
	at := r.pos
	n := r.count("memories", 2, math.MaxInt)
	if n > 1 {
		r.unsupported(at, "multiple memories")
	}
	if n != 1 || r.err != nil {
		return
	}
	at = r.pos
	memory := &Memory{}
	memory.Min, memory.Max = r.limits(1 << 16)
	r.limit(at, memory.Min, "pages of memory", p.limits.MemoryPages)
	p.m.Memory = memory
}

func (p *parser) readGlobals(r *reader) {
	n := r.count("globals", 4, p.limits.Globals)
	p.m.Globals = make([]Global, 0, n)
	for i := 0; i < n && r.err == nil; i++ {
		r.at("global", i)
		g := Global{Type: r.valueType()}
		at := r.pos
		mutable := r.byte()
		if mutable > 1 {
			r.malformed(at, "mutability %#x, must be 0 or 1", mutable)
		}
		g.Mutable = mutable == 1
		g.Init = p.constExpr(r, g.Type)
		if g.Mutable && (g.Type == V128 || g.Type.IsReference()) {
			p.m.Fresh = append(p.m.Fresh, FreshReason{What: "mutable " + g.Type.String() + " global", Where: "global", Index: i, Offset: at})
		}
		p.m.Globals = append(p.m.Globals, g)
	}
}

func (p *parser) readStart(r *reader) {
	at := r.pos
	i := r.index32("function", p.m.FunctionCount())
	if r.err != nil {
		return
	}
	if t := p.m.FunctionType(i); len(t.Params)+len(t.Results) > 0 {
		r.malformed(at, "function %d takes parameters or gives results, a start function has none", i)
	}
	p.m.Start = int(i)
}
