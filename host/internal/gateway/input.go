package gateway

import (
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
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
	pace     pace
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
		x.hostLog().Debug("request body broken off", "error", err)
	}
	if x.input.ended || x.input.failed != nil {
		// A deadline that is left behind would end the connection's next wait, and with it this request's context.
		_ = x.control().SetReadDeadline(time.Time{})
	}
	if x.input.failed != nil {
		// Bytes before the failure are lost with it: a body that is cut off must not look like one that is short.
		return 0, x.input.failed
	}
	return n, nil
}

// HTTP/1 sends requests and responses over one connection, and net/http keeps them apart by reading a request's body before it
// answers. A guest may do both in turn, so that is switched off (EnableFullDuplex), and what net/http did falls to us: a body
// that is not read to its end must be skipped, or the connection closed. Otherwise its rest would pass for the next request.

const (
	// maxSkipped is how much of an unread body is read to keep its connection, in bytes; net/http has the same bound.
	maxSkipped = 256 << 10
	// skipTime is how long a response may be held up for that.
	skipTime = 100 * time.Millisecond
)

// oneAtATime reports whether the request has a body on a connection that does one thing at a time.
func (x *exchange) oneAtATime() bool {
	return x.request.ProtoMajor == 1 && x.request.Body != nil && x.request.Body != http.NoBody
}

// skipInput reads what is left of the body, if it is little and there: the guest has returned and will not.
func (x *exchange) skipInput() {
	if !x.oneAtATime() || x.committed || x.input.ended || x.input.failed != nil || x.awaitsContinue() {
		return
	}
	_ = x.control().SetReadDeadline(time.Now().Add(skipTime)) // a body without a connection is at hand
	n, err := io.CopyN(io.Discard, x.request.Body, maxSkipped)
	x.input.read += n
	x.input.ended = errors.Is(err, io.EOF)
	_ = x.control().SetReadDeadline(time.Time{})
}

// awaitsContinue reports whether the client has not been asked for its body yet. Reading would ask for it.
func (x *exchange) awaitsContinue() bool {
	return x.input.read == 0 && strings.EqualFold(x.request.Header.Get("Expect"), "100-continue")
}

// closeUnlessRead closes the connection after the response, if the body has not been read to its end by now.
func (x *exchange) closeUnlessRead(header http.Header) {
	if x.oneAtATime() && !x.input.ended {
		header["Connection"] = []string{"close"}
	}
}

// abandonInput bounds how long net/http may then wait for the rest, which it reads to close the connection in order. From a client
// that was not asked for its body nothing is to come, unless it has lost its patience.
func (x *exchange) abandonInput() {
	if !x.oneAtATime() || x.input.ended {
		return
	}
	patience := x.settings.WriteTimeout
	if x.awaitsContinue() {
		patience = skipTime
	}
	_ = x.control().SetReadDeadline(time.Now().Add(patience))
}

// readBody reads at least one byte, or returns an error.
func (x *exchange) readBody(p []byte) (int, error) {
	now := time.Now()
	deadline := now.Add(x.settings.WriteTimeout)
	if !x.life.begun.Load() {
		// Until then the app waits for a body; afterwards the two talk, and who talks may pause.
		deadline = x.input.pace.limit(now, x.life.started.Add(x.settings.Timeout), x.input.read, x.settings.MinRate)
	}
	_ = x.control().SetReadDeadline(x.within(deadline)) // a body without a connection needs none
	x.allowWrite()                                      // the first read may send 100 Continue
	defer x.rest()
	if x.request.ProtoMajor > 1 {
		defer func() { _ = x.control().SetReadDeadline(time.Time{}) }() // or the body would end while nobody reads it
	}
	for {
		if n, err := x.request.Body.Read(p); n > 0 || err != nil {
			x.input.pace.note(time.Since(now), x.input.read+int64(n))
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
	case x.life.begun.Load():
		return guest.ErrStalled
	case x.input.pace.ended:
		return guest.ErrMinRate
	default:
		return guest.ErrSlowBody
	}
}
