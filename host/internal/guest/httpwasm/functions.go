package httpwasm

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/host/internal/guest"
)

var (
	errAfterNext    = errors.New("the request cannot be changed after the next handler")
	errUnbuffered   = errors.New("the response of the next handler cannot be read or changed without the feature buffer_response")
	errUnkept       = errors.New("the request's body cannot be read after the next handler without the feature buffer_request")
	errMethod       = errors.New("the method is empty, or no token")
	errStatus       = errors.New("the status is not from 200 to 999")
	errKind         = errors.New("no such kind of header or body")
	errNoTrailers   = errors.New("this host has no trailers; enable_features says so")
	errReadNothing  = errors.New("a buffer of 0 bytes")
	errBodyTooLarge = errors.New("the request's body is longer than max_body")
)

// ended is what ends the guest's call: who is to blame says the cause, and else the guest broke its contract.
func ended(name string, err error) error {
	if _, ok := errors.AsType[*guest.Fault](err); ok {
		return err
	}
	kind := guest.KindProtocol
	if code, ok := errors.AsType[abi.Code](err); ok {
		kind = guest.KindClient
		if code == abi.CodeTooLarge {
			err = errBodyTooLarge
		}
	} else if known := guest.KindOf(err); known != guest.KindTrap {
		kind = known
	}
	return &guest.Fault{Phase: guest.PhaseCall, Kind: kind, Cause: fmt.Errorf("%s: %w", name, err)}
}

func (c call) enableFeatures(p []uint64) (uint64, error) {
	wanted := features(p[0]) & offered
	if c.turn == nil {
		c.features |= wanted
		return uint64(c.features), nil
	}
	c.turn.features |= wanted
	return uint64(c.turn.features), nil
}

func (c call) getConfig(p []uint64) (uint64, error) {
	return c.give(string(c.program.configuration), p[0], p[1])
}

// logLevel translates one of the ABI's; ok is false for one that logs nothing.
func logLevel(p uint64) (level slog.Level, ok bool) {
	levels := map[int32]slog.Level{-1: slog.LevelDebug, 0: slog.LevelInfo, 1: slog.LevelWarn, 2: slog.LevelError}
	level, ok = levels[int32(uint32(p))]
	return level, ok
}

func (c call) logEnabled(p []uint64) (uint64, error) {
	if level, ok := logLevel(p[0]); ok && c.log().Enabled(context.Background(), level) {
		return 1, nil
	}
	return 0, nil
}

func (c call) logMessage(p []uint64) (uint64, error) {
	text, err := c.text(p[1], p[2])
	if level, ok := logLevel(p[0]); ok && err == nil {
		c.log().Log(context.Background(), level, text[:min(len(text), abi.MaxErrorsWrite)], "stream", "log")
	}
	return 0, err
}

func (c call) getMethod(p []uint64) (uint64, error) {
	return c.give(c.turn.request.get("REQUEST_METHOD"), p[0], p[1])
}

func (c call) setMethod(p []uint64) (uint64, error) {
	name, err := c.text(p[0], p[1])
	switch {
	case err != nil:
		return 0, err
	case c.turn.afterNext:
		return 0, errAfterNext
	case checkField(name, "") != nil:
		return 0, errMethod
	}
	c.turn.request.set("REQUEST_METHOD", name)
	return 0, nil
}

func (c call) getURI(p []uint64) (uint64, error) { return c.give(c.turn.request.uri(), p[0], p[1]) }

func (c call) setURI(p []uint64) (uint64, error) {
	uri, err := c.text(p[0], p[1])
	switch {
	case err != nil:
		return 0, err
	case c.turn.afterNext:
		return 0, errAfterNext
	}
	return 0, c.turn.request.setURI(uri)
}

func (c call) getProtocolVersion(p []uint64) (uint64, error) {
	return c.give(c.turn.request.get("SERVER_PROTOCOL"), p[0], p[1])
}

func (c call) getSourceAddr(p []uint64) (uint64, error) {
	return c.give(c.turn.request.source(), p[0], p[1])
}

func (c call) getStatusCode([]uint64) (uint64, error) {
	if c.turn.response.status == 0 {
		return 200, nil
	}
	return uint64(c.turn.response.status), nil
}

func (c call) setStatusCode(p []uint64) (uint64, error) {
	switch code := uint32(p[0]); {
	case !c.turn.changeable():
		return 0, errUnbuffered
	case code < 200 || code > 999:
		return 0, errStatus
	default:
		c.turn.response.setStatus(int(code))
		return 0, nil
	}
}

// changeable reports whether the response is the guest's, or held back for it.
func (t *turn) changeable() bool { return !t.afterNext || t.features.has(bufferResponse) }
