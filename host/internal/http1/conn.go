// Package http1 stands between a connection and net/http, which is lenient where RFC 9112 is not: what another server in front
// of this one reads differently is how requests are smuggled. A [Conn] reads each head strictly before net/http sees a byte of
// it, follows the body to where the next head begins, and turns what breaks the rules into a request that [Handler] refuses.
package http1

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Options says what a connection is held to.
type Options struct {
	// MaxHeader bounds a request's line and headers together, with their line ends, in bytes. It must be positive and below
	// 1 GiB, and the MaxHeaderBytes of the [net/http.Server] not lower.
	MaxHeader int
	// HeaderTimeout is how long a head may take from its first byte on, where net/http waits for one with a deadline; 0 is
	// no bound. net/http's own ReadHeaderTimeout begins when net/http sees the first bytes, and that is when all are there.
	HeaderTimeout time.Duration
	// HalfClosed is how long a request goes on whose client has ended its side of the connection, which may be all that it
	// has done; 0 is not at all.
	HalfClosed time.Duration
	// H2C lets a connection through that begins with the preface of HTTP/2.
	H2C bool
}

// Conn is a guarded connection. As net/http does, its user reads on one goroutine at a time; the other methods may be called
// concurrently with that. What it passes on is what came, but for an empty line before a request and trailers after a body.
type Conn struct {
	net.Conn
	options Options

	phase   phase
	head    head   // what is known of the head that is being read
	chunks  chunks // where in a chunked body the connection is
	left    int64  // bytes of a body with a Content-Length that are yet to come
	trailer int    // bytes that have followed the last chunk

	held   held
	used   bool        // a head was passed on
	asks   bool        // the last of them asks for a WebSocket
	early  bool        // what is held came with that one, and was not read yet
	failed error       // what each further Read returns, once what is held has been handed out
	broken atomic.Bool // the client broke the rules, and gets an answer that must not be lost when the connection is closed

	mu       sync.Mutex
	deadline time.Time     // what net/http has set for reading
	headEnd  time.Time     // when the head must be there; zero while nobody waits for the rest of one
	timed    bool          // headEnd is set; the reader, who alone sets it, knows so without the lock
	woken    chan struct{} // closed to end a wait; nil while there is none
	closed   bool
}

// Guard wraps a connection that was just accepted, be it plain or one of TLS that has agreed on HTTP/1.1.
func Guard(conn net.Conn, options Options) *Conn {
	return &Conn{Conn: conn, options: options}
}

// NetConn returns the connection that is guarded.
func (c *Conn) NetConn() net.Conn { return c.Conn }

// PassThrough ends the guarding: from now on bytes are passed on as they come. Whoever has taken the connection over from net/http
// calls it before reading. Bytes that have come too early and broken the rules end the connection.
func (c *Conn) PassThrough() {
	c.phase, c.early = phaseOpen, false
	if c.failed != nil {
		c.held.drop() // a refusal, which is no business of another protocol
		return
	}
	c.held.passed = len(c.held.bytes)
}

// Read implements [net.Conn]. It returns when there is something to pass on, or an error. After a timeout it may be called again,
// and goes on where it stopped.
func (c *Conn) Read(p []byte) (int, error) {
	for len(p) > 0 {
		if n := c.held.hand(p); n > 0 {
			return n, nil
		}
		if c.failed != nil {
			return 0, c.failed
		}
		if err := c.awaitUpgrade(len(p)); err != nil {
			return 0, err
		}
		if n, err := c.receive(p); n > 0 || err != nil {
			return n, c.halfClosed(err)
		}
	}
	return 0, nil
}

// receive reads once, and returns how many bytes p has got, if any; there may be more that are held. An error that comes with
// bytes is left for the next call, which meets it again.
func (c *Conn) receive(p []byte) (int, error) {
	if c.early {
		c.early = false
		passed, read := c.check(c.held.bytes)
		c.held.keep(passed, read)
		c.refuse()
		return 0, nil
	}
	if len(c.held.bytes) > 0 {
		return 0, c.receiveHeld()
	}
	n, err := c.Conn.Read(p) // so that a usual request is never copied
	passed, read := c.check(p[:n])
	c.held.add(p[read:n])
	c.refuse()
	if passed > 0 || c.failed != nil {
		err = nil
	} else if n == 0 && err == nil {
		err = io.ErrNoProgress
	}
	return passed, err
}

// receiveHeld reads once, behind the bytes that wait for more.
func (c *Conn) receiveHeld() error {
	c.limitHead()
	n, err := c.Conn.Read(c.held.room())
	passed, read := c.check(c.held.grown(n))
	c.held.keep(passed, read)
	c.refuse()
	if passed > 0 || c.failed != nil {
		return nil
	}
	if n == 0 && err == nil {
		return io.ErrNoProgress
	}
	return err
}

// check reads on in b, brings what may be passed on to b's beginning, and returns how much that is, and up to where b was
// read: the rest waits for more.
func (c *Conn) check(b []byte) (passed, read int) {
	for read < len(b) {
		n, drop, broken := c.step(b[read:])
		if !drop {
			if passed < read {
				copy(b[passed:], b[read:read+n])
			}
			passed += n
		}
		if broken != nil {
			c.fail(broken, b[read:])
			return passed, len(b)
		}
		if n == 0 {
			break
		}
		read += n
		if c.asks && c.phase == phaseHead && read < len(b) {
			c.early = true
			break
		}
	}
	return passed, read
}

// fail ends the reading. Instead of a head that breaks the rules, which is at rest's beginning, comes its refusal. A body that does
// is an error to whoever reads it. Neither is followed by anything.
func (c *Conn) fail(broken *violation, rest []byte) {
	c.broken.Store(true)
	c.failed = broken
	if c.phase == phaseHead {
		c.failed = io.EOF
		c.head.refusal = refusal(broken, &c.head, rest)
	}
}

// refuse puts the refusal of a head behind what is passed on before it.
func (c *Conn) refuse() {
	if c.head.refusal != nil {
		c.held.add(c.head.refusal)
		c.held.passed = len(c.held.bytes)
		c.head.refusal = nil
	}
}
