package socket

import (
	"context"
	"encoding/hex"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"sync"

	"github.com/coder/websocket"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/abi/wire"
	"github.com/wasgi/wasgi/host/internal/guest"
)

// App is whom connections belong to.
type App interface {
	// Name is the app's name, which no other app has.
	Name() string
	// Play plays an event on the version that is current, within its timeout, and reports what goes wrong. id names the event in
	// the log.
	Play(ctx context.Context, id string, event guest.Event) error
	// Log returns the logger for what guests write in the event of that name.
	Log(id string) *slog.Logger
}

// event is one event of a connection. It implements [guest.Event] and [guest.Tenant]. One goroutine uses it.
type event struct {
	conn    *conn
	id      string
	kind    string // as the ABI calls it
	message message
	code    int // of a close
	reason  string

	list     *wire.Encoder
	read     int      // bytes of the message
	offered  []string // by the client of an open
	protocol string   // one of them
	refusal  int      // the status that an open is refused with; 0 for none
	log      *slog.Logger
}

// play plays an event of the connection. What goes wrong has been reported.
func (c *conn) play(e *event) error {
	e.conn = c
	if e.id == "" {
		var id [8]byte
		for i, n := 0, rand.Uint64(); i < len(id); i, n = i+1, n>>8 {
			id[i] = byte(n)
		}
		e.id = hex.EncodeToString(id[:])
	}
	e.list = lists.Get().(*wire.Encoder)
	defer keep(e.list)
	return c.app.Play(c.of.life, e.id, e)
}

// lists is the room that environs are built in. An idle connection needs none.
var lists = sync.Pool{New: func() any { return new(wire.Encoder) }}

// keep gives room back that is no larger than most events need.
func keep(list *wire.Encoder) {
	if list.Cap() <= abi.EnvironBuffer {
		lists.Put(list)
	}
}

// Environ implements [guest.Exchange].
func (e *event) Environ(extra []wire.Pair) ([]byte, error) {
	l := e.list
	l.Continue(e.conn.environ)
	l.Add("wasgi.request_id", e.id)
	l.Add(abi.VariableWebSocketEvent, e.kind)
	l.Add(abi.VariableWebSocketConnection, e.conn.id)
	switch {
	case e.kind == abi.WebSocketMessage && e.message.kind == websocket.MessageText:
		l.Add(abi.VariableWebSocketType, "text")
	case e.kind == abi.WebSocketMessage:
		l.Add(abi.VariableWebSocketType, "binary")
	case e.kind == abi.WebSocketClose:
		l.Add(abi.VariableWebSocketCode, strconv.Itoa(e.code))
		if e.reason != "" {
			l.Add(abi.VariableWebSocketReason, e.reason)
		}
	}
	for _, pair := range extra {
		l.AddBytes(pair.Key, pair.Value)
	}
	return l.Bytes()
}

// StartResponse implements [guest.Exchange]: there is no response.
func (e *event) StartResponse([]byte, []wire.Pair, bool) error { return abi.CodeState }

// Write implements [guest.Exchange].
func (e *event) Write([]byte) error { return abi.CodeState }

// Finish implements [guest.Exchange].
func (e *event) Finish([]byte) error { return nil }

// Read implements [guest.Exchange]: the input is the message.
func (e *event) Read(p []byte) (int, error) {
	n := copy(p, e.message.data[e.read:])
	e.read += n
	return n, nil
}

// Log implements [guest.Exchange].
func (e *event) Log() *slog.Logger {
	if e.log == nil {
		e.log = e.conn.app.Log(e.id)
	}
	return e.log
}

// App implements [guest.Tenant].
func (e *event) App() string { return e.conn.app.Name() }

// Answer implements [guest.Event].
func (e *event) Answer(result int32) error {
	switch {
	case result == 0:
		return nil
	case e.kind != abi.WebSocketOpen:
		return fmt.Errorf("returned %d for the event %s; must be 0", result, e.kind)
	case result < 400 || result > 599:
		return fmt.Errorf("returned %d for the event open; must be 0, or a status from 400 to 599", result)
	}
	e.refusal = int(result)
	return nil
}
