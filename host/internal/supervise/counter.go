package supervise

import "sync"

// counter counts what runs, and tells when nothing does. Other than a [sync.WaitGroup], it may rise from zero while somebody
// waits. The zero counter is ready; its methods may be called concurrently.
type counter struct {
	mu    sync.Mutex
	n     int
	ended chan struct{} // closed when n is back at zero; nil before the first begin
}

func (c *counter) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n == 0 {
		c.ended = make(chan struct{})
	}
	c.n++
}

func (c *counter) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n--; c.n == 0 {
		close(c.ended)
	}
}

// none returns a channel that is closed at the next moment when nothing runs, which may be now.
func (c *counter) none() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended == nil {
		c.ended = make(chan struct{})
		close(c.ended)
	}
	return c.ended
}
