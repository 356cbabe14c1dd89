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

// counted is a connection that leaves the census when it is closed.
type counted interface {
	net.Conn
	at() *place
}

// count returns a connection that has the place it was let in for.
func (d *Door) count(conn net.Conn, p *place) counted {
	if tcp, ok := conn.(*net.TCPConn); ok {
		return &tcpConn{TCPConn: tcp, census: &d.census, place: p}
	}
	return &otherConn{Conn: conn, census: &d.census, place: p}
}

// tcpConn keeps the methods of a [net.TCPConn], such as those that send files.
type tcpConn struct {
	*net.TCPConn
	census  *census
	place   *place
	stalled atomic.Bool
}

func (c *tcpConn) at() *place { return c.place }

// Read implements [net.Conn].
func (c *tcpConn) Read(p []byte) (int, error) {
	n, err := c.TCPConn.Read(p)
	c.place.heard(n)
	return n, err
}

// Write implements [net.Conn].
func (c *tcpConn) Write(p []byte) (int, error) {
	n, err := c.TCPConn.Write(p)
	if err != nil {
		c.note(err)
	}
	return n, err
}

// ReadFrom implements [io.ReaderFrom].
func (c *tcpConn) ReadFrom(r io.Reader) (int64, error) {
	n, err := c.TCPConn.ReadFrom(r)
	if err != nil {
		c.note(err)
	}
	return n, err
}

// note remembers that the client did not take what it was sent.
func (c *tcpConn) note(err error) {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		c.stalled.Store(true)
	}
}

// Close implements [net.Conn]. What a client did not take in time is thrown away: the system would keep it, and offer it to the
// client, for many minutes.
func (c *tcpConn) Close() error {
	if c.stalled.Load() {
		_ = c.SetLinger(0) // it closes anyway
	}
	err := c.TCPConn.Close()
	c.census.leave(c.place)
	return err
}

// otherConn is a connection that is no TCP.
type otherConn struct {
	net.Conn
	census *census
	place  *place
}

func (c *otherConn) at() *place { return c.place }

// Read implements [net.Conn].
func (c *otherConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.place.heard(n)
	return n, err
}

// Close implements [net.Conn].
func (c *otherConn) Close() error {
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
