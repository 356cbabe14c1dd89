package gateway

import (
	"encoding/binary"
	"encoding/hex"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/wasgi/wasgi/abi/wire"
	"github.com/wasgi/wasgi/host/internal/app"
	"github.com/wasgi/wasgi/host/internal/forwarded"
	"github.com/wasgi/wasgi/host/internal/guest"
)

// exchange is one request and its response; it implements [guest.Exchange]. One goroutine uses it. It is used again for another
// request when the gateway has answered this one, so nobody else may keep it; its life, which is a context, is not.
type exchange struct {
	writer  http.ResponseWriter
	request *http.Request
	log     *slog.Logger // the server's
	id      [16]byte     // hexadecimal digits that name the request in logs and error pages; no secret

	proxied bool // the peer is a proxy that is trusted, and origin is what it says
	origin  forwarded.Origin
	trust   *forwarded.Trust

	app                  *app.App // nil until one is found
	guestLog             *slog.Logger
	scriptName, pathInfo string
	settings             *guest.Settings // zero until an app is found

	life *life
	// over is when max_duration ends the exchange; zero for never.
	over time.Time

	input input
	response
	squeeze

	// environ and fields are room that is kept for the next request; headers uses it.
	environ wire.Encoder
	fields  []field
}

// exchanges keeps those that are not in use, for the room in them.
var exchanges = sync.Pool{New: func() any { return new(exchange) }}

func newExchange(w http.ResponseWriter, r *http.Request, log *slog.Logger) *exchange {
	x := exchanges.Get().(*exchange)
	x.writer, x.request, x.log = w, r, log
	x.life = &life{Context: r.Context(), started: time.Now()}
	x.headers.declared = unknown
	var id [8]byte
	binary.LittleEndian.PutUint64(id[:], rand.Uint64())
	hex.Encode(x.id[:], id[:])
	x.rest() // until it writes, nothing but timeout bounds it
	if x.oneAtATime() {
		_ = x.control().EnableFullDuplex() // what cannot do both in turn says so when it is read from
	}
	return x
}

// What is larger is not kept for later requests: bytes of an environ, headers of a response.
const (
	maxKeptEnviron = 64 << 10
	maxKeptFields  = 64
)

// free gives the exchange up, with nothing of this request left in it but bytes that will be written over.
func (x *exchange) free() {
	if x.compressor != nil {
		x.compressor.GiveUp()
	}
	if x.environ.Cap() > maxKeptEnviron || cap(x.fields) > maxKeptFields {
		return
	}
	x.environ.Reset()
	clear(x.fields[:cap(x.fields)])
	*x = exchange{environ: x.environ, fields: x.fields[:0]}
	exchanges.Put(x)
}

// control is the way to the connection. It is made where it is used, and so costs nothing.
func (x *exchange) control() *http.ResponseController { return http.NewResponseController(x.writer) }

// arm starts the exchange's clock.
func (x *exchange) arm() {
	x.life.timeout, x.life.longest = x.settings.Timeout, x.settings.MaxDuration
	if x.settings.MaxDuration > 0 {
		x.over = x.life.started.Add(x.settings.MaxDuration)
	}
}

// Log implements [guest.Exchange]. The logger is made when it is first asked for: most exchanges log nothing.
func (x *exchange) Log() *slog.Logger {
	if x.guestLog == nil {
		x.guestLog = x.app.Log(x.log, x.settings.LogLines).With("request_id", string(x.id[:]))
	}
	return x.guestLog
}

// Excused implements [guest.Excuser].
func (x *exchange) Excused() bool { return x.input.failed != nil || x.closed }

// App implements [guest.Tenant].
func (x *exchange) App() string { return x.appName() }

// hostLog returns the logger for what the host has to say about this exchange.
func (x *exchange) hostLog() *slog.Logger {
	return x.log.With("app", x.appName(), "request_id", string(x.id[:]))
}

func (x *exchange) appName() string {
	if x.app == nil {
		return ""
	}
	return x.app.Name()
}

// refuse answers with a short plain page: the status and the request's id, and no word about what happened. retryAfter is told
// to the client of a service that is unavailable, in whole seconds.
func (x *exchange) refuse(status int, retryAfter time.Duration) {
	header := x.writer.Header()
	for name := range header {
		if name != "Allow" && name != "Content-Range" { // they belong to the status that they were set for
			delete(header, name)
		}
	}
	header.Set("Content-Type", "text/plain; charset=utf-8")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "no-store")
	header.Set("Server", serverName)
	if status == http.StatusUpgradeRequired {
		askForUpgrade(header)
	}
	if status == http.StatusServiceUnavailable {
		header.Set("Retry-After", strconv.FormatInt(seconds(retryAfter), 10))
	}
	if status != http.StatusRequestEntityTooLarge {
		x.skipInput()
	}
	x.closeUnlessRead(header)
	page := strconv.Itoa(status) + " " + http.StatusText(status) + "\nrequest " + string(x.id[:]) + "\n"
	header.Set("Content-Length", strconv.Itoa(len(page)))
	x.status = status
	x.over = time.Time{} // an exchange that has lasted too long may still be told so
	x.allowWrite()
	x.writer.WriteHeader(status)
	if x.request.Method != http.MethodHead {
		n, _ := x.writer.Write([]byte(page)) // a client that is gone needs no page
		x.moved += int64(n)
	}
}

// seconds rounds up, to 1 at least: nobody should come back too early.
func seconds(d time.Duration) int64 { return max(1, int64((d+time.Second-1)/time.Second)) }
