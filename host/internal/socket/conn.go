package socket

import (
	"bytes"
	"crypto/rand"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/host/internal/guest"
)

const (
	overhead   = 64          // bytes that a queued message takes beside its own
	haste      = time.Second // how long a hasty end may take
	bufferSize = 1 << 10     // of each direction of a connection, in bytes
)

// message is what is sent to a client. Several queues may share its bytes.
type message struct {
	kind websocket.MessageType
	data []byte
}

func (m message) size() int64 { return int64(len(m.data)) + overhead }

func (m message) clone() message { return message{m.kind, bytes.Clone(m.data)} }

// conn is one connection, from before its handshake is answered until it is closed. One goroutine, run, receives; another one sends,
// while there is something to send. Its methods may be called concurrently where they do not say otherwise.
type conn struct {
	of      *Sockets
	app     App
	room    *room
	id      string // 128 bits that nobody can guess
	environ []byte // the handshake's variables, encoded

	limits                guest.WebSocket
	timeout, writeTimeout time.Duration

	share  share               // of the app's memory
	topics map[string]struct{} // the room's lock guards it
	heard  atomic.Bool         // the client has been heard of since it was last asked
	busy   atomic.Bool         // a message is received or played: nobody listens for answers to pings
	pinger *time.Timer         // nil for none

	mu       sync.Mutex
	ws       *websocket.Conn // nil until the handshake was answered, as raw
	raw      net.Conn
	queue    []message
	queued   int64 // bytes
	writing  bool  // a goroutine sends
	ended    bool  // nothing more is taken for sending; code and reason are set
	code     int
	reason   string
	patience *time.Timer   // cuts the connection; nil while nobody is in a hurry
	closed   bool          // as gone
	gone     chan struct{} // closed when the connection is, and nobody sends any more
}

func newConn(s *Sockets, h Handshake) *conn {
	return &conn{
		of: s, app: h.App, id: rand.Text(), environ: h.Environ,
		limits: h.WebSocket, timeout: h.Timeout, writeTimeout: h.WriteTimeout,
		gone: make(chan struct{}),
	}
}

// send queues a message that the queue has room for when it is empty. The error is a code of the ABI.
func (c *conn) send(m message) error {
	switch {
	case c.ending() || !c.room.take(c, m.size()):
		return abi.CodeClosed
	case !c.enqueue(m):
		c.room.give(c, m.size())
		c.end(tryAgain, "more waits to be sent than may", true)
		return abi.CodeClosed
	}
	return nil
}

// enqueue reports whether the message was taken.
func (c *conn) enqueue(m message) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended || c.queued+m.size() > c.limits.Queue {
		return false
	}
	c.queue, c.queued = append(c.queue, m), c.queued+m.size()
	c.wake()
	return true
}

// ending reports whether nothing more is taken for sending.
func (c *conn) ending() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ended
}

// end closes the connection: after what waits to be sent and within write_timeout, or, in haste, without that and within a
// second. The first who ends a connection says why. It does not wait.
func (c *conn) end(code int, reason string, hasty bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	first := !c.ended
	if first {
		c.ended, c.code, c.reason = true, code, reason
	}
	switch {
	case hasty:
		c.drop()
		c.hurry(haste)
	case first:
		c.hurry(c.writeTimeout)
	}
	c.wake()
}

// hurry cuts the connection if it is not closed in time. It needs the lock.
func (c *conn) hurry(patience time.Duration) {
	switch {
	case c.closed || c.raw == nil:
	case c.patience == nil:
		c.patience = time.AfterFunc(patience, c.kill)
	default:
		c.patience.Reset(patience)
	}
}

// drop forgets what waits to be sent, and what has been received. It needs the lock.
func (c *conn) drop() {
	c.room.giveAll(c)
	c.queue, c.queued = nil, 0
}

// kill cuts the connection.
func (c *conn) kill() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.raw != nil {
		_ = c.raw.Close() // it is over either way
	}
}
