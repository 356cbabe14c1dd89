// Package gateway stands between net/http and an exchange: it finds the app, builds the environ, plays start_response,
// write and input as PEP 3333 has them, and is the one place that turns a fault into an HTTP status.
package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/wasgi/wasgi/host/internal/app"
	"github.com/wasgi/wasgi/host/internal/coding"
	"github.com/wasgi/wasgi/host/internal/forwarded"
	"github.com/wasgi/wasgi/host/internal/guest"
	"github.com/wasgi/wasgi/host/internal/route"
	"github.com/wasgi/wasgi/host/internal/socket"
)

// Routes is the mount table that requests are looked up in.
type Routes = route.Table[*app.App]

// Options configures a Gateway.
type Options struct {
	// Routes returns the current table. It is called once for each request and must not block.
	Routes func() *Routes
	// Log takes faults and what guests write. Never nil.
	Log *slog.Logger
	// AccessLog writes one record for each request.
	AccessLog bool
	// Proxies are the peers that are believed about where a request came from; nil is nobody.
	Proxies *forwarded.Trust
	// Sockets holds the apps' WebSocket connections; nil serves none.
	Sockets *socket.Sockets
	// Middleware returns the middleware of that name, or nil where there is none. It is called for each request to an app that names
	// it, and must not block. nil knows none.
	Middleware func(name string) *app.App
	// App returns the app of that name, for apps that may call it, or nil. It must not block. nil knows none.
	App func(name string) *app.App
	// Fault is told of each fault after it has been logged; nil tells nobody.
	Fault func(*guest.Fault)
}

// Gateway serves requests from apps. It is an [http.Handler], safe for concurrent use.
type Gateway struct {
	options     Options
	none        guest.Settings // what a request is held to that reaches no app
	compressors *coding.Pool
}

// maxCompressed is how many responses are compressed at once; of more, those that come later go out as they are. With 1.2 MiB each that
// is 77 MiB at most.
const maxCompressed = 64

// New returns a gateway.
func New(options Options) *Gateway {
	return &Gateway{options: options, compressors: coding.NewPool(maxCompressed)}
}

// ServeHTTP implements [http.Handler]. It panics with [http.ErrAbortHandler] to cut a connection whose response cannot be
// completed, as net/http wants it.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := g.begin(w, r)
	defer x.free()
	if g.options.AccessLog {
		// Deferred, so that a connection that is cut has its record too.
		defer g.logAccess(x)
	}
	target, status := g.find(x)
	if status != 0 {
		if status != answered {
			x.refuse(status, 0)
		}
		return
	}
	defer target.Leave()
	defer x.abandonInput()
	if g.options.Sockets != nil && len(x.settings.Middleware) == 0 && socket.Asks(w, r) {
		g.upgrade(x, target)
		return
	}
	g.serve(x, target)
}

// begin begins an exchange that has not reached an app.
func (g *Gateway) begin(w http.ResponseWriter, r *http.Request) *exchange {
	x := newExchange(w, r, g.options.Log)
	x.settings, x.compressors = &g.none, g.compressors
	if g.options.Proxies != nil {
		x.believe(g.options.Proxies)
	}
	return x
}

// Refuse answers a request that reaches no app, because of how it was sent: as other refusals are, with the page, the record of the
// access log, and the cause at level debug.
func (g *Gateway) Refuse(w http.ResponseWriter, r *http.Request, status int, cause error) {
	x := g.begin(w, r)
	defer x.free()
	if g.options.AccessLog {
		defer g.logAccess(x)
	}
	x.refused(cause)
	x.refuse(status, 0)
}

// answered is in the place of a status where a file has answered.
const answered = -1

// find looks up the app and pins its generation, or returns the status to refuse the request with.
func (g *Gateway) find(x *exchange) (*app.Generation, int) {
	escaped := x.request.URL.EscapedPath()
	asterisk := x.request.RequestURI == "*"
	if asterisk {
		escaped = "/" // OPTIONS * asks about the server: it goes to the app that answers for all of it
	}
	path, matchable, err := route.Split(escaped)
	if err != nil {
		x.refused(err)
		return nil, http.StatusBadRequest
	}
	target, mount, ok := g.options.Routes().Lookup(x.host(), path[:matchable])
	if !ok {
		return nil, http.StatusNotFound
	}
	x.scriptName, x.pathInfo = mount, path[len(mount):]
	if asterisk {
		x.pathInfo = ""
	}
	x.app = target
	if target.Public() != nil {
		if status := x.serveFile(matchable == len(path)); status != 0 {
			return nil, status
		}
	}
	generation := target.Enter()
	if generation == nil {
		return nil, x.nothing()
	}
	x.settings = generation.Settings()
	if status := x.measure(); status != 0 {
		generation.Leave()
		return nil, status
	}
	return generation, 0
}

