package abitest

import (
	"slices"

	"github.com/wasgi/wasgi/abi"
)

// sockets are the WebSocket connections of the guest's app, and what the guest does to them. One play has them for itself.
type sockets struct {
	conns []*strictSocket
	// done is what the guest has done, so that plays can be compared.
	done []deed
	// gone says that each connection is one that has just been closed, and refusal, unless it is 0, is what a good call returns.
	gone    bool
	refusal int32
}

// deed is a call that was good: what it did, and what it said to that.
type deed struct{ what, said string }

// strictSocket is one connection.
type strictSocket struct {
	id      string
	topics  []string
	offered []string // subprotocols

	handshake Request
	code      int // that the guest has closed it with, 0 if it has not
	refused   bool
	closed    bool // or refused
}

// What the operator of the strict host has set.
const (
	mostQueued = 1 << 20 // bytes of a message
	mostTopics = 100     // of a connection
)

// find returns a connection that takes messages, nil for none.
func (s *sockets) find(id []byte) *strictSocket {
	n := slices.IndexFunc(s.conns, func(c *strictSocket) bool { return c.id == string(id) && !c.closed && !s.gone })
	if n < 0 {
		return nil
	}
	return s.conns[n]
}

// subscribers are those who get what is published to a topic.
func (s *sockets) subscribers(topic []byte) (n int32) {
	for _, c := range s.conns {
		if !c.closed && !s.gone && slices.Contains(c.topics, string(topic)) {
			n++
		}
	}
	return n
}

// closable reports whether a close frame may have that code.
func closable(code uint32) bool {
	switch {
	case code >= 1000 && code <= 1003, code >= 1007 && code <= 1014, code >= 3000 && code <= 4999:
		return true
	}
	return false
}

// subscribe returns what the guest is told.
func (c *strictSocket) subscribe(topic string) int32 {
	switch {
	case slices.Contains(c.topics, topic):
	case len(c.topics) >= mostTopics:
		return abi.CodeTooLarge.Errno()
	default:
		c.topics = append(c.topics, topic)
	}
	return 0
}

func (c *strictSocket) unsubscribe(topic string) int32 {
	c.topics = slices.DeleteFunc(c.topics, func(t string) bool { return t == topic })
	return 0
}
