package gateway

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/abi/wire"
	"github.com/wasgi/wasgi/host/internal/guest"
)

const (
	serverName = "wasgi"
	unknown    = -1 // no Content-Length was declared
	// maxPiece is how much of a block is written under one write_timeout, in bytes: a slow client makes progress by
	// taking a piece in time.
	maxPiece = 64 << 10
)

// response is what start_response, write and the returned body build up.
type response struct {
	status    int // 0 until start_response
	headers   headerList
	noBody    bool  // HEAD, 204, 304: body bytes are accepted and dropped
	committed bool  // status and headers are out
	closed    bool  // the client takes no more
	sent      int64 // bytes of the body, as the app has made them
	moved     int64 // bytes that the connection has taken for it, which are fewer where it is compressed
	pace      pace
}

// StartResponse implements [guest.Exchange].
func (x *exchange) StartResponse(status []byte, headers []wire.Pair, excInfo bool) error {
	if x.status != 0 && !excInfo {
		return abi.CodeState
	}
	if x.committed {
		return protocolFault("start_response with exc_info after the headers were sent")
	}
	code, ok := parseStatus(status)
	if !ok {
		return abi.CodeInvalid
	}
	room := x.fields
	if x.status != 0 {
		room = nil // what an earlier call has said is there, and stays if this one is refused
	}
	list, err := parseHeaders(room, headers)
	if err != nil {
		return err
	}
	x.status, x.headers, x.fields = code, list, list.fields
	x.noBody = x.request.Method == http.MethodHead || code == http.StatusNoContent || code == http.StatusNotModified
	return nil
}

// Write implements [guest.Exchange]. An empty block sends the headers.
func (x *exchange) Write(block []byte) error {
	if x.status == 0 {
		return abi.CodeState
	}
	if x.exceeds(len(block)) {
		return abi.CodeLength
	}
	if x.overflows(len(block)) {
		return guest.ErrResponse
	}
	x.commit()
	began, err := x.send(block)
	x.response.pace.note(time.Since(began), x.moved)
	return err
}

// Finish implements [guest.Exchange].
func (x *exchange) Finish(body []byte) error {
	if x.status == 0 {
		return protocolFault("application returned without start_response")
	}
	if x.exceeds(len(body)) {
		return protocolFault("body is longer than its Content-Length of %d bytes", x.headers.declared)
	}
	if x.overflows(len(body)) {
		return guest.ErrResponse
	}
	total := x.sent + int64(len(body))
	if !x.noBody && x.headers.declared != unknown && total < x.headers.declared {
		return protocolFault("body of %d bytes is shorter than its Content-Length of %d bytes", total, x.headers.declared)
	}
	if !x.committed && x.headers.declared == unknown && x.hasLength(len(body)) {
		x.headers.declared = int64(len(body))
	}
	x.skipInput()
	x.commit()
	// On its way before the instance is cleaned up: the client need not wait for that.
	if x.compressor != nil {
		return x.compressLast(body)
	}
	_, err := x.send(body)
	return err
}

// hasLength reports whether a wholly returned body of n bytes gives the response its Content-Length. An empty one says nothing
// where no body is sent: an app may save itself the work for HEAD.
func (x *exchange) hasLength(n int) bool {
	if x.status == http.StatusNoContent || x.status == http.StatusNotModified {
		return false
	}
	return n > 0 || x.request.Method != http.MethodHead
}

// exceeds reports whether n more bytes are more than was declared.
func (x *exchange) exceeds(n int) bool {
	return !x.noBody && x.headers.declared != unknown && x.sent+int64(n) > x.headers.declared
}

// overflows reports whether n more bytes, or those that were declared, are more than the app may send.
func (x *exchange) overflows(n int) bool {
	limit := x.settings.MaxResponse
	return limit > 0 && !x.noBody && max(x.headers.declared, x.sent+int64(n)) > limit
}

