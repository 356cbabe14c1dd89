package guest

import (
	"errors"
	"time"
)

// Event is an Exchange that is one event of a WebSocket connection: the guest is told of it, and has no response to give. An
// instance that plays it gives what the guest returned to Answer, and never calls Finish.
type Event interface {
	Exchange
	// Answer takes the guest's result. An error is that of a result that the event does not have.
	Answer(result int32) error
}

// Receiver is a Program that may take events.
type Receiver interface {
	// Receives reports whether it does.
	Receives() bool
}

var (
	// ErrNoEvents ends an event that the app's program has no export for. No guest code has run.
	ErrNoEvents = errors.New("the app takes no WebSocket events")
	// ErrRemoved ends an event of an app that is not there any more.
	ErrRemoved = errors.New("the app was removed")
	// ErrEvent ends the context of an event.
	ErrEvent = errors.New("the event was not handled within timeout")
)

// WebSocket is what the WebSocket connections of one app are held to. A connection keeps what held when it was opened.
type WebSocket struct {
	// MaxConnections is how many there may be at once.
	MaxConnections int
	// MaxMessage caps one message of a client, in bytes.
	MaxMessage int64
	// Queue caps what waits to be sent to one client, in bytes.
	Queue int64
	// Memory caps what waits to be sent to all clients, and what of their messages has been received, in bytes.
	Memory int64
	// MaxTopics is how many topics one connection may be subscribed to.
	MaxTopics int
	// PingInterval is how often a client is asked whether it is still there; 0 is never.
	PingInterval time.Duration
	// Origins are patterns of the hosts whose pages may connect, beside the host that the request is for.
	Origins []string
}
