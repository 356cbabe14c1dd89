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

// run plays until the round is over. A connection that breaks is a failure of the server, and is made anew.
func (c *client) run(ctx context.Context, r *round) error {
	defer c.drop()
	for r.goesOn() {
		if err := c.connect(ctx, r); err != nil {
			return err
		}
		begun := time.Now()
		status, keep, err := c.exchange(r)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.Is(err, errMalformed):
			return err
		}
		c.times.note(time.Since(begun))
		c.requests++
		if err != nil || status != r.load.Status {
			c.failed++
		}
		if err != nil || !keep {
			c.drop()
		}
	}
	return nil
}

func (c *client) exchange(r *round) (status int, keep bool, err error) {
	if _, err := c.conn.Write(r.load.Request); err != nil {
		return 0, false, err
	}
	return c.responses.next(r.load.Head)
}

func (c *client) connect(ctx context.Context, r *round) error {
	if c.conn != nil {
		return nil
	}
	r.dials.Add(1)
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", r.address)
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
