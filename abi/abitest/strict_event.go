package abitest

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/abi/wire"
)

// strictEvent is one event of a connection, and how the host behaves at it.
type strictEvent struct {
	name      string
	kind      string // as the ABI calls it
	conn      *strictSocket
	variables [][2]string // of the event, beside its name and the connection's
	vary      func([][2]string) [][2]string
	fill      []byte
	input     input
}

// environ encodes the variables of the handshake and of the event.
func (e *strictEvent) environ() []byte {
	return encode((&play{request: e.conn.handshake, vary: func(list [][2]string) [][2]string {
		list = append(list, [2]string{abi.VariableWebSocketEvent, e.kind}, [2]string{abi.VariableWebSocketConnection, e.conn.id})
		list = append(list, e.variables...)
		if e.vary != nil {
			list = e.vary(list)
		}
		return list
	}}).varied())
}

// encode is for lists that the kit has made up, which never have 4 GiB.
func encode(list [][2]string) []byte {
	var e wire.Encoder
	for _, pair := range list {
		e.Add(pair[0], pair[1])
	}
	encoded, err := e.Bytes()
	if err != nil {
		panic(err)
	}
	return encoded
}

// handshakeOf is the request that opens a connection where an app answers a plain one.
func handshakeOf(r Request) Request {
	r.Method, r.Body = "GET", nil
	r.Headers = append([][2]string{
		{"HTTP_CONNECTION", "Upgrade"}, {"HTTP_UPGRADE", "websocket"}, {"HTTP_ORIGIN", "http://localhost:8080"},
		{"HTTP_SEC_WEBSOCKET_KEY", "dGhlIHNhbXBsZSBub25jZQ=="}, {"HTTP_SEC_WEBSOCKET_VERSION", "13"},
	}, r.Headers...)
	return r
}

// eventAnswer is what became of an event, as far as it can be compared.
type eventAnswer struct {
	result int32
	done   []deed // to connections
	clean  bool   // nothing was found
	reads  int
}

func (a eventAnswer) String() string {
	var list []string
	for _, d := range a.done {
		list = append(list, d.what+" "+show(d.said))
	}
	return fmt.Sprintf("result %d, calls %s", a.result, show("["+strings.Join(list, ", ")+"]"))
}

// same reports whether the guest did the same, and, if whole is set, said the same.
func (a eventAnswer) same(b eventAnswer, whole bool) bool {
	return a.result == b.result && slices.EqualFunc(a.done, b.done, func(d, e deed) bool { return d.what == e.what && (!whole || d.said == e.said) })
}

// hear plays one event on an instance, with the connections that there are.
func (i *strictInstance) hear(ctx context.Context, e *strictEvent, s *sockets) eventAnswer {
	j := i.judge
	found, done := j.count, len(s.done)
	i.sockets = s
	a := eventAnswer{}
	if environ := e.environ(); i.place(ctx, environ, e.fill) {
		a.result = i.handle(ctx, e, uint64(len(environ)), found)
	}
	a.done, a.clean, a.reads = s.done[done:], j.count == found, e.input.reads
	return a
}

// handle calls websocket_message and judges how it ends.
func (i *strictInstance) handle(ctx context.Context, e *strictEvent, length uint64, found int) int32 {
	j := i.judge
	for _, rule := range []string{ruleEvent, ruleResult, ruleTime, ruleNoResponse} {
		j.touch(rule)
	}
	i.event = e
	returned, err := i.call(ctx, abi.ExportWebSocketMessage, uint64(i.environ.ptr), length)
	i.event = nil
	switch {
	case err == nil:
	case j.count > found: // what has been found explains the rest
		return 0
	case err == errTime || err == errGrace:
		j.find(ruleTime, "websocket_message: %v", err)
		return 0
	default:
		j.find(ruleEvent, "websocket_message: %v", err)
		return 0
	}
	result := int32(uint32(returned))
	refuses := e.kind == abi.WebSocketOpen && result >= 400 && result <= 599
	if result != 0 && !refuses {
		rule := ruleResult
		if e.kind == unknownEvent {
			rule = ruleUnknownEvent
		}
		j.find(rule, "websocket_message returned %d for the event %s", result, e.kind)
	}
	return result
}
