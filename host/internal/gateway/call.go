package gateway

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net/http"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/abi/wire"
	"github.com/wasgi/wasgi/host/internal/guest"
)

// errGivenUp ends an exchange whose caller has closed it.
var errGivenUp = fmt.Errorf("the caller has closed the exchange: %w", context.Canceled)

// call is one exchange that a guest has played, and whose response it reads. Both sides run in turn, as coroutines do: what is called
// runs while the caller waits for more of the response, and waits with a block until that has been read. So no block is copied but to
// the reader, nothing is kept of a body, and nobody uses the caller's exchange while the caller does.
type call struct {
	seat   *seat
	isNext bool

	environ wire.Encoder
	method  string
	body    []byte
	rest    bool // the caller's own body follows

	status    []byte // nil until StartResponse
	headers   headerList
	head      []byte // the status and the headers as a list
	sent      int64
	committed bool

	block []byte // of the response; it aliases the memory of what is called
	yield func([]byte) bool
	pull  func() ([]byte, bool)
	stop  func()
	ended bool
	err   error
}

func newCall(s *seat, next guest.Next, environ []byte, pairs []wire.Pair, body []byte, rest bool) *call {
	c := &call{seat: s, body: body, rest: rest}
	c.environ.Continue(environ)
	for _, pair := range pairs {
		if string(pair.Key) == "REQUEST_METHOD" {
			c.method = string(pair.Value)
		}
	}
	c.pull, c.stop = iter.Pull(func(yield func([]byte) bool) {
		c.yield = yield
		c.err = next(s.ctx, c)
		if c.err != nil && !errors.Is(c.err, errGivenUp) {
			s.note(c, c.err)
		}
	})
	return c
}

// advance has the other side run until it has a block, or is over.
func (c *call) advance() {
	var ok bool
	if c.block, ok = c.pull(); !ok {
		c.ended = true
	}
}

func (c *call) readHead() ([]byte, error) {
	for !c.committed && !c.ended {
		c.advance()
	}
	if !c.committed {
		return nil, abi.CodeClosed
	}
	return c.head, nil
}

func (c *call) readBody(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for len(c.block) == 0 && !c.ended {
		c.advance()
	}
	if len(c.block) == 0 && c.err != nil {
		if !c.committed {
			return 0, abi.CodeClosed
		}
		return 0, abi.CodeTruncated
	}
	n := copy(p, c.block)
	c.block = c.block[n:]
	return n, nil
}

// Environ implements [guest.Exchange].
func (c *call) Environ(extra []wire.Pair) ([]byte, error) {
	for _, pair := range extra {
		c.environ.AddBytes(pair.Key, pair.Value)
	}
	return c.environ.Bytes()
}

// Read implements [guest.Exchange].
func (c *call) Read(p []byte) (int, error) {
	if len(c.body) > 0 {
		n := copy(p, c.body)
		c.body = c.body[n:]
		return n, nil
	}
	if !c.rest {
		return 0, nil
	}
	return c.seat.Exchange.Read(p)
}

// Log implements [guest.Exchange].
func (c *call) Log() *slog.Logger { return c.seat.Log() }

// StartResponse implements [guest.Exchange].
func (c *call) StartResponse(status []byte, headers []wire.Pair, excInfo bool) error {
	if c.status != nil && !excInfo {
		return abi.CodeState
	}
	if c.committed {
		return protocolFault("start_response with exc_info after the headers were sent")
	}
	code, ok := parseStatus(status)
	if !ok {
		return abi.CodeInvalid
	}
	list, err := parseHeaders(nil, headers)
	if err != nil {
		return err
	}
	var e wire.Encoder
	e.AddBytes([]byte(abi.StatusKey), status)
	for _, pair := range headers {
		e.AddBytes(pair.Key, pair.Value)
	}
	if c.head, err = e.Bytes(); err != nil {
		return abi.CodeTooLarge
	}
	c.status, c.headers = append([]byte(nil), status...), list
	if code == http.StatusNoContent || code == http.StatusNotModified || c.method == http.MethodHead {
		c.headers.declared = unknown // nothing is sent, so nothing is counted
	}
	return nil
}

// bodiless reports whether the body is dropped.
func (c *call) bodiless() bool {
	code, _ := parseStatus(c.status)
	return code == http.StatusNoContent || code == http.StatusNotModified || c.method == http.MethodHead
}

// Write implements [guest.Exchange]. It returns when the caller has read the block.
func (c *call) Write(block []byte) error {
	if c.status == nil {
		return abi.CodeState
	}
	if c.headers.declared != unknown && c.sent+int64(len(block)) > c.headers.declared {
		return abi.CodeLength
	}
	return c.send(block)
}

// Finish implements [guest.Exchange].
func (c *call) Finish(body []byte) error {
	if c.status == nil {
		return protocolFault("application returned without start_response")
	}
	if total := c.sent + int64(len(body)); c.headers.declared != unknown && total != c.headers.declared {
		return protocolFault("body of %d bytes is not as long as its Content-Length of %d bytes says", total, c.headers.declared)
	}
	return c.send(body)
}

func (c *call) send(block []byte) error {
	c.committed = true
	if c.bodiless() {
		block = nil
	}
	c.sent += int64(len(block))
	if !c.yield(block) {
		return errGivenUp
	}
	return nil
}
