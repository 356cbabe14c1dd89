package wasm

// The bits of an element segment's flags.
const (
	elementNotActive   = 1 << 0
	elementExplicit    = 1 << 1 // an active one names its table; one that is not active is declarative
	elementExpressions = 1 << 2
)

func (p *parser) readElements(r *reader) {
	n := r.count("element segments", 2, p.limits.ElementSegments)
	p.m.Elements = make([]Element, 0, n)
	for i := 0; i < n && r.err == nil; i++ {
		r.at("element segment", i)
		p.readElement(r)
	}
}

func (p *parser) readElement(r *reader) {
	at := r.pos
	flags := r.u32()
	if flags > 7 {
		r.malformed(at, "unknown flags %#x", flags)
		return
	}
	e := Element{Flags: byte(flags), Type: FuncRef}
	switch {
	case flags&elementNotActive == 0:
		p.readElementTarget(r, &e)
	case flags&elementExplicit == 0:
		e.Mode = ModePassive
	default:
		e.Mode = ModeDeclarative
	}
	if flags&(elementNotActive|elementExplicit) != 0 {
		readElementKind(r, &e)
	}
	if r.err == nil && e.Mode == ModeActive && e.Type != p.m.Tables[e.Table].Type {
		r.malformed(at, "%s entries for a table of %s", e.Type, p.m.Tables[e.Table].Type)
	}
	p.readElementItems(r, &e)
	if r.err == nil && e.Mode == ModeActive {
		p.fits(r, at, e)
	}
	p.m.Elements = append(p.m.Elements, e)
}

// fits checks that the table has room for an active segment. To instantiate the module would trap; the runtime leaves out this
// segment instead, and all behind it.
func (p *parser) fits(r *reader, at int, e Element) {
	offset, size := int64(uint32(e.Offset.Value)), p.m.Tables[e.Table].Min
	if offset+int64(e.Count) > int64(size) {
		r.malformed(at, "%d entries at %d of table %d, which begins with %d", e.Count, offset, e.Table, size)
	}
}

// readElementTarget reads where an active segment goes.
func (p *parser) readElementTarget(r *reader, e *Element) {
	at := r.pos
	if e.Flags&elementExplicit != 0 {
		e.Table = r.u32()
	}
	if uint64(e.Table) >= uint64(len(p.m.Tables)) {
		r.malformed(at, "table %d does not exist, there are %d", e.Table, len(p.m.Tables))
	}
	e.Offset = p.constExpr(r, I32)
}

// readElementKind reads a reference type before expressions, and before indices a byte that only has one value.
func readElementKind(r *reader, e *Element) {
	if e.Flags&elementExpressions != 0 {
		e.Type = r.referenceType()
		return
	}
	at := r.pos
	if kind := r.byte(); kind != 0 {
		r.malformed(at, "element kind %#x, must be 0", kind)
	}
}

func (p *parser) readElementItems(r *reader, e *Element) {
	least := 1
	if e.Flags&elementExpressions != 0 {
		least = 3
	}
	at := r.pos
	e.Count = r.count("elements", least, p.limits.Elements)
	p.elements += e.Count
	r.limit(at, p.elements, "elements in all segments", p.limits.Elements)
	e.Items.Start = r.pos
	for i := 0; i < e.Count && r.err == nil; i++ {
		if e.Flags&elementExpressions != 0 {
			p.constExpr(r, e.Type)
		} else {
			p.declare(r.index32("function", p.m.FunctionCount()))
		}
	}
	e.Items.End = r.pos
}

func (p *parser) readDataCount(r *reader) {
	at := r.pos
	p.m.DataCount = r.size()
	r.limit(at, p.m.DataCount, "data segments", p.limits.DataSegments)
}

func (p *parser) readData(r *reader) {
	n := r.count("data segments", 2, p.limits.DataSegments)
	p.m.DataSegs = make([]DataSegment, 0, n)
	for i := 0; i < n && r.err == nil; i++ {
		r.at("data segment", i)
		p.readDataSegment(r)
	}
}

func (p *parser) readDataSegment(r *reader) {
	at := r.pos
	var d DataSegment
	switch flags := r.u32(); {
	case flags > 2:
		r.malformed(at, "unknown flags %#x", flags)
		return
	case flags == 1:
		d.Mode = ModePassive
	case flags == 2:
		at = r.pos
		if memory := r.u32(); memory != 0 {
			r.unsupported(at, "multiple memories")
		}
	}
	if d.Mode == ModeActive {
		if p.m.Memory == nil {
			r.malformed(at, "there is no memory")
		}
		d.Offset = p.constExpr(r, I32)
	}
	n := r.size()
	d.Bytes.Start = r.pos
	r.bytes(n)
	d.Bytes.End = r.pos
	p.m.DataSegs = append(p.m.DataSegs, d)
}
