package wasm

// Survey is [Parse] for whoever wants to know what a file is even if it is refused. Beside Parse's error it returns the module
// up to the section that was refused: that one and all behind it are missing, as if the file ended there. What speaks of several
// sections has not been checked then: functions may lack their code. The module is nil if not even the header is right.
func Survey(data []byte, limits Limits) (*Module, error) {
	p := newParser(data, limits)
	err := p.parse()
	if err == nil {
		return p.m, nil
	}
	if p.whole < len(header) {
		return nil, err
	}
	known := newParser(data[:p.whole], limits)
	known.readSections(&known.file)
	return known.m, err
}

// Layout lists the sections as their headers announce them, without looking into them: up to most, and up to the first that
// cannot be there. It is for files that are refused; those of a [Module] are in its Sections.
func Layout(data []byte, most int) []Section {
	r := reader{data: data, pos: min(len(header), len(data)), end: len(data)}
	var all []Section
	for r.left() > 0 && len(all) < most {
		id := r.byte()
		s := r.sub(r.size())
		if r.err != nil || id > byte(SectionDataCount) {
			break
		}
		all = append(all, Section{SectionID(id), Range{s.pos, s.end}})
	}
	return all
}
