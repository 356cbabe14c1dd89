package socket

import "sync"

// memory counts what the connections of an app hold together: messages that wait to be sent, and those that are received or handled.
// Its lock comes after those of connections and before the room's.
type memory struct {
	mu   sync.Mutex
	held int64 // the sum of what connections hold
}

// share is what one connection holds. The lock of the memory guards it.
type share struct {
	held  int64
	given bool // all was taken back, and no more is given
}

// take gives a connection n bytes of what there may be. If that is used up, those that hold the most are closed: they are what keeps
// the others from being served. false says that c is one that is being closed.
func (r *room) take(c *conn, n int64) bool {
	for {
		ok, victim := r.tryTake(c, n)
		if victim == nil {
			return ok
		}
		victim.end(tryAgain, errMemory.Error(), true)
		if victim == c {
			return false
		}
	}
}

// tryTake returns whom to close for want of memory, nil if there is enough.
func (r *room) tryTake(c *conn, n int64) (ok bool, victim *conn) {
	m := &r.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	if c.share.given {
		return false, nil
	}
	if m.held+n <= c.limits.Memory {
		m.held += n
		c.share.held += n
		return true, nil
	}
	victim = c
	most := c.share.held + n
	for _, other := range r.all() {
		if other.share.held > most {
			victim, most = other, other.share.held
		}
	}
	return false, victim
}

// give takes back n bytes, unless giveAll has.
func (r *room) give(c *conn, n int64) {
	m := &r.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	if !c.share.given {
		m.held -= n
		c.share.held -= n
	}
}

// giveAll takes back all that a connection holds, for good. What it still has will be gone in a moment, and must not be to the cost of
// others.
func (r *room) giveAll(c *conn) {
	m := &r.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	m.held -= c.share.held
	c.share = share{given: true}
}
