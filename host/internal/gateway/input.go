package gateway

import (
	"errors"
	"io"
	"os"
	"time"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/host/internal/guest"
)

// input is the request's body as a guest reads it.
type input struct {
	read     int64 // bytes that were read
	ended    bool  // the end was reached
	failed   error // what ended it early; said again at every later call
	tooLarge bool  // max_body was passed
}

// Read implements [guest.Exchange].
func (x *exchange) Read(p []byte) (int, error) {
	if x.input.failed != nil {
		return 0, x.input.failed
	}
	if x.input.ended || len(p) == 0 {
		return 0, nil
	}
	// One byte past the limit is asked for, to tell a body that ends there from one that goes on.
	if room := x.settings.MaxBody - x.input.read + 1; int64(len(p)) > room {
		p = p[:room]
	}
	n, err := x.readBody(p)
	x.input.read += int64(n)
	switch {
	case x.input.read > x.settings.MaxBody:
		x.input.tooLarge = true
		x.input.failed = abi.CodeTooLarge
	case errors.Is(err, io.EOF):
		x.input.ended = true
	case err != nil:
		x.input.failed = x.readFailed(err)
	}
	if x.input.ended || x.input.failed != nil {
		// A deadline that is left behind would end the connection's next wait, and with it this request's context.
		_ = x.controller.SetReadDeadline(time.Time{})
	}
	if x.input.failed != nil {
		// Bytes before the failure are lost with it: a body that is cut off must not look like one that is short.
		return 0, x.input.failed
	}
	return n, nil
}

// readBody reads at least one byte, or returns an error.
func (x *exchange) readBody(p []byte) (int, error) {
	deadline := time.Now().Add(x.settings.WriteTimeout)
	if !x.streaming {
		deadline = x.started.Add(x.settings.Timeout)
	}
	_ = x.controller.SetReadDeadline(x.within(deadline)) // a body without a connection needs none
	x.allowWrite()                                       // the first read may send 100 Continue
	for {
		if n, err := x.request.Body.Read(p); n > 0 || err != nil {
			return n, err
		}
	}
}

// readFailed tells a client that is too slow, which ends the exchange, from one that broke off, which the guest may learn.
func (x *exchange) readFailed(err error) error {
	switch {
	case !errors.Is(err, os.ErrDeadlineExceeded):
		return abi.CodeTruncated
	case !x.over.IsZero() && !time.Now().Before(x.over):
		return guest.ErrMaxDuration
	case x.streaming:
		return guest.ErrStalled
	default:
		return guest.ErrTimeout
	}
}
