package socket

import (
	"errors"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/wasgi/wasgi/abi"
)

var errFull = errors.New("the app has as many WebSocket connections as it may; raise websocket.max_connections in its manifest")

// room is the connections of one app, and who of them has subscribed to what. Its lock comes before those of connections.
type room struct {
	held atomic.Int64 // bytes that wait to be sent, and of messages that are being received

	mu     sync.RWMutex
	conns  map[string]*conn              // by id
	topics map[string]map[*conn]struct{} // none is empty
}

func newRoom() *room {
	return &room{conns: map[string]*conn{}, topics: map[string]map[*conn]struct{}{}}
}

// add reports whether there was room.
func (r *room) add(c *conn) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.conns) >= c.limits.MaxConnections {
		return false
	}
	r.conns[c.id] = c
	return true
}

// remove takes a connection out, with its subscriptions, and returns how many are left.
func (r *room) remove(c *conn) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.conns, c.id)
	for topic := range c.topics {
		r.forget(topic, c)
	}
	c.topics = nil
	return len(r.conns)
}

// find returns the connection of that id, nil for none.
func (r *room) find(id []byte) *conn {
	if r == nil {
		return nil
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.conns[string(id)]
}

// all returns the connections of this moment.
func (r *room) all() []*conn {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return slices.Collect(maps.Values(r.conns))
}

// subscribe adds a connection to those that get what is published under the topic.
func (r *room) subscribe(c *conn, topic string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.conns[c.id] != c {
		return abi.CodeClosed
	}
	if _, ok := c.topics[topic]; ok {
		return nil
	}
	if len(c.topics) >= c.limits.MaxTopics {
		return abi.CodeTooLarge
	}
	if c.topics == nil {
		c.topics = map[string]struct{}{}
	}
	c.topics[topic] = struct{}{}
	if r.topics[topic] == nil {
		r.topics[topic] = map[*conn]struct{}{}
	}
	r.topics[topic][c] = struct{}{}
	return nil
}

func (r *room) unsubscribe(c *conn, topic string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(c.topics, topic)
	r.forget(topic, c)
}

// forget needs the lock.
func (r *room) forget(topic string, c *conn) {
	subscribers := r.topics[topic]
	delete(subscribers, c)
	if len(subscribers) == 0 {
		delete(r.topics, topic)
	}
}

// publish hands a copy of the message to all that are subscribed to the topic and could take one of its size, and returns how many
// took it.
func (r *room) publish(topic string, m message) (n int) {
	subscribers := r.subscribers(topic, m.size())
	if len(subscribers) == 0 {
		return 0
	}
	m = m.clone()
	for _, c := range subscribers {
		if c.send(m) == nil {
			n++
		}
	}
	return n
}

// subscribers returns those of a topic whose queues have room for a message of that size when they are empty.
func (r *room) subscribers(topic string, size int64) (list []*conn) {
	if r == nil {
		return nil
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	for c := range r.topics[topic] {
		if size <= c.limits.Queue {
			list = append(list, c)
		}
	}
	return list
}

// take gives a connection n bytes of what the app's connections may hold together. If they are used up, those that hold the most are
// closed: they are what keeps the others from being served. false says that c is one that is closed.
func (r *room) take(c *conn, n int64) bool {
	for {
		if r.held.Add(n) <= c.limits.Memory {
			c.held.Add(n)
			return true
		}
		r.held.Add(-n)
		largest := r.largest()
		if largest == nil || largest.held.Load() < c.held.Load()+n {
			largest = c
		}
		largest.end(tryAgain, "too much waits to be sent or received", true)
		if largest == c {
			return false
		}
	}
}

// largest returns the connection that holds most, of those that are not being closed already; nil for none.
func (r *room) largest() *conn {
	var largest *conn
	for _, c := range r.all() {
		if !c.ending() && (largest == nil || c.held.Load() > largest.held.Load()) {
			largest = c
		}
	}
	return largest
}

// give takes back what take gave, unless giveAll has.
func (r *room) give(c *conn, n int64) {
	for {
		held := c.held.Load()
		part := min(n, held)
		if c.held.CompareAndSwap(held, held-part) {
			r.held.Add(-part)
			return
		}
	}
}

// giveAll takes back all that a connection holds. What it still has will be gone in a moment, and must not be to the cost of others.
func (r *room) giveAll(c *conn) { r.held.Add(-c.held.Swap(0)) }
