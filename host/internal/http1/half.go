package http1

import (
	"errors"
	"io"
	"os"
	"time"
)

// halfClosed tells net/http later that the client has ended its side, if it asks in the background while a request is answered: it
// would end the request at once. Clients that send all they have and then end their side, as nc -N does, cannot be told from those
// that are gone, but get their answer if it takes no longer than that. Whoever writes to one that is gone learns it from the write.
func (c *Conn) halfClosed(err error) error {
	if !errors.Is(err, io.EOF) || c.options.HalfClosed <= 0 || !c.used || c.phase != phaseHead {
		return err
	}
	woken, over := c.awaitDeadline()
	if over {
		return os.ErrDeadlineExceeded
	}
	if woken == nil {
		return err
	}
	timer := time.NewTimer(c.options.HalfClosed)
	defer timer.Stop()
	select {
	case <-timer.C:
		return err
	case <-woken:
		return os.ErrDeadlineExceeded
	}
}

// awaitDeadline returns a channel that is closed when a deadline is set that has passed, or that there is one already. It returns
// neither if there is one that has not: then net/http waits for a request, and not in the background.
func (c *Conn) awaitDeadline() (woken <-chan struct{}, over bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil, false
	}
	if !c.deadline.IsZero() {
		return nil, hasPassed(c.deadline)
	}
	c.woken = make(chan struct{})
	return c.woken, false
}

// wake ends the wait of halfClosed. The lock is held.
func (c *Conn) wake() {
	if c.woken != nil {
		close(c.woken)
		c.woken = nil
	}
}

func hasPassed(deadline time.Time) bool { return !deadline.IsZero() && !deadline.After(time.Now()) }
