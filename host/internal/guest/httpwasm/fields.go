package httpwasm

import (
	"errors"
	"slices"
	"strings"
)

// field is one header field, in the spelling of who has set it.
type field struct{ name, value string }

// fields is a list of header fields, in order. Names are compared without regard to case.
type fields []field

func (f fields) values(name string) (out []string) {
	for _, one := range f {
		if strings.EqualFold(one.name, name) {
			out = append(out, one.value)
		}
	}
	return out
}

// names lists each name once, in lower case.
func (f fields) names() (out []string) {
	for _, one := range f {
		if name := strings.ToLower(one.name); !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

func (f *fields) remove(name string) {
	*f = slices.DeleteFunc(*f, func(one field) bool { return strings.EqualFold(one.name, name) })
}

func (f *fields) set(name, value string) {
	f.remove(name)
	f.add(name, value)
}

func (f *fields) add(name, value string) { *f = append(*f, field{name, value}) }

var (
	errFieldName  = errors.New("the header's name is no token of RFC 9110")
	errFieldValue = errors.New("the header's value holds a control character, or a space at an end")
)

// checkField keeps what could be taken for another header, or another request, out of both directions.
func checkField(name, value string) error {
	isToken := func(r rune) bool {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	}
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return !isToken(r) }) {
		return errFieldName
	}
	if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }) || strings.Trim(value, " ") != value {
		return errFieldValue
	}
	return nil
}
