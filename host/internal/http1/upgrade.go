package http1

import "os"

// awaitUpgrade lets what follows a request for a WebSocket wait until the connection is taken over or the request is answered. Before
// that nobody knows what it is: frames, which a client may send as soon as it has its answer, or another request. net/http reads a
// single byte in the background meanwhile, to see whether the client is gone: it would be a refusal's, or be taken for HTTP.
func (c *Conn) awaitUpgrade(room int) error {
	if !c.asks || c.phase != phaseHead || room > 1 {
		return nil
	}
	woken, over := c.awaitDeadline()
	if over {
		return os.ErrDeadlineExceeded
	}
	if woken == nil {
		return nil
	}
	<-woken
	return os.ErrDeadlineExceeded
}
