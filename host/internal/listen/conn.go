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
	census *census
	client netip.Prefix
	left   atomic.Bool
}

// leave gives the place up, once.
func (p *place) leave() {
	if !p.left.Swap(true) {
		p.census.leave(p.client)
	}
}

// counted returns a connection that leaves the census when it is closed.
func (d *Door) counted(conn net.Conn, client netip.Prefix) net.Conn {
	if tcp, ok := conn.(*net.TCPConn); ok {
		return &tcpConn{TCPConn: tcp, place: place{census: &d.census, client: client}}
	}
	return &otherConn{Conn: conn, place: place{census: &d.census, client: client}}
}

// tcpConn keeps the methods of a [net.TCPConn], such as those that send files.
type tcpConn struct {
	*net.TCPConn
	place   place
	stalled atomic.Bool
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
	c.place.leave()
	return err
}

// otherConn is a connection that is no TCP.
type otherConn struct {
	net.Conn
	place place
}

// Close implements [net.Conn].
func (c *otherConn) Close() error {
	err := c.Conn.Close()
	c.place.leave()
	return err
}

// encrypted is a connection with TLS that speaks HTTP/1: what the guard lets through, with what net/http asks of the connection
// below it.
type encrypted struct {
	net.Conn // guarded
	tls      *tls.Conn
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
