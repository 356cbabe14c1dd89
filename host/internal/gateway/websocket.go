package gateway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"

	"github.com/wasgi/wasgi/abi/wire"
	"github.com/wasgi/wasgi/host/internal/app"
	"github.com/wasgi/wasgi/host/internal/guest"
	"github.com/wasgi/wasgi/host/internal/socket"
)

// upgrade answers a request for a WebSocket. For an app that has none it is a request like any other.
func (g *Gateway) upgrade(x *exchange, target *app.Generation) {
	x.arm()
	defer x.life.end()
	receives, err := target.Receives(x.life)
	switch {
	case err != nil:
		g.fail(x, err)
	case !receives:
		g.serve(x, target)
	default:
		g.open(x)
	}
}

// open opens a WebSocket. From then on the exchange is over: the connection has events.
func (g *Gateway) open(x *exchange) {
	environ, err := x.handshake()
	if err != nil {
		g.fail(x, err)
		return
	}
	err = g.options.Sockets.Upgrade(x.writer, x.asked(), socket.Handshake{
		App:     &socketApp{gateway: g, app: x.app, path: x.request.URL.EscapedPath(), logLines: x.settings.LogLines},
		Environ: environ,
		ID:      string(x.id[:]),

		WebSocket: x.settings.WebSocket, Timeout: x.settings.Timeout, WriteTimeout: x.settings.WriteTimeout,
	})
	var refusal *socket.Refusal
	var fault *guest.Fault
	switch {
	case err == nil:
		x.status = http.StatusSwitchingProtocols
	case errors.As(err, &refusal):
		x.refused(err)
		x.refuse(refusal.Status, 0)
	case errors.Is(err, socket.ErrHijack):
		x.refused(err)
		panic(http.ErrAbortHandler)
	case errors.Is(err, guest.ErrRemoved):
		x.refuse(http.StatusNotFound, 0)
	case errors.As(err, &fault) && !errors.Is(err, guest.ErrNoEvents):
		x.refuse(x.statusOf(fault), fault.RetryAfter)
	default: // replaced since it was asked, by a version without events
		x.refuse(http.StatusServiceUnavailable, 0)
	}
}

// handshake returns the request's variables but for its id: each event has its own.
func (x *exchange) handshake() ([]byte, error) {
	var e wire.Encoder
	x.describe(&e)
	list, err := e.Bytes()
	return bytes.Clone(list), err // no larger than it must be, since the connection keeps it
}

// asked is the request with the host that the client has named: its page's origin is compared with that.
func (x *exchange) asked() *http.Request {
	host := x.host()
	if host == x.request.Host {
		return x.request
	}
	r := x.request.WithContext(x.request.Context())
	r.Host = host
	return r
}

// askForUpgrade says what a client has to send for a WebSocket.
func askForUpgrade(header http.Header) {
	header.Set("Connection", "Upgrade")
	header.Set("Upgrade", "websocket")
	header.Set("Sec-WebSocket-Version", "13")
}

// socketApp is an app as its WebSocket connections know it. It implements [socket.App].
type socketApp struct {
	gateway  *Gateway
	app      *app.App
	path     string // of the handshake, for the log
	logLines int
}

// Name implements [socket.App].
func (a *socketApp) Name() string { return a.app.Name() }

// Log implements [socket.App].
func (a *socketApp) Log(id string) *slog.Logger {
	return a.app.Log(a.gateway.options.Log, a.logLines).With("request_id", id)
}

// Play implements [socket.App]. Nobody stands behind it who would recover from a panic, as net/http does for requests.
func (a *socketApp) Play(ctx context.Context, id string, event guest.Event) (err error) {
	defer func() {
		if bug := recover(); bug != nil {
			err = a.report(id, &guest.Fault{
				Phase: guest.PhaseCall, Kind: guest.KindHost, Cause: fmt.Errorf("panic: %v\n%s", bug, debug.Stack()),
			})
		}
	}()
	generation := a.app.Enter()
	if generation == nil {
		return guest.ErrRemoved
	}
	defer generation.Leave()
	ctx, cancel := context.WithTimeoutCause(ctx, generation.Settings().Timeout, guest.ErrEvent)
	defer cancel()
	err = generation.Serve(ctx, event)
	if err == nil || errors.Is(err, guest.ErrNoEvents) {
		return err
	}
	return a.report(id, err)
}

func (a *socketApp) report(id string, err error) error {
	log := a.gateway.options.Log.With("app", a.app.Name(), "request_id", id)
	return a.gateway.report(log, err, slog.String("method", "WEBSOCKET"), slog.String("path", a.path))
}
