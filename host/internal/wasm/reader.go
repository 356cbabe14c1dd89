package wasm

import (
	"fmt"
	"unicode/utf8"
)

// reader reads one range of a file. It remembers the first error and then stands at its end, where every read gives zero:
// callers look at err once for each entry, not after each byte. Nothing is allocated for a count before the bytes that it
// speaks of are known to be there.
type reader struct {
	data []byte // the whole file, so that pos is what errors report
	pos  int
	end  int // exclusive; never beyond len(data)
	err  *Error

	section string
	item    string // "function", "import" ...; "" for none
	index   int    // of the item
}

// fail notes the first error. at is a file offset.
func (r *reader) fail(at int, kind Kind, format string, args ...any) {
	if r.err != nil {
		return
	}
	r.err = &Error{Kind: kind, Section: r.section, Offset: at, Message: fmt.Sprintf(format, args...)}
	if r.item != "" {
		r.err.Item = fmt.Sprintf("%s %d", r.item, r.index)
	}
	r.pos = r.end
}

func (r *reader) malformed(at int, format string, args ...any) {
	r.fail(at, KindMalformed, format, args...)
}

// unsupported refuses a feature by its name.
func (r *reader) unsupported(at int, feature string) {
	r.fail(at, KindUnsupported, "%s: not supported; build the module without it", feature)
}

// at says which entry of the section is read from now on.
func (r *reader) at(item string, index int) { r.item, r.index = item, index }

func (r *reader) left() int { return r.end - r.pos }

func (r *reader) byte() byte {
	if r.pos >= r.end {
		r.malformed(r.pos, "unexpected end")
		return 0
	}
	b := r.data[r.pos]
	r.pos++
	return b
}

// bytes returns the next n bytes; they alias the file.
func (r *reader) bytes(n int) []byte {
	if n > r.left() {
		r.malformed(r.pos, "%d bytes announced, %d left", n, r.left())
		return nil
	}
	b := r.data[r.pos : r.pos+n : r.pos+n]
	r.pos += n
	return b
}

// sub returns a reader of the next n bytes alone, and steps over them.
func (r *reader) sub(n int) reader {
	s := *r
	if r.bytes(n); r.err == nil {
		s.end = r.pos
	} else {
		s.err, s.pos = r.err, s.end
	}
	return s
}

// finish checks that everything was read, and hands an error on to the reader that r was cut from.
func (r *reader) finish(parent *reader, what string) {
	if r.err == nil && r.pos != r.end {
		r.malformed(r.pos, "%d bytes too many in %s", r.left(), what)
	}
	if r.err != nil && parent.err == nil {
		parent.err, parent.pos = r.err, parent.end
	}
}

// count reads the length of a list whose entries take at least least bytes each. what is a plural.
func (r *reader) count(what string, least, limit int) int {
	at := r.pos
	n := r.size()
	r.limit(at, n, what, limit)
	if r.err == nil && n > r.left()/least {
		r.malformed(at, "%d %s announced, %d bytes left", n, what, r.left())
	}
	if r.err != nil {
		return 0
	}
	return n
}

func (r *reader) limit(at, n int, what string, limit int) {
	if n > limit {
		r.fail(at, KindLimit, "%d %s, at most %d", n, what, limit)
	}
}

// index32 reads an index into a space of that size. what is a singular.
func (r *reader) index32(what string, size int) uint32 {
	at := r.pos
	i := r.u32()
	if uint64(i) >= uint64(size) {
		r.malformed(at, "%s %d does not exist, there are %d", what, i, size)
		return 0
	}
	return i
}

// nameBytes reads a length and that many bytes of UTF-8; they alias the file.
func (r *reader) nameBytes(what string, limit int) []byte {
	at := r.pos
	n := r.size()
	r.limit(at, n, "bytes of "+what, limit)
	b := r.bytes(n)
	if !utf8.Valid(b) {
		r.malformed(at, "%s is not UTF-8", what)
		return nil
	}
	return b
}

func (r *reader) name(what string, limit int) string { return string(r.nameBytes(what, limit)) }
