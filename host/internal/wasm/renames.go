package wasm

import (
	"math"
	"strconv"
)

// namesLabels is a further subsection of the name section whose entries begin with the index of a function.
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
				w.functionNames(s)
			case namesLocals, namesLabels:
				w.indirectNames(s, at)
			default:
				s.bytes(w.m.Data[at.Start:at.End]...)
			}
		})
	}
}

// functionNames shifts the names of the functions that the module defines, and adds those of the checkpoints. Functions
// without a name get the one that stacks would show without the checkpoints: "$7" for the seventh.
func (w *rewriter) functionNames(a *assembler) {
	imports, named := int(w.checkpoint), w.m.FunctionNames()
	a.u32(uint32(w.m.FunctionCount() + 1 + len(w.helpers.all)))
	name := func(index int, text string) {
		a.u32(uint32(index))
		a.text(text)
	}
	for i := range w.m.FunctionCount() {
		if i == imports {
			name(i, HostModule+"."+CheckpointImport)
		}
		text := "$" + strconv.Itoa(i)
		if named != nil && named[i] != "" {
			text = named[i]
		}
		name(int(w.shift(uint32(i))), text)
	}
	if imports == w.m.FunctionCount() {
		name(imports, HostModule+"."+CheckpointImport)
	}
	for i, h := range w.helpers.all {
		name(int(w.helpers.first)+i, h.name)
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
