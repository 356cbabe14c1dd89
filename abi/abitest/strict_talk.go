package abitest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/wasgi/wasgi/abi"
)

// unknownEvent is one that no version has.
const unknownEvent = "kit-unknown"

// talk is what two connections go through, event by event.
type talk struct {
	*strictHost
	ctx       context.Context
	name      string
	handshake Request
	sockets   sockets
	// one is the instance that is told of all events; nil makes a new one for each.
	one *strictInstance
	// change changes each event; nil leaves them.
	change func(*strictEvent)
	// names are those of the connections.
	names [2]string

	events  []string
	answers []eventAnswer
}

// socketNames are names of connections as servers have them.
func socketNames() [2]string {
	return [2]string{"Q7WUKX3NBM2PYRA6CDFJHLSTV4", "ZK5YOWE7PL3XU2RGDNTB4AQCMF"}
}

// run plays the events, up to the first at which something is wrong.
func (t *talk) run() {
	first, second := &strictSocket{id: t.names[0]}, &strictSocket{id: t.names[1], offered: []string{"kit.one", "kit.two"}}
	_ = t.open(first) && t.open(second) &&
		t.messages(first) && t.unknown(first) && t.message(second, Message{Data: []byte("hello")}) &&
		t.end(second, 1006, "") && t.message(first, Message{Data: []byte("hello")}) && t.end(first, 1000, "bye")
}

// open reports whether to go on, also with a connection that was refused.
func (t *talk) open(c *strictSocket) bool {
	t.sockets.conns = append(t.sockets.conns, c)
	c.handshake = t.handshake
	if len(c.offered) > 0 {
		offers := [2]string{"HTTP_SEC_WEBSOCKET_PROTOCOL", strings.Join(c.offered, ", ")}
		c.handshake.Headers = append(slices.Clone(c.handshake.Headers), offers)
	}
	a := t.tell(c, abi.WebSocketOpen, nil, "")
	c.refused = a.result != 0
	c.closed = c.closed || c.refused
	return a.clean
}

func (t *talk) messages(c *strictSocket) bool {
	for _, m := range append(usualMessages(), t.options.Messages...) {
		if !t.message(c, m) {
			return false
		}
	}
	return true
}

// usualMessages are what the kit has a client say.
func usualMessages() []Message {
	return []Message{
		{Data: []byte("hello")}, {}, {Data: []byte(`{"type":"hello","text":"hello"}`)}, {Data: []byte(strings.Repeat("\u00fc\n", 5000))},
		{Binary: true, Data: []byte("\x00\xff\x80\r\n")}, {Binary: true},
	}
}

func (t *talk) message(c *strictSocket, m Message) bool {
	if c.closed {
		return true
	}
	kind := map[bool]string{true: "binary", false: "text"}[m.Binary]
	return t.tell(c, abi.WebSocketMessage, [][2]string{{abi.VariableWebSocketType, kind}}, string(m.Data)).clean
}

func (t *talk) unknown(c *strictSocket) bool {
	if c.closed {
		return true
	}
	t.judge.touch(ruleUnknownEvent)
	a := t.tell(c, unknownEvent, nil, "")
	if len(a.done) > 0 {
		t.judge.find(ruleUnknownEvent, "for the event %s, which no version has: %v", unknownEvent, a)
	}
	return a.clean && len(a.done) == 0
}

// end ends a connection: as the guest has, or else as a client has.
func (t *talk) end(c *strictSocket, code int, reason string) bool {
	if c.refused {
		return true
	}
	c.closed = true
	variables := [][2]string{{abi.VariableWebSocketCode, itoa(cmp.Or(c.code, code))}}
	if reason != "" {
		variables = append(variables, [2]string{abi.VariableWebSocketReason, reason})
	}
	return t.tell(c, abi.WebSocketClose, variables, "").clean
}

// tell plays one event.
func (t *talk) tell(c *strictSocket, kind string, variables [][2]string, message string) eventAnswer {
	e := &strictEvent{name: "event " + kind, kind: kind, conn: c, variables: variables}
	e.input.unread = []byte(message)
	if kind == abi.WebSocketMessage {
		e.name += fmt.Sprintf(" (%s, %d bytes)", variables[0][1], len(message))
	}
	if t.name != "" {
		e.name += ", " + t.name
	}
	if t.change != nil {
		t.change(e)
	}
	t.judge.request = e.name
	a := t.ask(e)
	t.events, t.answers = append(t.events, e.name), append(t.answers, a)
	return a
}

func (t *talk) ask(e *strictEvent) eventAnswer {
	if t.lost || t.ctx.Err() != nil {
		return eventAnswer{}
	}
	i := t.one
	if i == nil {
		if i = t.instance(t.ctx, true); i == nil {
			return eventAnswer{}
		}
		defer i.close()
	}
	return i.hear(t.ctx, e, &t.sockets)
}

// clean reports whether nothing was found.
func (t *talk) clean() bool {
	return !slices.ContainsFunc(t.answers, func(a eventAnswer) bool { return !a.clean })
}

// reads is how often the guest has read, and did whether it has done something to connections.
func (t *talk) reads() (n int) {
	for _, a := range t.answers {
		n += a.reads
	}
	return n
}

func (t *talk) did() bool { return len(t.sockets.done) > 0 }

// differs is the first event of which the answers are not the same, -1 if there is none.
func (t *talk) differs(other *talk, whole bool) int {
	for n := range max(len(t.answers), len(other.answers)) {
		if n >= len(t.answers) || n >= len(other.answers) || !t.answers[n].same(other.answers[n], whole) {
			return n
		}
	}
	return -1
}