// measure returns the status to refuse a request with that is too large for its app, or 0.
func (x *exchange) measure() int {
	if length := x.request.ContentLength; length > x.settings.MaxBody {
		x.refused(fmt.Errorf("the body has %d bytes and may have %d; raise max_body in the app's manifest",
			length, x.settings.MaxBody))
		return http.StatusRequestEntityTooLarge
	}
	if err := x.encode(); err != nil {
		x.refused(err)
		return http.StatusRequestHeaderFieldsTooLarge
	}
	return 0
}

// refused logs why a request does not reach an app. That is the client's doing, and nobody else's business.
func (x *exchange) refused(err error) {
	x.hostLog().Debug("request refused", "path", x.request.URL.EscapedPath(), "error", err)
}

// serve plays the exchange and answers for what went wrong.
func (g *Gateway) serve(x *exchange, target *app.Generation) {
	x.arm()
	defer x.life.end()
	var err error
	if len(x.settings.Middleware)+len(x.settings.Apps) == 0 {
		err = target.Serve(x.life, x)
	} else {
		err = g.serveChain(x.life, x, place{gateway: g, base: x, app: x.app, generation: target})
	}
	if err != nil {
		g.fail(x, err)
	}
}

// fail answers for an exchange that has failed.
func (g *Gateway) fail(x *exchange, err error) {
	what := []slog.Attr{slog.String("method", x.request.Method), slog.String("path", x.request.URL.EscapedPath())}
	if fault, ok := errors.AsType[*guest.Fault](err); ok && fault.App != "" && fault.App != x.appName() {
		what = append(what, slog.String("middleware", fault.App))
	}
	fault := g.report(x.hostLog(), err, what...)
	if x.committed {
		panic(http.ErrAbortHandler)
	}
	x.refuse(x.statusOf(fault), fault.RetryAfter)
}

// statusOf is the one mapping of faults to HTTP statuses.
func (x *exchange) statusOf(fault *guest.Fault) int {
	switch fault.Kind {
	case guest.KindDeadline:
		return http.StatusGatewayTimeout
	case guest.KindBusy, guest.KindQuarantined:
		return http.StatusServiceUnavailable
	case guest.KindClient:
		if errors.Is(fault, guest.ErrSlowBody) || errors.Is(fault, guest.ErrMinRate) {
			return http.StatusRequestTimeout
		}
		return http.StatusBadRequest // read by nobody, but a client that broke off its body may still listen
	case guest.KindBudget:
		if errors.Is(fault, guest.ErrCPU) {
			return http.StatusGatewayTimeout // for a client it is the same: the app needs more time than it may have
		}
	}
	if x.input.tooLarge {
		return http.StatusRequestEntityTooLarge
	}
	return http.StatusInternalServerError
}

// report writes the detail that clients never see, and returns err as the fault that it is. what says what was asked for.
func (g *Gateway) report(log *slog.Logger, err error, what ...slog.Attr) *guest.Fault {
	var fault *guest.Fault
	if !errors.As(err, &fault) {
		fault = &guest.Fault{Phase: guest.PhaseCall, Kind: guest.KindHost, Cause: err}
	}
	attributes := append([]slog.Attr{
		slog.Uint64("generation", fault.Generation),
		slog.String("phase", string(fault.Phase)),
		slog.String("kind", string(fault.Kind)),
		slog.Any("cause", fault.Cause),
	}, what...)
	if len(fault.Stack) > 0 {
		attributes = append(attributes, slog.Any("stack", fault.Stack))
	}
	log.LogAttrs(context.Background(), levelOf(fault.Kind), "request failed", attributes...)
	if g.options.Fault != nil {
		g.options.Fault(fault)
	}
	return fault
}

// levelOf says how much an operator needs to know of a fault. What a quarantine turns away is debug: its beginning and its end
// have been said.
func levelOf(kind guest.FaultKind) slog.Level {
	switch kind {
	case guest.KindClient, guest.KindQuarantined:
		return slog.LevelDebug
	case guest.KindDeadline, guest.KindBudget, guest.KindBusy:
		return slog.LevelWarn
	}
	return slog.LevelError
}

// logAccess writes the access record of an exchange that is over.
func (g *Gateway) logAccess(x *exchange) {
	g.options.Log.LogAttrs(context.Background(), slog.LevelInfo, "request",
		slog.String("request_id", string(x.id[:])),
		slog.String("app", x.appName()),
		slog.String("remote", x.remote()),
		slog.String("method", x.request.Method),
		slog.String("target", x.request.RequestURI),
		slog.String("protocol", x.request.Proto),
		slog.Int("status", x.status),
		slog.Int64("bytes", x.moved),
		slog.Float64("duration_ms", float64(time.Since(x.life.started).Microseconds())/1000),
		slog.String("user_agent", x.request.UserAgent()),
	)
}
