package http1

import "bytes"

// maxTrailer bounds what follows the last chunk, in bytes. It is checked and dropped: an environ has no place for it.
const maxTrailer = 4 << 10

// stepTrailer reads a line that follows the last chunk. Only the empty one, which ends the body, is passed on.
func (c *Conn) stepTrailer(b []byte) (n int, drop bool, broken *violation) {
	end := bytes.IndexByte(b, '\n')
	if n = end + 1; end < 0 {
		n = len(b)
	}
	switch {
	case c.trailer+n > maxTrailer:
		return 0, false, bad("the trailers have more than %d bytes", maxTrailer)
	case end < 0:
		return 0, false, nil
	case end == 0 || b[end-1] != '\r':
		return 0, false, bad("a trailer ends with a bare line feed")
	case end == 1:
		c.phase, c.trailer = phaseHead, 0
		return n, false, nil
	}
	c.trailer += n
	return n, true, checkTrailer(b[:end-1])
}

func checkTrailer(line []byte) *violation {
	name, _, broken := splitField(line)
	if broken != nil {
		return broken
	}
	if forbiddenAfterBody(name) {
		return bad("the trailer %q belongs before the body", short(name))
	}
	return nil
}

// readTrailerField reads which trailers are to come.
func readTrailerField(value []byte) *violation {
	for name := range bytes.SplitSeq(value, []byte(",")) {
		if name = trim(name); len(name) > 0 && (!all(name, inToken) || forbiddenAfterBody(name)) {
			return bad("the Trailer header names %q", short(name))
		}
	}
	return nil
}

// early are headers that say where a request ends, where it goes to, who sends it and how it is to be read, which is known too
// late after a body: RFC 9110, section 6.5.1.
var early = [...]string{
	"transfer-encoding", "content-length", "host", "connection", "keep-alive", "te", "trailer", "upgrade", "expect", "max-forwards",
	"authorization", "proxy-authorization", "proxy-connection", "cookie", "set-cookie",
	"content-type", "content-encoding", "content-range", "range", "cache-control", "pragma",
}

func forbiddenAfterBody(name []byte) bool {
	for _, other := range early {
		if isName(name, other) {
			return true
		}
	}
	return false
}
