package socket

import (
	"context"
	"errors"
	"io"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"

	"github.com/wasgi/wasgi/abi"
)

// run tells the guest of all that comes from the client, one after the other, and at last that the connection is closed. While the
// guest is busy nothing is read: the client's connection fills up, and it has to wait.
func (c *conn) run() {
	defer c.of.forget(c)
	c.listen()
	for !c.ending() {
		m, err := c.receive()
		if err != nil {
			c.end(codeOf(err))
			break
		}
		err = c.play(&event{kind: abi.WebSocketMessage, message: m})
		c.busy.Store(false)
		c.room.give(c, int64(cap(m.data)))
		if err != nil {
			c.end(codeOfFault(err))
		}
	}
	c.part()
	<-c.gone
}

// part tells the guest that the connection is over, when it cannot be reached any more. What waits to be sent still goes out, unless
// whoever has ended the connection was in haste.
func (c *conn) part() {
	c.of.leave(c)
	c.mu.Lock()
	e := &event{kind: abi.WebSocketClose, code: c.code, reason: c.reason}
	c.mu.Unlock()
	_ = c.play(e) // it has been reported, and there is nobody left to tell
}

// firstBlock is what is read of a message at first, in bytes. It doubles until the message fits.
const firstBlock = 512

// receive returns the client's next message, whole. It waits for one without end, and for the end of one for timeout at most.
func (c *conn) receive() (message, error) {
	kind, from, err := c.ws.Reader(context.Background())
	if err != nil {
		return message{}, err
	}
	c.heard.Store(true)
	c.busy.Store(true)
	_ = c.raw.SetReadDeadline(time.Now().Add(c.timeout))
	data, err := c.readAll(from)
	_ = c.raw.SetReadDeadline(time.Time{}) // the next message may take as long as it likes to begin
	if err == nil && kind == websocket.MessageText && !utf8.Valid(data) {
		err = errNotText
	}
	if err != nil {
		c.room.give(c, int64(cap(data)))
		return message{}, err
	}
	return message{kind, data}, nil
}

// readAll reads a message whose length nobody knows, up to one byte more than it may have. The room has been asked for all of the
// returned slice's capacity.
func (c *conn) readAll(from io.Reader) ([]byte, error) {
	var data []byte
	for {
		if int64(len(data)) > c.limits.MaxMessage {
			return data, errTooBig
		}
		if len(data) == cap(data) {
			more := min(max(firstBlock, cap(data)), int(c.limits.MaxMessage)+1-cap(data))
			if !c.room.take(c, int64(more)) {
				return data, errMemory
			}
			grown := make([]byte, len(data), cap(data)+more)
			copy(grown, data)
			data = grown
		}
		n, err := from.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		if errors.Is(err, io.EOF) {
			return data, nil
		}
		if err != nil {
			return data, err
		}
	}
}
