package httpwasm

import (
	"errors"
	"iter"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/abi/wire"
	"github.com/wasgi/wasgi/host/internal/guest"
)

// response is the response as the guest sees it: its own, or that of what stands behind it.
type response struct {
	status  int    // 0 for none yet
	line    string // of the status, as it came
	fields  fields
	preset  fields // what the guest had set before it had the next handler called
	body    body   // the guest's, or what of the next handler's is held back
	ahead   []byte // what the guest had written before it had the next handler called, until that is sent
	started bool   // next has called StartResponse
	held    bool   // it is kept until handle_response has ended, and next has ended well
}

var (
	errNoStart = errors.New("application returned without start_response")
	errLength  = errors.New("the body is not as long as its Content-Length says")
)

// beginNext begins the response of what stands behind the guest: after what the guest has said by then.
func (r *response) beginNext() {
	r.preset, r.fields, r.status = r.fields, nil, 0
	r.ahead = r.body.kept
	r.body = body{most: r.body.most}
}

// answer sends what the guest has answered by itself.
func (t *turn) answer() error {
	r := &t.response
	if r.status == 0 {
		r.setStatus(http.StatusOK)
	}
	if err := t.outer.StartResponse([]byte(r.line), r.fields.pairs(), false); err != nil {
		return t.fault("%s answered with status %q and headers that cannot be sent: %v", exportHandleRequest, r.line, err)
	}
	return t.finish()
}

// finish ends a response that was the guest's to send.
func (t *turn) finish() error {
	err := t.outer.Finish(t.response.body.kept)
	if errors.Is(err, abi.CodeClosed) {
		return &guest.Fault{Phase: guest.PhaseCall, Kind: guest.KindClient, Cause: err}
	}
	return err
}

// release sends the response that was held back, with what the guest has made of it.
func (t *turn) release() error {
	r := &t.response
	if r.body.replaced {
		r.fields.remove("content-length")
	}
	if err := t.outer.StartResponse([]byte(r.line), r.fields.pairs(), true); err != nil {
		return t.fault("%s has made a response with status %q and headers that cannot be sent: %v", exportHandleResponse, r.line, err)
	}
	return t.finish()
}

func (r *response) setStatus(code int) {
	r.status = code
	r.line = strconv.Itoa(code) + " " + http.StatusText(code)
}

func (f fields) pairs() []wire.Pair {
	pairs := make([]wire.Pair, len(f))
	for n, one := range f {
		pairs[n] = wire.Pair{Key: []byte(one.name), Value: []byte(one.value)}
	}
	return pairs
}

// inner is the exchange as what stands behind the guest has it.
type inner struct{ *turn }

// Environ implements [guest.Exchange].
func (x *inner) Environ(extra []wire.Pair) ([]byte, error) {
	if x.request.body.replaced {
		x.request.fields.set("content-length", strconv.Itoa(len(x.request.body.kept)))
	}
	return x.request.encode(extra)
}

// Fields implements [guest.Fielded].
func (x *inner) Fields() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for _, one := range x.request.fields {
			if !yield(one.name, one.value) {
				return
			}
		}
	}
}

// Read implements [guest.Exchange].
func (x *inner) Read(p []byte) (int, error) {
	n, err := x.request.body.next(p, &x.request.body.passed, x.features.has(bufferRequest))
	return n, x.own(err)
}

// own makes a fault one of the guest, which is not who runs.
func (x *inner) own(err error) error {
	if fault, ok := err.(*guest.Fault); ok && fault.App == "" {
		fault.App = appOf(x.outer)
	}
	return err
}

// Log implements [guest.Exchange].
func (x *inner) Log() *slog.Logger { return x.outer.Log() }

// StartResponse implements [guest.Exchange]. The response is given to the server at once, which checks it; what the guest makes of it
// later takes its place there.
func (x *inner) StartResponse(status []byte, headers []wire.Pair, excInfo bool) error {
	if err := x.outer.StartResponse(status, headers, excInfo); err != nil {
		return err
	}
	r := &x.response
	r.started, r.line = true, string(status)
	r.status, _ = strconv.Atoi(r.line[:3]) // it has been checked
	changed := r.merge(headers)
	if len(r.ahead) > 0 {
		r.fields.remove("content-length")
		changed = true
	}
	if !changed {
		return nil
	}
	if err := x.outer.StartResponse(status, r.fields.pairs(), true); err != nil {
		return x.fault("%s has set headers that cannot be sent: %v", exportHandleRequest, err)
	}
	return nil
}

// merge makes the headers those of the response, behind those that the guest had set before: of one name, the later ones hold, but
// cookies are added to one another. It reports whether that makes a difference.
func (r *response) merge(headers []wire.Pair) bool {
	r.fields = nil
	for _, one := range r.preset {
		if strings.EqualFold(one.name, "set-cookie") || !named(headers, one.name) {
			r.fields = append(r.fields, one)
		}
	}
	preset := len(r.fields)
	for _, pair := range headers {
		r.fields = append(r.fields, field{string(pair.Key), string(pair.Value)})
	}
	return preset > 0
}

func named(headers []wire.Pair, name string) bool {
	for _, pair := range headers {
		if strings.EqualFold(string(pair.Key), name) {
			return true
		}
	}
	return false
}

// Write implements [guest.Exchange].
func (x *inner) Write(block []byte) error {
	if !x.response.started {
		return abi.CodeState
	}
	if !x.features.has(bufferResponse) {
		if err := x.sendAhead(); err != nil {
			return err
		}
		return x.outer.Write(block)
	}
	if x.bodiless() {
		return nil
	}
	if length, ok := x.declared(); ok && len(x.response.body.kept)+len(block) > length {
		return abi.CodeLength
	}
	return x.hold(block)
}

// Finish implements [guest.Exchange]. What is not held back goes out now: the client need not wait for handle_response.
func (x *inner) Finish(body []byte) error {
	if !x.response.started {
		return &guest.Fault{Phase: guest.PhaseCall, Kind: guest.KindProtocol, Cause: errNoStart}
	}
	if !x.features.has(bufferResponse) {
		if err := x.sendAhead(); err != nil {
			return err
		}
		return x.outer.Finish(body)
	}
	if !x.bodiless() {
		if err := x.hold(body); err != nil {
			return err
		}
		if length, ok := x.declared(); ok && len(x.response.body.kept) != length {
			return &guest.Fault{Phase: guest.PhaseCall, Kind: guest.KindProtocol, Cause: errLength}
		}
	}
	x.response.held = true
	return nil
}

// sendAhead sends what the guest has written before.
func (x *inner) sendAhead() error {
	ahead := x.response.ahead
	if len(ahead) == 0 {
		return nil
	}
	x.response.ahead = nil
	return x.outer.Write(ahead)
}

// hold keeps a block back, behind what the guest has written before.
func (x *inner) hold(block []byte) error {
	ahead := x.response.ahead
	x.response.ahead = nil
	if err := x.response.body.keep(ahead); err != nil {
		return x.own(err)
	}
	return x.own(x.response.body.keep(block))
}

// bodiless reports whether the body's bytes are dropped and not counted.
func (x *inner) bodiless() bool {
	status := x.response.status
	return status == http.StatusNoContent || status == http.StatusNotModified || x.request.method == http.MethodHead
}

// declared is the response's Content-Length.
func (x *inner) declared() (int, bool) {
	values := x.response.fields.values("content-length")
	if len(values) == 0 {
		return 0, false
	}
	length, err := strconv.Atoi(values[0])
	return length, err == nil
}
