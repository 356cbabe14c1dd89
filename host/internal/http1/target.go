package http1

import "bytes"

// readRequestLine reads "method SP target SP version": RFC 9112, section 3. Single spaces, nothing else.
func (h *head) readRequestLine(b []byte, at span) *violation {
	line := at.of(b)
	space := run(line, inToken)
	if space == 0 || space == len(line) || line[space] != ' ' {
		return bad("the request's line has no method")
	}
	method, rest := line[:space], line[space+1:]
	end := bytes.IndexByte(rest, ' ')
	if end < 0 {
		return bad("the request's line has no version")
	}
	if broken := h.readVersion(rest[end+1:]); broken != nil {
		return broken
	}
	if string(method) == "CONNECT" {
		return refused(501, "CONNECT is for proxies")
	}
	target := span{int32(space + 1), int32(space + 1 + end)}
	if broken := h.readTarget(b, target, string(method) == "OPTIONS"); broken != nil {
		return broken
	}
	h.method, h.target = span{0, int32(space)}, target
	return nil
}

// readVersion reads the version that ends the line.
func (h *head) readVersion(version []byte) *violation {
	const prefix = "HTTP/"
	if len(version) != len("HTTP/1.1") || string(version[:len(prefix)]) != prefix || version[6] != '.' ||
		!is(version[5], inDigits) || !is(version[7], inDigits) {
		return bad("the request's line does not end with a version")
	}
	if version[5] != '1' || version[7] > '1' {
		return refused(505, "the version is %s, not HTTP/1.0 or HTTP/1.1", version)
	}
	h.minor = version[7] - '0'
	return nil
}

// readTarget reads a path, a URL of http or https, or the "*" of OPTIONS: RFC 9112, section 3.2. The fourth form is for CONNECT.
func (h *head) readTarget(b []byte, at span, options bool) *violation {
	target := at.of(b)
	switch {
	case len(target) == 0:
		return bad("the request's line has no target")
	case target[0] == '/':
		return readPath(target)
	case string(target) == "*":
		if !options {
			return bad(`the target "*" is for OPTIONS`)
		}
		return nil
	}
	return h.readURL(target, int(at.from))
}

// readURL reads a target in absolute-form, which begins at from.
func (h *head) readURL(target []byte, from int) *violation {
	colon := bytes.IndexByte(target, ':')
	if colon < 0 || !isName(target[:colon], "http") && !isName(target[:colon], "https") || !bytes.HasPrefix(target[colon:], []byte("://")) {
		return bad("the target is neither a path nor a URL of http or https")
	}
	authority := target[colon+3:]
	if end := bytes.IndexAny(authority, "/?"); end >= 0 {
		if broken := readPath(authority[end:]); broken != nil {
			return broken
		}
		authority = authority[:end]
	}
	h.authority = span{int32(from + colon + 3), int32(from + colon + 3 + len(authority))}
	return readHost(authority)
}

// readPath reads a path and a query. What percent signs begin in a query is the app's business.
func readPath(target []byte) *violation {
	path, query := target, []byte(nil)
	if i := bytes.IndexByte(target, '?'); i >= 0 {
		path, query = target[:i], target[i:]
	}
	if i := run(path, inPath); i < len(path) {
		return bad("the target's path has %q, which must be percent-encoded", path[i:i+1])
	}
	if i := run(query, inQuery); i < len(query) {
		return bad("the target's query has %q, which must be percent-encoded", query[i:i+1])
	}
	for {
		i := bytes.IndexByte(path, '%')
		if i < 0 {
			return nil
		}
		if path = path[i+1:]; len(path) < 2 || !is(path[0], inHex) || !is(path[1], inHex) {
			return bad("the target's path has a percent sign without two digits")
		}
	}
}
