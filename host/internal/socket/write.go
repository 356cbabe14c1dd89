package socket

import (
	"context"
	"net"
	"time"

	"github.com/coder/websocket"
)

// begin gives the connection what it sends on. What was queued before goes out now.
func (c *conn) begin(ws *websocket.Conn, raw net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ws, c.raw = ws, raw
	if c.ended {
		c.hurry(c.writeTimeout)
	}
	c.wake()
}

// wake starts the goroutine that sends, if there is something for it to do. It needs the lock.
func (c *conn) wake() {
	if c.writing || c.closed || c.ws == nil || len(c.queue) == 0 && !c.ended {
		return
	}
	c.writing = true
	go c.write()
}

// write sends what waits to be sent, until nothing does. If the connection has been ended by then, it says goodbye and closes it.
func (c *conn) write() {
	for {
		m, ok := c.next()
		if ok {
			c.writeOne(m)
			continue
		}
		if !c.finish() {
			return
		}
	}
}

// next takes the oldest message out of the queue.
func (c *conn) next() (message, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queue) == 0 {
		c.queue = nil
		return message{}, false
	}
	m := c.queue[0]
	c.queue[0] = message{} // the rest of the queue must not keep it
	c.queue, c.queued = c.queue[1:], c.queued-m.size()
	return m, true
}

func (c *conn) writeOne(m message) {
	_ = c.raw.SetWriteDeadline(time.Now().Add(c.writeTimeout)) // a context's deadline would cost a timer and more
	err := c.ws.Write(context.Background(), m.kind, m.data)
	_ = c.raw.SetWriteDeadline(time.Time{}) // the next that is written may be a farewell
	c.room.give(c, m.size())
	if err != nil {
		c.end(lost, "", true)
	}
}

// finish ends the goroutine that sends. It reports true if there is something to send again.
func (c *conn) finish() (again bool) {
	c.mu.Lock()
	if len(c.queue) > 0 {
		c.mu.Unlock()
		return true
	}
	if !c.ended {
		c.writing = false
		c.mu.Unlock()
		return false
	}
	code, reason := c.code, c.reason
	c.mu.Unlock()
	if code == lost || code == noStatus {
		_ = c.ws.CloseNow() // nobody hears a farewell
	} else {
		_ = c.ws.Close(websocket.StatusCode(code), reason) // whether the client takes leave too, it is over
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	if c.patience != nil {
		c.patience.Stop()
	}
	if c.pinger != nil {
		c.pinger.Stop()
	}
	close(c.gone)
	return false
}
