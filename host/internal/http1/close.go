package http1

import (
	"errors"
	"io"
	"net"
	"time"
)

const (
	// lingerTime is how long a connection is read on whose client was refused: one that is closed with bytes unread is
	// reset, and the answer lost with it. net/http waits as long for a body that it will not read.
	lingerTime = 500 * time.Millisecond
	// maxLinger is how many bytes are read meanwhile.
	maxLinger = 1 << 20
)

// closeWriter is what TCP and TLS connections can: say that nothing more will be sent.
type closeWriter interface{ CloseWrite() error }

// CloseWrite says that nothing more will be sent, where the connection can. net/http does so before it closes one whose client
// may still be sending.
func (c *Conn) CloseWrite() error {
	if conn, ok := c.Conn.(closeWriter); ok {
		return conn.CloseWrite()
	}
	return errors.ErrUnsupported
}

// Close implements [net.Conn]. After a refusal it leaves the connection to a goroutine of its own for lingerTime at most:
// net/http closes many at once when it is shut down, and must not wait.
func (c *Conn) Close() error {
	c.mu.Lock()
	c.closed = true
	c.wake()
	c.mu.Unlock()
	if !c.broken.CompareAndSwap(true, false) {
		return c.Conn.Close()
	}
	if err := c.CloseWrite(); err != nil {
		return c.Conn.Close() // the client is gone, or the connection cannot
	}
	_ = c.Conn.SetReadDeadline(time.Now().Add(lingerTime))
	go func() {
		_, _ = io.CopyN(io.Discard, c.Conn, maxLinger) // until the client has closed its side, in the best case
		_ = c.Conn.Close()
	}()
	return nil
}

// ReadFrom implements [io.ReaderFrom] as the connection does, so that files are sent without being copied.
func (c *Conn) ReadFrom(from io.Reader) (int64, error) {
	if conn, ok := c.Conn.(io.ReaderFrom); ok {
		return conn.ReadFrom(from)
	}
	return io.Copy(struct{ io.Writer }{c.Conn}, from)
}

var _ net.Conn = (*Conn)(nil)
