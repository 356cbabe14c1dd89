package wasm

import "strings"

// ReservedPrefix begins the names that belong to the host: guests may neither import from such a module nor export such a
// name.
const ReservedPrefix = "wasgi:"

func (p *parser) readImports(r *reader) {
	n := r.count("imports", 4, p.limits.Imports)
	p.m.Imports = make([]Import, 0, n)
	for i := 0; i < n && r.err == nil; i++ {
		r.at("import", i)
		p.readImport(r)
	}
}

func (p *parser) readImport(r *reader) {
	at := r.pos
	module, name := r.name("module name", p.limits.NameLength), r.name("name", p.limits.NameLength)
	kindAt := r.pos
	switch kind := r.byte(); {
	case r.err != nil:
	case module == "":
		r.malformed(at, "empty module name")
	case strings.HasPrefix(module, ReservedPrefix):
		r.fail(at, KindForbidden, "module %q: names that begin with %q belong to the host; choose another", module, ReservedPrefix)
	case kind == byte(ExternFunction):
		p.m.Imports = append(p.m.Imports, Import{module, name, r.index32("type", len(p.m.Types))})
	case kind <= byte(ExternGlobal):
		r.fail(kindAt, KindForbidden, "%q.%q is a %s: only functions can be imported; define the %s in the module",
			module, name, ExternKind(kind), ExternKind(kind))
	case kind == 4:
		r.unsupported(kindAt, "exception handling")
	default:
		r.malformed(kindAt, "unknown kind %#x", kind)
	}
}

func (p *parser) readExports(r *reader) {
	n := r.count("exports", 3, p.limits.Exports)
	p.exported = make(map[string]struct{}, n)
	p.m.Exports = make([]Export, 0, n)
	for i := 0; i < n && r.err == nil; i++ {
		r.at("export", i)
		p.readExport(r)
	}
}

func (p *parser) readExport(r *reader) {
	at := r.pos
	e := Export{Name: r.name("name", p.limits.NameLength)}
	kindAt := r.pos
	kind := r.byte()
	e.Kind = ExternKind(kind)
	_, twice := p.exported[e.Name]
	switch {
	case r.err != nil:
		return
	case twice:
		r.malformed(at, "%q is exported twice", e.Name)
	case strings.HasPrefix(e.Name, ReservedPrefix):
		r.fail(at, KindForbidden, "%q: names that begin with %q belong to the host; choose another", e.Name, ReservedPrefix)
	case kind == 4:
		r.unsupported(kindAt, "exception handling")
	case kind > 4:
		r.malformed(kindAt, "unknown kind %#x", kind)
	default:
		e.Index = r.index32(e.Kind.String(), p.size(e.Kind))
	}
	p.exported[e.Name] = struct{}{}
	if e.Kind == ExternFunction {
		p.declare(e.Index)
	}
	p.m.Exports = append(p.m.Exports, e)
}

// size is that of the index space.
func (p *parser) size(kind ExternKind) int {
	switch kind {
	case ExternFunction:
		return p.m.FunctionCount()
	case ExternTable:
		return len(p.m.Tables)
	case ExternGlobal:
		return len(p.m.Globals)
	}
	if p.m.Memory == nil {
		return 0
	}
	return 1
}

// declare notes that code may take a reference of the function.
func (p *parser) declare(function uint32) {
	if p.m.declared == nil {
		p.m.declared = map[uint32]struct{}{}
	}
	p.m.declared[function] = struct{}{}
}
