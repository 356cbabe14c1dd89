package bench

import (
	"context"
	"errors"
	"net"
	"time"
)

// client sends requests over one connection, one after the other.
type client struct {
	requests, failed int
	times            histogram

	conn      net.Conn // nil until it is needed
	responses responses
	release   func() bool // lets go of the context that may close conn
}

// run plays until the turn is over. A connection that breaks is a failure of the server, and is made anew.
func (c *client) run(ctx context.Context, t *turn) error {
	defer c.drop()
	for t.goesOn() {
		if err := c.connect(ctx, t); err != nil {
			return err
		}
		begun := time.Now()
		status, keep, err := c.exchange(t)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.Is(err, errMalformed):
			return err
		}
		c.times.note(time.Since(begun))
		c.requests++
		if err != nil || status != t.load.Status {
			c.failed++
		}
		if err != nil || !keep {
			c.drop()
		}
	}
	return nil
}

func (c *client) exchange(t *turn) (status int, keep bool, err error) {
	if _, err := c.conn.Write(t.load.Request); err != nil {
		return 0, false, err
	}
	return c.responses.next(t.load.Head)
}

func (c *client) connect(ctx context.Context, t *turn) error {
	if c.conn != nil {
		return nil
	}
	t.dials.Add(1)
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", t.address)
	if err != nil {
		return err
	}
	c.conn = conn
	c.release = context.AfterFunc(ctx, func() { _ = conn.Close() }) // whoever reads from it sees why
	c.responses.reset(conn)
	return nil
}

func (c *client) drop() {
	if c.conn == nil {
		return
	}
	c.release()
	_ = c.conn.Close() // there is nothing left to be lost
	c.conn = nil
}
