package socket

import (
	"errors"
	"maps"
	"slices"
	"sync"

	"github.com/wasgi/wasgi/abi"
)

var errFull = errors.New("the app has as many WebSocket connections as it may; raise websocket.max_connections in its manifest")

// room is the connections of one app, and who of them has subscribed to what. No other lock is taken while its mu is held.
type room struct {
	memory memory

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
