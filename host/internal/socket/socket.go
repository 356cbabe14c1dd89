// Package socket holds the WebSocket connections of all apps. A guest has no state that a connection could live in: the host
// holds the connection, and the guest is told of each event on an instance like any other, with what was said at the handshake.
// What it wants to send it hands over, to one connection or to all that are subscribed to a topic.
//
// Each connection has a queue of its own, bounded in bytes, so that a client that does not read holds up nobody: neither a guest nor
// another client. An idle connection costs one goroutine, which waits for its client.
package socket

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/wasgi/wasgi/host/internal/guest"
)

// Sockets are the connections of a host. Its methods may be called concurrently.
type Sockets struct {
	life context.Context // of all events
	cut  context.CancelCauseFunc

	mu      sync.Mutex
	rooms   map[string]*room   // by app; none is empty
	conns   map[*conn]struct{} // all, also those that have left their rooms and are being closed
	closing bool               // no connection is let in any more
	open    sync.WaitGroup     // one for each of conns; it only rises with mu held, and not while closing
}

// New returns an empty set. It must be closed.
func New() *Sockets {
	s := &Sockets{rooms: map[string]*room{}, conns: map[*conn]struct{}{}}
	s.life, s.cut = context.WithCancelCause(context.Background())
	return s
}

// room returns the connections of an app, nil for none.
func (s *Sockets) room(app string) *room {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rooms[app]
}

// join lets a connection in, or says with which refusal it is sent away.
func (s *Sockets) join(c *conn) *Refusal {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return &Refusal{Status: 503, Cause: guest.ErrShutdown}
	}
	name := c.app.Name()
	r := s.rooms[name]
	if r == nil {
		r = newRoom()
	}
	if !r.add(c) {
		return &Refusal{Status: 503, Cause: errFull}
	}
	s.rooms[name], c.room = r, r
	s.conns[c] = struct{}{}
	s.open.Add(1)
	return nil
}

// leave takes a connection out of its room: it cannot be reached any more. forget follows.
func (s *Sockets) leave(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.room.remove(c) == 0 {
		delete(s.rooms, c.app.Name())
	}
}

// forget is for a connection that is closed.
func (s *Sockets) forget(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
	s.open.Done()
}

// all returns the connections of this moment.
func (s *Sockets) all() []*conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Keys(s.conns))
}

// Retire closes all connections of an app that is not served any more. It does not wait for that.
func (s *Sockets) Retire(app string) {
	if r := s.room(app); r != nil {
		go end(r.all(), "the app was removed")
	}
}

// Close lets no connection in any more, and closes those that there are. Guests are told of each. It returns when all are closed,
// or when ctx is done: then those that are left are cut, and what guests still do about them is ended. It may be called again.
func (s *Sockets) Close(ctx context.Context) {
	s.mu.Lock()
	s.closing = true
	s.mu.Unlock()
	end(s.all(), "the server is shutting down")
	gone := make(chan struct{})
	go func() {
		s.open.Wait()
		close(gone)
	}()
	select {
	case <-gone:
	case <-ctx.Done():
		s.cut(guest.ErrShutdown)
		for _, c := range s.all() {
			c.kill()
		}
		<-gone // nothing is left that could wait: sockets are closed, and guests end at their next checkpoint
	}
}

// end closes connections that have nobody to go on with, after what waits to be sent.
func end(conns []*conn, reason string) {
	for _, c := range conns {
		c.end(goingAway, reason, false)
	}
}
