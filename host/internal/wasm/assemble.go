package wasm

// assemble puts the sections together.
func (w *rewriter) assemble() []byte {
	out := &assembler{make([]byte, 0, len(w.m.Data)+len(w.code.out)/2)}
	out.bytes([]byte(header)...)
	content := &assembler{}
	section := func(id SectionID, write func(*assembler)) {
		content.out = content.out[:0]
		if write(content); len(content.out) > 0 {
			out.bytes(byte(id))
			out.u32(uint32(len(content.out)))
			out.bytes(content.out...)
		}
	}
	section(SectionType, w.writeTypes)
	section(SectionImport, w.writeImports)
	section(SectionFunction, w.writeFunctions)
	section(SectionTable, w.writeTables)
	section(SectionMemory, w.copySection(SectionMemory))
	section(SectionGlobal, w.writeGlobals)
	section(SectionExport, w.writeExports)
	section(SectionElement, w.writeElements)
	if w.m.DataCount >= 0 {
		section(SectionDataCount, w.copySection(SectionDataCount))
	}
	section(SectionCode, w.writeCode)
	section(SectionData, w.writeData)
	section(SectionCustom, w.writeNames)
	return out.out
}

// section returns where the content of a section lies, an empty range if there is none.
func (m *Module) section(id SectionID) Range {
	for _, s := range m.Sections {
		if s.ID == id {
			return s.Range
		}
	}
	return Range{}
}

func (w *rewriter) copySection(id SectionID) func(*assembler) {
	return func(a *assembler) {
		at := w.m.section(id)
		a.bytes(w.m.Data[at.Start:at.End]...)
	}
}

// extend writes a section of n entries with more of them behind.
func (w *rewriter) extend(a *assembler, id SectionID, n, more int) {
	a.u32(uint32(n + more))
	at := w.m.section(id)
	if at.Len() > 0 {
		r := reader{data: w.m.Data, pos: at.Start, end: at.End}
		r.u32()
		a.bytes(w.m.Data[r.pos:r.end]...)
	}
}

func (w *rewriter) writeTypes(a *assembler) {
	w.types.of(i32s(1), i32s(1)) // before they are counted
	w.extend(a, SectionType, len(w.m.Types), len(w.types.added))
	for _, t := range w.types.added {
		a.out = encodeType(a.out, t)
	}
}

func (w *rewriter) writeImports(a *assembler) {
	w.extend(a, SectionImport, len(w.m.Imports), 1)
	a.text(HostModule)
	a.text(CheckpointImport)
	a.op(byte(ExternFunction), w.types.of(i32s(1), i32s(1)))
}

func (w *rewriter) writeFunctions(a *assembler) {
	w.extend(a, SectionFunction, len(w.m.Functions), len(w.helpers.all))
	for _, h := range w.helpers.all {
		a.u32(h.typ)
	}
}

// writeCode is the section whose content was written first.
func (w *rewriter) writeCode(a *assembler) {
	a.u32(uint32(len(w.m.Code) + len(w.helpers.all)))
	a.bytes(w.code.out...)
}

func (w *rewriter) writeGlobals(a *assembler) {
	a.u32(uint32(len(w.m.Globals) + 1))
	for _, g := range w.m.Globals {
		a.bytes(byte(g.Type), b2i(g.Mutable))
		w.constant(a, g.Init)
	}
	a.bytes(byte(I32), 1)
	a.i32Const(0)
	a.bytes(opEnd)
}

func b2i(b bool) byte {
	if b {
		return 1
	}
	return 0
}

// constant writes an initialiser, with the index of a function as it is now.
func (w *rewriter) constant(a *assembler, e ConstExpr) {
	if e.Op == opRefFunc {
		a.op(opRefFunc, w.shift(uint32(e.Value)))
		a.bytes(opEnd)
		return
	}
	a.bytes(w.m.Data[e.Start:e.End]...)
}

func (w *rewriter) writeExports(a *assembler) {
	n := len(w.m.Exports) + len(w.result.Globals) + 1
	if w.result.Start {
		n++
	}
	if w.pages.Count > 0 {
		n += 2
	}
	a.u32(uint32(n))
	for _, e := range w.m.Exports {
		index := e.Index
		if e.Kind == ExternFunction {
			index = w.shift(index)
		}
		export(a, e.Name, e.Kind, index)
	}
	for _, g := range w.result.Globals {
		export(a, GlobalExport(g), ExternGlobal, uint32(g))
	}
	if w.pages.Count > 0 {
		export(a, CleanExport, ExternFunction, w.helpers.clean())
		export(a, DirtyExport, ExternFunction, w.helpers.dirty())
	}
	export(a, BudgetExport, ExternGlobal, w.budget)
	if w.result.Start {
		export(a, StartExport, ExternFunction, w.shift(uint32(w.m.Start)))
	}
}

func export(a *assembler, name string, kind ExternKind, index uint32) {
	a.text(name)
	a.op(byte(kind), index)
}

func (w *rewriter) writeElements(a *assembler) {
	n := len(w.m.Elements)
	if len(w.references.functions) > 0 {
		n++
	}
	if n == 0 {
		return
	}
	a.u32(uint32(n))
	for _, e := range w.m.Elements {
		w.element(a, e)
	}
	if n > len(w.m.Elements) {
		w.referenceElements(a)
	}
}

// element writes a segment in the encoding that it had.
func (w *rewriter) element(a *assembler, e Element) {
	a.u32(uint32(e.Flags))
	if e.Mode == ModeActive {
		if e.Flags&elementExplicit != 0 {
			a.u32(e.Table)
		}
		w.constant(a, e.Offset)
	}
	expressions := e.Flags&elementExpressions != 0
	if e.Flags&(elementNotActive|elementExplicit) != 0 {
		if expressions {
			a.bytes(byte(e.Type))
		} else {
			a.bytes(0)
		}
	}
	a.u32(uint32(e.Count))
	r := reader{data: w.m.Data, pos: e.Items.Start, end: e.Items.End}
	p := parser{m: w.m}
	for range e.Count {
		if expressions {
			w.constant(a, p.constExpr(&r, e.Type))
		} else {
			a.u32(w.shift(r.u32()))
		}
	}
}

// writeData leaves active segments empty. Where no instruction can name a segment, those that are left have no use.
func (w *rewriter) writeData(a *assembler) {
	if w.m.DataCount < 0 || len(w.m.DataSegs) == 0 {
		return
	}
	a.u32(uint32(len(w.m.DataSegs)))
	for _, d := range w.m.DataSegs {
		if d.Mode == ModeActive {
			a.bytes(0, opI32Const, 0, opEnd, 0)
			continue
		}
		a.bytes(1)
		a.u32(uint32(d.Bytes.Len()))
		a.bytes(w.m.Data[d.Bytes.Start:d.Bytes.End]...)
	}
}
