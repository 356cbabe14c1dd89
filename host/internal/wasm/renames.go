package wasm

import "math"

// The further subsections of the name section whose entries begin with the index of a function.
const namesLabels = 3

// writeNames keeps the name section, with functions as they are numbered now: stacks show its names. All other custom sections
// go: debug information speaks of offsets that are no longer true.
func (w *rewriter) writeNames(a *assembler) {
	a.text("name")
	for id := byte(0); id <= namesLast; id++ {
		at, ok := w.m.names[id]
		if !ok && id != namesFunctions {
			continue
		}
		a.bytes(id)
		a.sized(&w.scratch, func(s *assembler) {
			switch id {
			case namesFunctions:
				w.functionNames(s, at)
			case namesLocals, namesLabels:
				w.indirectNames(s, at)
			default:
				s.bytes(w.m.Data[at.Start:at.End]...)
			}
		})
	}
}

// functionNames shifts the names of the functions that the module defines, and adds those of the checkpoints.
func (w *rewriter) functionNames(a *assembler, at Range) {
	type named struct {
		index uint32
		name  []byte
	}
	var names []named
	add := func(index uint32, name []byte) { names = append(names, named{index, name}) }
	imported := true
	host := func() {
		if imported {
			add(w.checkpoint, []byte(HostModule+"."+CheckpointImport))
		}
		imported = false
	}
	if at.Len() > 0 {
		r := reader{data: w.m.Data, pos: at.Start, end: at.End}
		readNameMap(&r, "function", w.m.FunctionCount(), len(w.m.Data), func(index uint32, name []byte) {
			if index >= w.checkpoint {
				host()
			}
			add(w.shift(index), name)
		})
	}
	host()
	for i, h := range w.helpers.all {
		add(w.helpers.first+uint32(i), []byte(h.name))
	}
	a.u32(uint32(len(names)))
	for _, n := range names {
		a.u32(n.index)
		a.text(string(n.name))
	}
}

// indirectNames shifts the functions of a map of maps; one that cannot be read is left out, since it has no meaning for
// running the module.
func (w *rewriter) indirectNames(a *assembler, at Range) {
	begin := len(a.out)
	r := reader{data: w.m.Data, pos: at.Start, end: at.End}
	n := r.count("functions", 2, r.left())
	a.u32(uint32(n))
	for i := 0; i < n && r.err == nil; i++ {
		a.u32(w.shift(r.u32()))
		start := r.pos
		readNameMap(&r, "entry", math.MaxInt32, len(w.m.Data), nil)
		a.bytes(w.m.Data[start:r.pos]...)
	}
	if r.err != nil || r.left() > 0 {
		a.out = append(a.out[:begin], 0)
	}
}
