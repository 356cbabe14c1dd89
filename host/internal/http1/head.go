package http1

import "bytes"

// maxFields is how many headers a request may have.
const maxFields = 256

// head is what is known of a request's line and headers, as far as they have been read. It holds no bytes: positions count from
// the head's beginning, since the bytes may move between two reads.
type head struct {
	empty bool // an empty line was skipped before it
	line  int  // where the line begins that is being read
	seen  int  // up to where its end was looked for

	method, target span
	authority      span // of a target in absolute-form
	minor          byte // of the version, HTTP/1.minor

	host    span
	length  int64  // Content-Length, 0 if there is none
	fields  uint16 // how many there were
	hosts   uint8
	lengths uint8
	codings uint8 // Transfer-Encoding headers
	expects uint8
	chunked bool
	asks    bool // for a WebSocket

	refusal []byte // the request to pass on instead
}

// span is a part of a head. Idle connections have some, so they are small.
type span struct{ from, to int32 }

func (s span) of(b []byte) []byte { return b[s.from:s.to] }

// skipEmpty returns 2 if b begins with an empty line, which clients of old send after a body: RFC 9112, section 2.2. There may be
// one.
func (h *head) skipEmpty(b []byte) (int, *violation) {
	if len(b) < 2 || b[0] != '\r' || b[1] != '\n' {
		return 0, nil
	}
	if h.empty {
		return 0, bad("more than one empty line before the request")
	}
	h.empty = true
	return 2, nil
}

// read reads a head at b's beginning and returns its length, or 0 if not all of it is there. b holds at least what it held when
// read was last called for the same head; lines that were read then are not read again.
func (h *head) read(b []byte, limit int) (int, *violation) {
	if !is(b[0], inToken) { // known before the line is there, which it may never be
		return 0, bad("the request begins with %q", b[:1])
	}
	for {
		i := bytes.IndexByte(b[h.seen:], '\n')
		if i < 0 {
			if h.seen = len(b); h.seen > limit {
				return 0, h.tooLong(b[:limit])
			}
			return 0, nil
		}
		end := h.seen + i
		if end >= limit {
			return 0, h.tooLong(b[:limit])
		}
		if end == h.line || b[end-1] != '\r' {
			return 0, bad("a line ends with a bare line feed")
		}
		line := span{int32(h.line), int32(end - 1)}
		if broken := h.addLine(b, line); broken != nil {
			return 0, broken
		}
		h.line, h.seen = end+1, end+1
		if line.from < line.to {
			continue
		}
		if broken := h.finish(b); broken != nil {
			return 0, broken
		}
		return h.line, nil
	}
}

// tooLong tells a long line from long headers.
func (h *head) tooLong(b []byte) *violation {
	switch {
	case h.line > 0:
		return refused(431, "the headers are longer than server.max_header_bytes")
	case bytes.IndexByte(b, ' ') < 0:
		return refused(501, "the method is longer than server.max_header_bytes")
	}
	return refused(414, "the request's line is longer than server.max_header_bytes")
}

func (h *head) addLine(b []byte, line span) *violation {
	switch {
	case h.line == 0:
		return h.readRequestLine(b, line)
	case line.from == line.to:
		return nil
	}
	return h.readField(b, line)
}

// finish checks what only a whole head shows.
func (h *head) finish(b []byte) *violation {
	switch {
	case h.hosts == 0 && h.minor > 0:
		return bad("no Host header")
	case h.hosts > 0 && h.authority.to > 0 && !bytes.EqualFold(h.host.of(b), h.authority.of(b)):
		return bad("the Host header names another host than the target")
	case h.codings > 0 && h.lengths > 0:
		return bad("both Content-Length and Transfer-Encoding")
	case h.codings > 0 && h.minor == 0:
		return bad("Transfer-Encoding in HTTP/1.0")
	}
	return nil
}
