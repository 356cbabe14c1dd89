package listen

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
)

// place is a connection's place in the census.
type place struct {
	conn   net.Conn
	client netip.Prefix
	// silent says that a request may come and nothing of any has; it is false during a handshake, and with HTTP/2.
	silent atomic.Bool
}

// heard notes that the client has said something.
func (p *place) heard(n int) {
	if n > 0 && p.silent.Load() {
		p.silent.Store(false)
	}
}

// counted is a connection that leaves the census when it is closed. It does what net/http asks of a connection as the one within
// does: files are sent without being copied, and an end of writing is said, where that can.
type counted struct {
	net.Conn
	census  *census
	place   *place
	stalled atomic.Bool
}

// Read implements [net.Conn].
func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.place.heard(n)
	return n, err
}

// Write implements [net.Conn].
func (c *counted) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	if err != nil {
		c.note(err)
	}
	return n, err
}

// ReadFrom implements [io.ReaderFrom].
func (c *counted) ReadFrom(r io.Reader) (n int64, err error) {
	if conn, ok := c.Conn.(io.ReaderFrom); ok {
		n, err = conn.ReadFrom(r)
	} else {
		n, err = io.Copy(struct{ io.Writer }{c.Conn}, r)
	}
	if err != nil {
		c.note(err)
	}
	return n, err
}

// note remembers that the client did not take what it was sent.
func (c *counted) note(err error) {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		c.stalled.Store(true)
	}
}

// CloseWrite says that nothing follows.
func (c *counted) CloseWrite() error {
	if conn, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return conn.CloseWrite()
	}
	return errors.ErrUnsupported
}

// Close implements [net.Conn]. What a client did not take in time is thrown away: the system would keep it, and offer it to the
// client, for many minutes.
func (c *counted) Close() error {
	if conn, ok := c.Conn.(interface{ SetLinger(int) error }); ok && c.stalled.Load() {
		_ = conn.SetLinger(0) // it closes anyway
	}
	err := c.Conn.Close()
	c.census.leave(c.place)
	return err
}

// encrypted is a connection with TLS that speaks HTTP/1: what the guard lets through, with what net/http asks of the connection
// below it.
type encrypted struct {
	net.Conn // guarded
	tls      *tls.Conn
	place    *place
}

// Read implements [net.Conn].
func (c *encrypted) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.place.heard(n)
	return n, err
}

// ConnectionState makes net/http set [net/http.Request.TLS].
func (c *encrypted) ConnectionState() tls.ConnectionState { return c.tls.ConnectionState() }

// CloseWrite says that nothing follows.
func (c *encrypted) CloseWrite() error {
	if guard, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return guard.CloseWrite()
	}
	return c.tls.CloseWrite()
}

// PassThrough opens the guard for a connection that no longer speaks HTTP.
func (c *encrypted) PassThrough() {
	if guard, ok := c.Conn.(interface{ PassThrough() }); ok {
		guard.PassThrough()
	}
}
