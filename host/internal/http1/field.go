package http1

import "bytes"

// readField reads "name: value": RFC 9112, section 5.
func (h *head) readField(b []byte, at span) *violation {
	name, value, broken := splitField(at.of(b))
	if broken != nil {
		return broken
	}
	if h.fields++; h.fields > maxFields {
		return refused(431, "more than %d headers", maxFields)
	}
	// Few lengths say at once that a name is none of those that matter here.
	switch len(name) {
	case len("host"):
		if isName(name, "host") {
			return h.readHostField(b, at, value)
		}
	case len("expect"):
		if isName(name, "expect") {
			return h.readExpect(value)
		}
	case len("trailer"):
		switch {
		case isName(name, "trailer"):
			return readTrailerField(value)
		case isName(name, "upgrade"):
			h.readUpgrade(value)
		}
	case len("content-length"):
		if isName(name, "content-length") {
			return h.readLength(value)
		}
	case len("transfer-encoding"):
		if isName(name, "transfer-encoding") {
			return h.readCoding(value)
		}
	}
	return nil
}

// splitField splits a line, and checks its parts for what they may be made of.
func splitField(line []byte) (name, value []byte, broken *violation) {
	colon := run(line, inToken)
	switch {
	case colon < len(line) && line[colon] == ':' && colon > 0:
	case line[0] == ' ' || line[0] == '\t':
		return nil, nil, bad("a header goes on in a second line")
	case bytes.IndexByte(line, ':') < 0:
		return nil, nil, bad("the header %q has no colon", short(line))
	default:
		return nil, nil, bad("the header %q has a name that is no token", short(line))
	}
	name, value = line[:colon], trim(line[colon+1:])
	if hasControl(value) {
		return nil, nil, bad("the header %q holds a control character", short(name))
	}
	if bytes.IndexByte(name, '_') >= 0 && posesAsFraming(name) {
		return nil, nil, bad("the header %q poses as another", short(name))
	}
	return name, value, nil
}

// posesAsFraming reports whether a name becomes one that says where a body ends, for a server that takes "_" for "-".
func posesAsFraming(name []byte) bool {
	dashed := bytes.ReplaceAll(name, []byte("_"), []byte("-"))
	return isName(dashed, "content-length") || isName(dashed, "transfer-encoding")
}

func (h *head) readHostField(b []byte, at span, value []byte) *violation {
	if h.hosts++; h.hosts > 1 {
		return bad("more than one Host header")
	}
	from := at.from + int32(cap(at.of(b))-cap(value)) // both end where b does
	h.host = span{from, from + int32(len(value))}
	return readHost(value)
}

// readExpect reads what the client wants before it sends a body: RFC 9110, section 10.1.1.
func (h *head) readExpect(value []byte) *violation {
	if h.expects++; h.expects > 1 || !isName(value, "100-continue") {
		return refused(417, "the Expect header asks for more than 100-continue")
	}
	return nil
}

// readUpgrade looks for WebSocket among the protocols that the client would rather speak: RFC 9110, section 7.8.
func (h *head) readUpgrade(value []byte) {
	for protocol := range bytes.SplitSeq(value, []byte{','}) {
		h.asks = h.asks || isName(trim(protocol), "websocket")
	}
}

// short is as much of what a client has sent as is worth a place in a log.
func short(b []byte) []byte { return b[:min(len(b), 40)] }
