package wasm

// The subsections of a name section that the compiler reads, trusting every count.
const (
	namesModule    = 0
	namesFunctions = 1
	namesLocals    = 2
	namesLast      = 11 // the last that any proposal defines
)

func (p *parser) readCustom(r *reader) {
	at := r.pos
	name := r.name("name", p.limits.NameLength)
	r.limit(at, len(p.m.Custom)+1, "custom sections", p.limits.CustomSections)
	if name == "name" && r.err == nil {
		if p.named {
			r.malformed(at, "a second name section")
		}
		p.named, p.name = true, Range{r.pos, r.end}
	}
	p.m.Custom = append(p.m.Custom, CustomSection{name, Range{r.pos, r.end}})
	r.pos = r.end
}

// readNames checks the name section once all functions are known. The format lets an engine ignore a broken one; wazero does
// not, and would allocate for whatever its counts say.
func (p *parser) readNames() {
	r := p.file
	r.section, r.pos, r.end = "name", p.name.Start, p.name.End
	p.m.names = map[byte]Range{}
	last := -1
	for r.err == nil && r.left() > 0 {
		at := r.pos
		id := r.byte()
		s := r.sub(r.size())
		if int(id) <= last || id > namesLast {
			r.malformed(at, "subsection %d: unknown, twice or out of order", id)
			break
		}
		last = int(id)
		p.m.names[id] = Range{s.pos, s.end}
		p.readNameSubsection(&s, id)
		s.finish(&r, "the subsection")
	}
	r.item = ""
	r.finish(&p.file, "the section")
}

func (p *parser) readNameSubsection(r *reader, id byte) {
	switch id {
	case namesModule:
		r.nameBytes("name", p.limits.NameLength)
	case namesFunctions:
		readNameMap(r, "function", p.m.FunctionCount(), p.limits.NameLength, nil)
	case namesLocals:
		p.readLocalNames(r)
	default:
		r.pos = r.end // nobody reads the others
	}
}

func (p *parser) readLocalNames(r *reader) {
	n := r.count("functions with named locals", 2, p.limits.LocalNames)
	last := -1
	for i := 0; i < n && r.err == nil; i++ {
		at := r.pos
		function := int(r.index32("function", p.m.FunctionCount()))
		if function <= last {
			r.malformed(at, "function %d: twice or out of order", function)
		}
		last = function
		readNameMap(r, "local", p.localCount(uint32(function)), p.limits.NameLength, nil)
	}
}

// localCount is how many parameters and locals a function has; all functions must have been read.
func (p *parser) localCount(function uint32) int {
	n := 0
	if p.file.err == nil && int(function) < p.m.FunctionCount() {
		n = len(p.m.FunctionType(function).Params)
		if defined := int(function) - len(p.m.Imports); defined >= 0 {
			n += p.m.Code[defined].Locals
		}
	}
	return n
}

// readNameMap reads pairs of index and name, with indices that rise and lie below size. take may be nil.
func readNameMap(r *reader, what string, size, length int, take func(index uint32, name []byte)) {
	n := r.count("names", 2, size)
	last := -1
	for i := 0; i < n && r.err == nil; i++ {
		at := r.pos
		index := r.index32(what, size)
		if int(index) <= last {
			r.malformed(at, "%s %d: twice or out of order", what, index)
		}
		last = int(index)
		name := r.nameBytes("name", length)
		if take != nil && r.err == nil {
			take(index, name)
		}
	}
}

// FunctionNames returns the names that the name section gives, by function index; "" where it gives none. It is nil without a
// name section. It reads the section anew at each call.
func (m *Module) FunctionNames() []string {
	at, ok := m.names[namesFunctions]
	if !ok {
		return nil
	}
	names := make([]string, m.FunctionCount())
	r := reader{data: m.Data, pos: at.Start, end: at.End}
	readNameMap(&r, "function", len(names), len(m.Data), func(index uint32, name []byte) { names[index] = string(name) })
	return names
}

// NameSubsections gives where each subsection of the name section lies, by its number; nil without a name section. The caller
// must not change the map.
func (m *Module) NameSubsections() map[byte]Range { return m.names }
