package socket

import (
	"context"
	"time"
)

// listen starts to ask the client now and then whether it is still there.
func (c *conn) listen() {
	if c.limits.PingInterval == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		c.pinger = time.AfterFunc(c.limits.PingInterval, c.ping)
	}
}

// ping asks once, and cuts the connection if nothing is heard until it would be time to ask again. While a message is received or
// played nobody listens for the answer, and nothing can be concluded.
func (c *conn) ping() {
	if c.ending() {
		return
	}
	c.heard.Store(c.busy.Load())
	ctx, cancel := context.WithTimeout(context.Background(), c.limits.PingInterval)
	defer cancel()
	err := c.ws.Ping(ctx)
	switch alive := err == nil || c.heard.Load() || c.busy.Load(); {
	case c.ending():
		return // after a farewell nothing else is sent
	case !alive:
		c.end(lost, "", true)
		c.kill()
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		c.pinger.Reset(c.limits.PingInterval)
	}
}
