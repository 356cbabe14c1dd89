package http1

// chunks is where in a chunked body a connection is: RFC 9112, section 7.1. A chunk is "size [extension] CRLF bytes CRLF".
type chunks struct {
	state     chunkState
	digits    int   // of the size, so far
	extension int   // bytes of it, so far
	left      int64 // bytes of the chunk that are yet to come
}

type chunkState uint8

const (
	chunkSize chunkState = iota
	chunkExtension
	chunkSizeEnd // the line feed after the size
	chunkData
	chunkDataReturn // the carriage return after the bytes
	chunkDataEnd    // the line feed after that
	chunksOver      // the line of the last chunk, of size 0, was read
)

const (
	// maxSizeDigits is how many hexadecimal digits a size may have, so that none overflows.
	maxSizeDigits = 15
	// maxExtension bounds what a size may be followed by, in bytes. Nobody sends any.
	maxExtension = 256
)

// read reads at b's beginning, up to the end of the last chunk's line, and returns how many bytes that were. What net/http sees of
// a chunk's line before the rest was checked is no harm: it waits for the end, which does not come after an error.
func (c *chunks) read(b []byte) (n int, broken *violation) {
	for n < len(b) && c.state != chunksOver {
		if c.state == chunkData {
			m := min(c.left, int64(len(b)-n))
			n += int(m)
			if c.left -= m; c.left == 0 {
				c.state = chunkDataReturn
			}
			continue
		}
		if broken := c.next(b[n]); broken != nil {
			return n, broken
		}
		n++
	}
	return n, nil
}

// next reads a byte that is not of a chunk's own.
func (c *chunks) next(b byte) *violation {
	switch c.state {
	case chunkSize:
		return c.nextOfSize(b)
	case chunkExtension:
		return c.nextOfExtension(b)
	case chunkSizeEnd:
		if b != '\n' {
			return bad("the line of a chunk's size has a bare carriage return")
		}
		if *c = (chunks{state: chunkData, left: c.left}); c.left == 0 {
			c.state = chunksOver
		}
	case chunkDataReturn:
		if b != '\r' {
			return bad("a chunk goes on after its size")
		}
		c.state = chunkDataEnd
	case chunkDataEnd:
		if b != '\n' {
			return bad("a chunk goes on after its size")
		}
		c.state = chunkSize
	}
	return nil
}

func (c *chunks) nextOfSize(b byte) *violation {
	switch {
	case is(b, inHex):
		if c.digits++; c.digits > maxSizeDigits {
			return bad("a chunk's size has more than %d digits", maxSizeDigits)
		}
		c.left = c.left<<4 | int64(hexValue(b))
	case c.digits == 0:
		return bad("a chunk's size is no number")
	case b == '\r':
		c.state = chunkSizeEnd
	case b == ';':
		c.state = chunkExtension
	default:
		return bad("a chunk's size is followed by %q", []byte{b})
	}
	return nil
}

// nextOfExtension reads what nobody understands, and lets through only what nobody misunderstands.
func (c *chunks) nextOfExtension(b byte) *violation {
	c.extension++
	switch {
	case b == '\r':
		c.state = chunkSizeEnd
	case c.extension > maxExtension:
		return bad("a chunk's extension has more than %d bytes", maxExtension)
	case b != '\t' && (b < ' ' || b > '~'):
		return bad("a chunk's extension holds %q", []byte{b})
	}
	return nil
}

func hexValue(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c <= 'F':
		return c - 'A' + 10
	}
	return c - 'a' + 10
}
