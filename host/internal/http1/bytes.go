package http1

import "encoding/binary"

// What a byte may be part of, as bits.
const (
	inToken = 1 << iota // RFC 9110, section 5.6.2
	inPath              // a target up to its query
	inQuery
	inHost // a name or an IPv4 address
	inHex
	inDigits
)

var classes = classify()

func classify() (table [256]byte) {
	mark := func(class byte, set string) {
		for i := range len(set) {
			table[set[i]] |= class
		}
	}
	const letters, digits = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789"
	mark(inToken, letters+digits+"!#$%&'*+-.^_`|~")
	mark(inHost, letters+digits+"-._~")
	mark(inHex, digits+"abcdefABCDEF")
	mark(inDigits, digits)
	// Browsers send more as it is than RFC 3986 has: brackets, braces, a bar and the like, and a backslash in a query.
	for c := byte('!'); c <= '~'; c++ {
		switch c {
		case '"', '#', '<', '>':
		case '\\':
			table[c] |= inQuery
		default:
			table[c] |= inPath | inQuery
		}
	}
	return table
}

// is reports whether c is of a class.
func is(c, class byte) bool { return classes[c]&class != 0 }

// run returns how many bytes at b's beginning are of a class.
func run(b []byte, class byte) int {
	for i, c := range b {
		if classes[c]&class == 0 {
			return i
		}
	}
	return len(b)
}

// all reports whether all bytes are of a class, and there is one.
func all(b []byte, class byte) bool { return len(b) > 0 && run(b, class) == len(b) }

// isName reports whether b is a lower-case name, in any case.
func isName(b []byte, name string) bool {
	if len(b) != len(name) {
		return false
	}
	for i := range b {
		c := b[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != name[i] {
			return false
		}
	}
	return true
}

// hasControl reports whether b has a control character other than a tab. Eight bytes are looked at in one go: those that are
// below a space or 0x7f leave their highest bit set.
func hasControl(b []byte) bool {
	const ones = 0x0101010101010101
	for len(b) >= 8 {
		x := binary.LittleEndian.Uint64(b)
		low := (x - ones*' ') &^ x
		y := x ^ ones*0x7f
		del := (y - ones) &^ y
		if (low|del)&(ones<<7) != 0 && slowHasControl(b[:8]) {
			return true
		}
		b = b[8:]
	}
	return slowHasControl(b)
}

func slowHasControl(b []byte) bool {
	for _, c := range b {
		if c < ' ' && c != '\t' || c == 0x7f {
			return true
		}
	}
	return false
}

// trim cuts spaces and tabs off both ends.
func trim(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
		b = b[:len(b)-1]
	}
	return b
}
