package http1

// phase is what a connection is reading.
type phase uint8

const (
	phaseHead    phase = iota // a request's line and headers
	phaseBody                 // a body with a Content-Length
	phaseChunks               // a chunked body
	phaseTrailer              // what follows the last chunk
	phaseOpen                 // what is no business of this package
)

// preface is what a client begins with that knows that the server speaks HTTP/2: RFC 9113, section 3.4.
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// step reads at b's beginning, and returns how many bytes that were, whether they are dropped, and what is wrong with those that
// follow. It reads none if it needs more of them.
func (c *Conn) step(b []byte) (n int, drop bool, broken *violation) {
	switch c.phase {
	case phaseHead:
		return c.stepHead(b)
	case phaseBody:
		n = int(min(c.left, int64(len(b))))
		if c.left -= int64(n); c.left == 0 {
			c.phase = phaseHead
		}
		return n, false, nil
	case phaseChunks:
		if n, broken = c.chunks.read(b); c.chunks.state == chunksOver {
			c.phase = phaseTrailer
		}
		return n, false, broken
	case phaseTrailer:
		return c.stepTrailer(b)
	}
	return len(b), false, nil
}

func (c *Conn) stepHead(b []byte) (n int, drop bool, broken *violation) {
	if c.head.seen == 0 {
		if c.options.H2C && !c.used {
			if k := min(len(b), len(preface)); string(b[:k]) == preface[:k] {
				return c.stepPreface(b)
			}
		}
		switch n, broken := c.head.skipEmpty(b); {
		case n > 0:
			c.unlimitHead()
			return n, true, nil
		case broken != nil || len(b) == 1 && b[0] == '\r':
			return 0, false, broken
		}
	}
	n, broken = c.head.read(b, c.options.MaxHeader)
	if n > 0 {
		c.beginBody()
	}
	return n, false, broken
}

// stepPreface reads what is as much of the preface as fits into b.
func (c *Conn) stepPreface(b []byte) (n int, drop bool, broken *violation) {
	if len(b) < len(preface) {
		return 0, false, nil
	}
	c.phase = phaseOpen
	return len(b), false, nil
}

// beginBody goes on behind a head.
func (c *Conn) beginBody() {
	c.used, c.asks = true, c.head.asks
	c.unlimitHead()
	switch {
	case c.head.chunked:
		c.phase, c.chunks = phaseChunks, chunks{}
	case c.head.length > 0:
		c.phase, c.left = phaseBody, c.head.length
	}
	c.head = head{}
}
