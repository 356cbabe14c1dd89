package socket

import (
	"errors"
	"io"
	"net"
	"os"

	"github.com/coder/websocket"

	"github.com/wasgi/wasgi/host/internal/guest"
)

// The codes that the host closes connections with, beside those that peers and guests give.
const (
	goingAway = 1001 // the app or the server goes
	malformed = 1002
	noStatus  = 1005 // the client gave none; never sent
	lost      = 1006 // there was no farewell; never sent
	notText   = 1007
	policy    = 1008
	tooBig    = 1009
	failed    = 1011 // the guest did
	tryAgain  = 1013
)

// What ends a connection whose client sends what it may not.
var (
	errTooBig  = errors.New("the message is longer than it may be")
	errSlow    = errors.New("the message did not arrive within timeout")
	errNotText = errors.New("a text message is not UTF-8")
	errMemory  = errors.New("too much waits to be sent or received")
)

// codeOf says how to end a connection that nothing more can be received from.
func codeOf(err error) (code int, reason string, hasty bool) {
	var network net.Error
	var farewell websocket.CloseError
	switch {
	case errors.As(err, &farewell):
		return int(farewell.Code), farewell.Reason, true
	case errors.Is(err, errNotText):
		return notText, errNotText.Error(), false
	case errors.Is(err, errMemory):
		return tryAgain, errMemory.Error(), true
	case errors.Is(err, errTooBig):
		return tooBig, errTooBig.Error(), false
	case errors.Is(err, os.ErrDeadlineExceeded):
		return policy, errSlow.Error(), true
	case errors.As(err, &network), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return lost, "", true
	}
	return malformed, "the client broke the protocol", false
}

// codeOfFault says how to end a connection whose event has not ended well.
func codeOfFault(err error) (code int, reason string, hasty bool) {
	switch {
	case errors.Is(err, guest.ErrRemoved), errors.Is(err, guest.ErrNoEvents), errors.Is(err, guest.ErrShutdown):
		return goingAway, "the app is gone", false
	}
	switch guest.KindOf(err) {
	case guest.KindBusy, guest.KindQuarantined:
		return tryAgain, "the app is busy", false
	}
	return failed, "the app failed", false
}
