package wasm

const header = "\x00asm\x01\x00\x00\x00"

// parser is one run of Parse.
type parser struct {
	m      *Module
	limits Limits
	file   reader
	// exported names, to find a second one.
	exported map[string]struct{}
	elements int // entries of all element segments so far
	name     Range
	named    bool // there is a name section
	whole    int  // where the last section that was read to its end ends
}

// Parse reads and checks a whole module. The module aliases data. The error is an [*Error]. It allocates a small multiple of
// len(data) at most, and never more than the limits allow.
func Parse(data []byte, limits Limits) (*Module, error) {
	p := newParser(data, limits)
	if err := p.parse(); err != nil {
		return nil, err
	}
	return p.m, nil
}

// exportsDone is the order of the section after which Head stops.
const exportsDone = 7

// Head is Parse for as much of a module as says what it imports and exports: what follows is not looked at. It takes a fraction of
// the time.
func Head(data []byte, limits Limits) (*Module, error) {
	p := newParser(data, limits)
	r := &p.file
	r.limit(0, len(r.data), "bytes", p.limits.ModuleSize)
	if r.err == nil {
		p.readHeader(r)
	}
	for last := 0; r.err == nil && r.left() > 0 && last < exportsDone; {
		last = p.readSection(r, last)
	}
	if r.err != nil {
		return nil, r.err
	}
	return p.m, nil
}

func newParser(data []byte, limits Limits) *parser {
	return &parser{m: &Module{Data: data, Start: -1, DataCount: -1}, limits: limits, file: reader{data: data, end: len(data)}}
}

// parse returns the interface, so that a nil *Error does not become an error that is not nil.
func (p *parser) parse() error {
	r := &p.file
	r.limit(0, len(r.data), "bytes", p.limits.ModuleSize)
	p.readSections(r)
	if r.err == nil {
		p.checkWhole(r)
	}
	if r.err != nil {
		return r.err
	}
	return nil
}

func (p *parser) readSections(r *reader) {
	if r.err == nil {
		p.readHeader(r)
	}
	for last := 0; r.err == nil; {
		p.whole = r.pos
		if r.left() == 0 {
			return
		}
		last = p.readSection(r, last)
	}
}

func (p *parser) readHeader(r *reader) {
	switch {
	case r.left() < 4 || string(r.data[:4]) != header[:4]:
		r.malformed(0, "not a WebAssembly file")
	case r.left() < 8:
		r.malformed(4, "unexpected end")
	case string(r.data[4:8]) == "\x0d\x00\x01\x00":
		r.unsupported(4, "component model")
	case string(r.data[4:8]) != header[4:]:
		r.malformed(4, "version %#x, must be 1", r.data[4:8])
	}
	r.bytes(min(8, r.left()))
}

// rule is how one section is read. order is its place in a file: the numbers are not sorted, since the data count came
// late and must still precede the code.
type rule struct {
	name  string
	order int
	read  func(*parser, *reader)
}

// rules is indexed by SectionID.
func rules() [13]rule {
	return [...]rule{
		SectionCustom:    {"custom", 0, (*parser).readCustom},
		SectionType:      {"type", 1, (*parser).readTypes},
		SectionImport:    {"import", 2, (*parser).readImports},
		SectionFunction:  {"function", 3, (*parser).readFunctions},
		SectionTable:     {"table", 4, (*parser).readTables},
		SectionMemory:    {"memory", 5, (*parser).readMemory},
		SectionGlobal:    {"global", 6, (*parser).readGlobals},
		SectionExport:    {"export", 7, (*parser).readExports},
		SectionStart:     {"start", 8, (*parser).readStart},
		SectionElement:   {"element", 9, (*parser).readElements},
		SectionDataCount: {"data count", 10, (*parser).readDataCount},
		SectionCode:      {"code", 11, (*parser).readCode},
		SectionData:      {"data", 12, (*parser).readData},
	}
}

const sectionTag = 13 // of the exceptions proposal

// readSection reads one section and returns the place of the last one that is not custom.
func (p *parser) readSection(r *reader, last int) int {
	at := r.pos
	id := r.byte()
	all := rules()
	if id == sectionTag {
		r.unsupported(at, "exception handling")
		return last
	}
	if int(id) >= len(all) {
		r.malformed(at, "unknown section %d", id)
		return last
	}
	rule := all[id]
	r.section = rule.name
	if rule.order != 0 && rule.order <= last {
		r.malformed(at, "twice, or after a section that must follow it")
		return last
	}
	s := r.sub(r.size())
	p.m.Sections = append(p.m.Sections, Section{SectionID(id), Range{s.pos, s.end}})
	rule.read(p, &s)
	s.item = ""
	s.finish(r, "the section")
	if r.err == nil {
		r.section = ""
	}
	return max(last, rule.order)
}

// checkWhole checks what no section can see alone.
func (p *parser) checkWhole(r *reader) {
	m := p.m
	if len(m.Code) != len(m.Functions) {
		r.malformed(r.end, "%d functions are declared and %d have code", len(m.Functions), len(m.Code))
	}
	if m.DataCount >= 0 && m.DataCount != len(m.DataSegs) {
		r.malformed(r.end, "the data count is %d, there are %d data segments", m.DataCount, len(m.DataSegs))
	}
	if p.named && r.err == nil {
		p.readNames()
	}
}
