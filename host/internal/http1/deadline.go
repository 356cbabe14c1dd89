package http1

import "time"

// SetReadDeadline implements [net.Conn]. A head that has begun keeps its own deadline if that is earlier.
func (c *Conn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deadline = t
	if c.woken != nil && hasPassed(t) {
		c.wake()
	}
	return c.Conn.SetReadDeadline(c.readDeadline())
}

// SetDeadline implements [net.Conn].
func (c *Conn) SetDeadline(t time.Time) error {
	if err := c.Conn.SetWriteDeadline(t); err != nil {
		return err
	}
	return c.SetReadDeadline(t)
}

// readDeadline is the earlier of net/http's deadline and the head's. Without the former nobody waits for a head: net/http only
// watches whether the client of a running request goes away. The lock is held.
func (c *Conn) readDeadline() time.Time {
	if !c.deadline.IsZero() && !c.headEnd.IsZero() && c.headEnd.Before(c.deadline) {
		return c.headEnd
	}
	return c.deadline
}

// limitHead begins a head's time when somebody waits for the rest of it.
func (c *Conn) limitHead() {
	if c.timed || c.phase != phaseHead || c.options.HeaderTimeout <= 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.deadline.IsZero() {
		return
	}
	c.timed = true
	c.headEnd = time.Now().Add(c.options.HeaderTimeout)
	_ = c.Conn.SetReadDeadline(c.readDeadline()) // a connection that has no deadlines any more fails in the read that follows
}

// unlimitHead ends a head's time when it is there, or was none but an empty line.
func (c *Conn) unlimitHead() {
	if !c.timed {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.timed = false
	c.headEnd = time.Time{}
	_ = c.Conn.SetReadDeadline(c.deadline)
}
