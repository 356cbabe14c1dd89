package main

import (
	"iter"
	"unicode/utf8"
)

// appendObject appends pairs as a JSON object, one a line, in their order and with their repeats. It is written by hand
// because encoding/json has no ordered object, and would add half a megabyte to the module.
//
// Values are bytes, and JSON is text. A byte that is not part of valid UTF-8 becomes the lone surrogate U+DC00 plus the
// byte, as in Python's surrogateescape (PEP 383): "\xff" is written as "\udcff". No valid text has one, so nothing is lost.
func appendObject(dst []byte, pairs iter.Seq2[string, string]) []byte {
	dst = append(dst, '{')
	separator := "\n  "
	for key, value := range pairs {
		dst = append(dst, separator...)
		dst = appendString(dst, key)
		dst = append(dst, ": "...)
		dst = appendString(dst, value)
		separator = ",\n  "
	}
	return append(dst, "\n}\n"...)
}

func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		c := s[i]
		switch r, size := utf8.DecodeRuneInString(s[i:]); {
		case r == utf8.RuneError && size == 1:
			dst = appendEscape(append(dst, `\udc`...), c)
			i++
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
			i++
		case c < ' ' || c == 0x7f:
			dst = appendEscape(append(dst, `\u00`...), c)
			i++
		default:
			dst = append(dst, s[i:i+size]...)
			i += size
		}
	}
	return append(dst, '"')
}

// appendEscape appends the last two digits of a \u escape.
func appendEscape(dst []byte, c byte) []byte {
	const digits = "0123456789abcdef"
	return append(dst, digits[c>>4], digits[c&15])
}
