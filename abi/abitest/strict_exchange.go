package abitest

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/wasgi/wasgi/abi"
)

// exchange is one request as it is played, and what the guest has made of it.
type exchange struct {
	play *play

	started   bool
	status    int
	headers   []field
	declared  int64 // Content-Length, or -1
	committed bool
	sent      int64
	body      bytes.Buffer // as much as is kept

	reads    int
	unread   []byte
	pastEnd  int // reads after the end
	writes   int
	deaf     int  // writes after CodeClosed
	findings int  // of the judge when the exchange began
	given    bool // the guest has given the response up
	event    bool // it is no request, but an event of a WebSocket
	sockets  int  // calls of wasgi_websocket_v1
}

// What a guest may do in vain before its call is ended.
const (
	mostPastEnd = 1000 // reads at the end of the body
	mostDeaf    = 16   // writes after the client has gone
	// mostWrites is when the client goes: a stream may have no end of its own.
	mostWrites = 64
	// mostKept bounds what is kept of a body, in bytes.
	mostKept = 1 << 20
)

// bodiless reports that bytes of the body are dropped, and not counted.
func (x *exchange) bodiless() bool {
	return x.play.request.Method == "HEAD" || x.status == 204 || x.status == 304
}

// guestAnswer is what a guest has answered, as far as it can be compared.
type guestAnswer struct {
	status        int
	headers, body string
	clean         bool // nothing was found
	reads, writes int
}

func (a guestAnswer) String() string {
	return fmt.Sprintf("status %d, headers %s, body %s", a.status, show(a.headers), show(a.body))
}

// run plays one exchange on an instance.
func (i *strictInstance) run(ctx context.Context, p *play) guestAnswer {
	j := i.judge
	x := &exchange{play: p, declared: -1, unread: p.request.Body, findings: j.count}
	if i.place(ctx, p.environ(), p.fill) {
		i.apply(ctx, x, uint64(len(p.environ())))
	}
	var headers strings.Builder
	for _, h := range x.headers {
		fmt.Fprintf(&headers, "%s: %s\n", h.name, h.value)
	}
	return guestAnswer{x.status, headers.String(), x.body.String(), j.count == x.findings, x.reads, x.writes}
}

// apply calls application and judges how it ends.
func (i *strictInstance) apply(ctx context.Context, x *exchange, length uint64) {
	j := i.judge
	for _, rule := range []string{ruleReturns, ruleTime, ruleStarted, ruleBody} {
		j.touch(rule)
	}
	i.exchange = x
	result, err := i.call(ctx, abi.ExportApplication, uint64(i.environ.ptr), length)
	i.exchange = nil
	if err != nil {
		// What has been found explains the rest.
		if !x.given && j.count == x.findings {
			rule := ruleReturns
			if err == errTime || err == errGrace {
				rule = ruleTime
			}
			j.find(rule, "application: %v", err)
		}
		return
	}
	i.finish(x, uint32(result>>32), uint32(result))
}

// finish takes the returned body.
func (i *strictInstance) finish(x *exchange, ptr, length uint32) {
	j := i.judge
	var body []byte
	if length > 0 {
		view, ok := i.module.Memory().Read(ptr, length)
		if !ok {
			j.find(ruleBody, "application returned the pointer %d and the length %d, and the memory has %d bytes", ptr, length, i.module.Memory().Size())
			return
		}
		body = view
	}
	if !x.started {
		if j.count == x.findings {
			j.find(ruleStarted, "application returned without it, and %d bytes of body", length)
		}
		return
	}
	x.take(body)
	if x.declared < 0 || x.bodiless() || x.deaf > 0 {
		return
	}
	j.touch(ruleAgrees)
	if x.sent != x.declared && j.count == x.findings {
		j.find(ruleAgrees, "the body has %d bytes, and Content-Length says %d", x.sent, x.declared)
	}
}

// take counts and keeps bytes of the body.
func (x *exchange) take(block []byte) {
	x.committed = true
	x.sent += int64(len(block))
	x.body.Write(block[:max(0, min(len(block), mostKept-x.body.Len()))])
}
