package socket

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/host/internal/guest"
)

// Handshake is what is known of a request that asks for a connection.
type Handshake struct {
	App App
	// Environ are the request's variables, encoded, but for its id. The connection keeps the slice.
	Environ []byte
	// ID names the request, and so the event open.
	ID string
	// WebSocket is what the connection is held to. Timeout is for a message to arrive, WriteTimeout for one to be taken.
	WebSocket             guest.WebSocket
	Timeout, WriteTimeout time.Duration
}

// Refusal is why a handshake was answered with another status than 101.
type Refusal struct {
	Status int
	Cause  error
}

// Error implements error.
func (r *Refusal) Error() string { return r.Cause.Error() }

// Unwrap returns the cause.
func (r *Refusal) Unwrap() error { return r.Cause }

// ErrHijack says that the connection could not be taken over although the app has accepted it. Nothing can be answered any more.
var ErrHijack = errors.New("the connection could not be taken over")

// Upgrade checks a handshake, asks the guest, and answers with 101. From then on the connection is served until it ends, by another
// goroutine. An error is a [*Refusal], with nothing written to w yet; what Play has returned and reported; or [ErrHijack].
func (s *Sockets) Upgrade(w http.ResponseWriter, r *http.Request, h Handshake) error {
	if refusal := check(r, h); refusal != nil {
		return refusal
	}
	c := newConn(s, h)
	if refusal := s.join(c); refusal != nil {
		return refusal
	}
	opening := &event{kind: abi.WebSocketOpen, id: h.ID, offered: offered(r)}
	err := c.play(opening)
	if err == nil && opening.refusal != 0 {
		err = &Refusal{opening.refusal, errors.New("the app refused the connection")}
	}
	if err != nil {
		c.abandon()
		return err
	}
	if err := c.accept(w, r, opening.protocol); err != nil {
		c.end(lost, "", true)
		c.part()
		s.forget(c)
		return fmt.Errorf("%w: %w", ErrHijack, err)
	}
	go c.run()
	return nil
}

// abandon takes back a connection that never was one.
func (c *conn) abandon() {
	c.of.leave(c)
	c.mu.Lock()
	c.ended = true
	c.drop()
	c.mu.Unlock()
	c.of.forget(c)
}
