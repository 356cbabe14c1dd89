package gateway

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/abi/wire"
)

// parseStatus reads "NNN Reason". 1xx is refused: an application answers once, and an interim response is no answer.
func parseStatus(status []byte) (int, bool) {
	if len(status) < 4 || status[3] != ' ' || hasControl(status) {
		return 0, false
	}
	code := 0
	for _, digit := range status[:3] {
		if digit < '0' || digit > '9' {
			return 0, false
		}
		code = code*10 + int(digit-'0')
	}
	return code, code >= 200
}

// headerList is a checked list of headers, with the Content-Length apart.
type headerList struct {
	fields   []field
	declared int64 // Content-Length, or unknown
}

// field is one header of a response.
type field struct {
	name, value string
	repeated    bool // the list has held the name before
}

// parseHeaders checks and copies a header list, into room if it fits. Names keep the spelling that the app gave them; spellings of
// one name that differ are brought together, so that their order is kept.
func parseHeaders(room []field, pairs []wire.Pair) (headerList, error) {
	list := headerList{fields: slices.Grow(room, len(pairs)), declared: unknown}
	var known spellings
	known.expect(len(pairs))
	text := textOf(pairs)
	var space [64]byte
	for _, pair := range pairs {
		name, value := text[:len(pair.Key)], text[len(pair.Key):len(pair.Key)+len(pair.Value)]
		text = text[len(name)+len(value):]
		if !validName(name) || !validValue(pair.Value) {
			return list, abi.CodeInvalid
		}
		switch canonical := string(appendCanonical(space[:0], name)); {
		case forbidden(canonical):
			return list, abi.CodeForbidden
		case canonical == "Content-Length":
			length, ok := parseLength(value)
			if !ok || list.declared != unknown {
				return list, abi.CodeInvalid
			}
			list.declared = length
		default:
			key, repeated := known.of(list.fields, name, canonical)
			list.fields = append(list.fields, field{key, value, repeated})
		}
	}
	return list, nil
}

// textOf is all names and values as one string, so that they take one allocation.
func textOf(pairs []wire.Pair) string {
	size := 0
	for _, pair := range pairs {
		size += len(pair.Key) + len(pair.Value)
	}
	var text strings.Builder
	text.Grow(size)
	for _, pair := range pairs {
		text.Write(pair.Key)
		text.Write(pair.Value)
	}
	return text.String()
}

// addTo puts the headers in the place of those that have the same names. What it returns has room for extra further values.
func (l *headerList) addTo(header http.Header, extra int) singles {
	values := make(singles, 0, len(l.fields)+extra)
	for _, f := range l.fields {
		if f.repeated {
			header[f.name] = append(header[f.name], f.value)
		} else {
			header[f.name] = values.of(f.value)
		}
	}
	return values
}

// singles makes lists of one value each from one allocation.
type singles []string

func (s *singles) of(value string) []string {
	*s = append(*s, value)
	n := len(*s)
	return (*s)[n-1 : n : n]
}

// spellings finds the spelling under which a list has held a name before. A short list is searched: filling a map takes longer.
type spellings map[string]string // from the canonical name; nil for a short list

// short is how many headers a list has that is searched.
const short = 16

func (s *spellings) expect(n int) {
	if n > short {
		*s = make(spellings, n)
	}
}

// of returns the spelling to use, and whether the list, whose fields so far are given, has it already.
func (s spellings) of(fields []field, name, canonical string) (string, bool) {
	if s == nil {
		for i := range fields {
			if len(fields[i].name) == len(name) && strings.EqualFold(fields[i].name, name) {
				return fields[i].name, true
			}
		}
		return spelling(name, canonical), false
	}
	if known, ok := s[canonical]; ok {
		return known, true
	}
	key := spelling(name, canonical)
	s[strings.Clone(canonical)] = key
	return key, false
}

// spelling returns the key that name is stored under: its own, but for the names that net/http looks up itself, and finds in
// the canonical form only.
func spelling(name, canonical string) string {
	switch canonical {
	case "Content-Type":
		return "Content-Type"
	case "Date":
		return "Date"
	case "Server":
		return "Server"
	}
	return name
}

// appendCanonical appends what [http.CanonicalHeaderKey] makes of a valid name.
func appendCanonical(dst []byte, name string) []byte {
	first := true
	for i := range len(name) {
		c := name[i]
		switch {
		case first && 'a' <= c && c <= 'z':
			c -= 'a' - 'A'
		case !first && 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		}
		first = c == '-'
		dst = append(dst, c)
	}
	return dst
}

// forbidden reports the headers that speak of the connection, which is the server's.
func forbidden(canonical string) bool {
	switch canonical {
	case "Connection", "Keep-Alive", "Te", "Trailer", "Trailers", "Transfer-Encoding", "Upgrade":
		return true
	}
	return strings.HasPrefix(canonical, "Proxy-")
}

// parseLength reads a Content-Length: digits alone, no sign.
func parseLength(value string) (int64, bool) {
	for i := range len(value) {
		if value[i] < '0' || value[i] > '9' {
			return 0, false
		}
	}
	length, err := strconv.ParseInt(value, 10, 64)
	return length, err == nil
}

// validName reports whether name is a token of RFC 9110, section 5.6.2.
func validName(name string) bool {
	for i := range len(name) {
		if !isToken(name[i]) {
			return false
		}
	}
	return name != ""
}

func isToken(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}

// validValue reports whether value can be sent as it is: no control characters, and no space at its ends, which the
// recipient would drop.
func validValue(value []byte) bool {
	if hasControl(value) {
		return false
	}
	return len(value) == 0 || value[0] != ' ' && value[len(value)-1] != ' '
}

func hasControl(b []byte) bool {
	for _, c := range b {
		if c < ' ' || c == 0x7f {
			return true
		}
	}
	return false
}