// commit hands status and headers to net/http, once.
func (x *exchange) commit() {
	if x.committed {
		return
	}
	x.committed = true
	header := x.writer.Header()
	more := x.headers.addTo(header, 2)
	if x.settings.Compress {
		x.chooseCoding(header)
	}
	if x.headers.declared != unknown && x.status != http.StatusNoContent && !x.compressed {
		header["Content-Length"] = more.of(strconv.FormatInt(x.headers.declared, 10))
	}
	if _, ok := header["Content-Type"]; !ok {
		header["Content-Type"] = nil // or net/http would guess one from the body
	}
	if _, ok := header["Server"]; !ok {
		header["Server"] = more.of(serverName)
	}
	x.closeUnlessRead(header)
	x.writer.WriteHeader(x.status)
}

// send writes a block piece by piece, each within write_timeout, and flushes it. An empty block flushes the headers. It returns when
// it began with the last piece.
func (x *exchange) send(block []byte) (began time.Time, err error) {
	defer x.rest()
	if len(block) > 0 {
		x.life.begun.Store(true)
	}
	if x.noBody {
		return x.allowPiece(0), x.flush()
	}
	if x.compressor != nil && len(block) > 0 {
		return x.compress(block)
	}
	n, began, err := x.put(block)
	x.sent += int64(n)
	if err != nil {
		return began, x.writeFailed(err)
	}
	return began, x.flush()
}

// put hands bytes to the connection as [exchange.send] says, and returns how many it took.
func (x *exchange) put(block []byte) (total int, began time.Time, err error) {
	for {
		n := min(len(block), maxPiece)
		began = x.allowPiece(n)
		if n > 0 {
			n, err = x.writer.Write(block[:n])
			x.moved += int64(n)
			total += n
		}
		if block = block[n:]; err != nil || len(block) == 0 {
			return total, began, err
		}
		x.response.pace.note(time.Since(began), x.moved)
	}
}

// flush pushes out what net/http has buffered.
func (x *exchange) flush() error {
	err := x.control().Flush()
	if err == nil || errors.Is(err, http.ErrNotSupported) {
		return nil
	}
	return x.writeFailed(err)
}

// writeFailed tells a client that stalls, which ends the exchange, from one that is gone, which the guest may learn.
func (x *exchange) writeFailed(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		if !x.over.IsZero() && !time.Now().Before(x.over) {
			return guest.ErrMaxDuration
		}
		if x.response.pace.ended {
			return guest.ErrMinRate
		}
		return guest.ErrStalled
	}
	x.closed = true
	return abi.CodeClosed
}

// allowWrite gives the client write_timeout to take what comes next, but no longer than the exchange may last.
func (x *exchange) allowWrite() {
	if x.settings.WriteTimeout > 0 {
		// A writer without deadlines, such as a recorder, never stalls.
		_ = x.control().SetWriteDeadline(x.within(time.Now().Add(x.settings.WriteTimeout)))
	}
}

// allowPiece is allowWrite for n more bytes of the body, which must also keep min_rate. It returns the time now.
func (x *exchange) allowPiece(n int) time.Time {
	now := time.Now()
	if x.settings.WriteTimeout > 0 {
		deadline := x.response.pace.limit(now, now.Add(x.settings.WriteTimeout), x.moved+int64(n), x.settings.MinRate)
		_ = x.control().SetWriteDeadline(x.within(deadline))
	}
	return now
}

// rest takes back the time that the client was given, where it would go on while neither side wants anything of the other: HTTP/2
// resets a stream when its deadline is over, whether something is being written or not.
func (x *exchange) rest() {
	if x.request.ProtoMajor > 1 {
		_ = x.control().SetWriteDeadline(time.Time{})
	}
}

// within returns the earlier of deadline and the end of the exchange.
func (x *exchange) within(deadline time.Time) time.Time {
	if !x.over.IsZero() && x.over.Before(deadline) {
		return x.over
	}
	return deadline
}

func protocolFault(format string, args ...any) error {
	return &guest.Fault{Phase: guest.PhaseCall, Kind: guest.KindProtocol, Cause: fmt.Errorf(format, args...)}
}
