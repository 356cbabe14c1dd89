package notes

import "strconv"

// JSON is the list of all notes.
func (s *Store) JSON() []byte {
	out := []byte(`{"notes":[`)
	for i, n := range s.notes {
		if i > 0 {
			out = append(out, ',')
		}
		out = n.append(out)
	}
	return append(out, "]}"...)
}

// JSON is one note.
func (n Note) JSON() []byte { return n.append(nil) }

func (n Note) append(out []byte) []byte {
	out = strconv.AppendInt(append(out, `{"id":`...), int64(n.ID), 10)
	return append(quote(append(out, `,"text":`...), n.Text), '}')
}

// JSON is what the client is told.
func (p *Problem) JSON() []byte { return append(quote([]byte(`{"error":`), p.Message), '}') }

// quote escapes what JSON says must be. Package json would escape U+2028 and U+2029 too.
func quote(out []byte, s string) []byte {
	const hex = "0123456789abcdef"
	out = append(out, '"')
	for _, c := range []byte(s) {
		switch {
		case c == '"' || c == '\\':
			out = append(out, '\\', c)
		case c >= ' ':
			out = append(out, c)
		case c == '\b':
			out = append(out, '\\', 'b')
		case c == '\f':
			out = append(out, '\\', 'f')
		case c == '\n':
			out = append(out, '\\', 'n')
		case c == '\r':
			out = append(out, '\\', 'r')
		case c == '\t':
			out = append(out, '\\', 't')
		default:
			out = append(out, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	return append(out, '"')
}
