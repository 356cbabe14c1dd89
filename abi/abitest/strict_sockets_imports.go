package abitest

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/tetratelabs/wazero/api"

	"github.com/wasgi/wasgi/abi"
)

// webSocketFunctions are those of wasgi_websocket_v1. Each checks pointers first, then lengths, then state, then content.
func webSocketFunctions() map[string]function {
	return map[string]function{
		abi.ImportWebSocketSend:           {5, (*strictInstance).socketSend},
		abi.ImportWebSocketClose:          {5, (*strictInstance).socketClose},
		abi.ImportWebSocketSubscribe:      {4, (*strictInstance).socketSubscribe},
		abi.ImportWebSocketUnsubscribe:    {4, (*strictInstance).socketUnsubscribe},
		abi.ImportWebSocketPublish:        {5, (*strictInstance).socketPublish},
		abi.ImportWebSocketAcceptProtocol: {2, (*strictInstance).socketAcceptProtocol},
	}
}

// views returns what pairs of pointer and length speak of.
func (i *strictInstance) views(memory api.Memory, function string, pairs ...uint64) ([][]byte, bool) {
	var views [][]byte
	for pair := range slices.Chunk(pairs, 2) {
		view, ok := i.view(memory, function, pair[0], pair[1])
		if !ok {
			return nil, false
		}
		views = append(views, view)
	}
	return views, true
}

// short reports whether a text is within its limit, in bytes.
func (i *strictInstance) short(function, what string, text []byte, most int) bool {
	i.judge.touch(ruleSocketLimits)
	if len(text) > most {
		i.judge.find(ruleSocketLimits, "%s: a %s of %d bytes; it may have %d", function, what, len(text), most)
	}
	return len(text) <= most
}

// nobody finds calls that come while there is neither a request nor an event.
func (i *strictInstance) nobody(function string) bool {
	if i.event != nil {
		i.judge.touch(ruleOutside)
		return false
	}
	return i.outside(function)
}

// invalid notes an argument that cannot be taken.
func (i *strictInstance) invalid(format string, args ...any) int32 {
	i.judge.find(ruleSocketContent, format, args...)
	return abi.CodeInvalid.Errno()
}

// did notes what was done, and returns what the guest is told of it.
func (i *strictInstance) did(result int32, said []byte, format string, args ...any) int32 {
	if i.sockets.refusal != 0 {
		return i.sockets.refusal
	}
	i.sockets.done = append(i.sockets.done, deed{fmt.Sprintf(format, args...), string(said)})
	return result
}

// message checks a message, and returns 0 for a good one.
func (i *strictInstance) message(function string, kind uint32, data []byte) int32 {
	i.judge.touch(ruleSocketContent)
	switch {
	case kind != abi.WebSocketText && kind != abi.WebSocketBinary:
		return i.invalid("%s: the type %d is none", function, kind)
	case kind == abi.WebSocketText && !utf8.Valid(data):
		return i.invalid("%s: the text %q is not UTF-8", function, clip(data))
	}
	return 0
}

func (i *strictInstance) socketSend(memory api.Memory, p []uint64) int32 {
	const name = abi.ImportWebSocketSend
	views, ok := i.views(memory, name, p[0], p[1], p[3], p[4])
	if !ok {
		return abi.CodeFault.Errno()
	}
	if i.nobody(name) {
		return abi.CodeState.Errno()
	}
	c := i.sockets.find(views[0])
	switch {
	case c == nil:
		return abi.CodeClosed.Errno()
	case len(views[1]) > mostQueued: // the operator's limit, and no rule
		return abi.CodeTooLarge.Errno()
	}
	if refused := i.message(name, uint32(p[2]), views[1]); refused != 0 {
		return refused
	}
	return i.did(0, views[1], "%s to %s as %d", name, c.id, uint32(p[2]))
}

func (i *strictInstance) socketClose(memory api.Memory, p []uint64) int32 {
	const name = abi.ImportWebSocketClose
	views, ok := i.views(memory, name, p[0], p[1], p[3], p[4])
	if !ok {
		return abi.CodeFault.Errno()
	}
	if !i.short(name, "reason", views[1], abi.MaxWebSocketReason) {
		return abi.CodeTooLarge.Errno()
	}
	if i.nobody(name) {
		return abi.CodeState.Errno()
	}
	c := i.sockets.find(views[0])
	if c == nil {
		return abi.CodeClosed.Errno()
	}
	i.judge.touch(ruleSocketContent)
	switch {
	case !closable(uint32(p[2])):
		return i.invalid("%s: no close frame may have the code %d", name, uint32(p[2]))
	case !utf8.Valid(views[1]):
		return i.invalid("%s: the reason %q is not UTF-8", name, clip(views[1]))
	}
	if i.sockets.refusal == 0 {
		c.closed, c.code = true, int(uint32(p[2]))
	}
	return i.did(0, views[1], "%s %s with %d", name, c.id, uint32(p[2]))
}

func (i *strictInstance) socketSubscribe(memory api.Memory, p []uint64) int32 {
	return i.subscription(memory, abi.ImportWebSocketSubscribe, p, (*strictSocket).subscribe)
}

func (i *strictInstance) socketUnsubscribe(memory api.Memory, p []uint64) int32 {
	return i.subscription(memory, abi.ImportWebSocketUnsubscribe, p, (*strictSocket).unsubscribe)
}

// subscription is what subscribe and unsubscribe have in common.
func (i *strictInstance) subscription(memory api.Memory, name string, p []uint64, change func(*strictSocket, string) int32) int32 {
	views, ok := i.views(memory, name, p...)
	if !ok {
		return abi.CodeFault.Errno()
	}
	topic := views[1]
	if !i.short(name, "topic", topic, abi.MaxWebSocketTopic) {
		return abi.CodeTooLarge.Errno()
	}
	if i.nobody(name) {
		return abi.CodeState.Errno()
	}
	c := i.sockets.find(views[0])
	if c == nil {
		return abi.CodeClosed.Errno()
	}
	i.judge.touch(ruleSocketContent)
	if len(topic) == 0 {
		return i.invalid("%s: the topic is empty", name)
	}
	if i.sockets.refusal != 0 {
		return i.sockets.refusal
	}
	return i.did(change(c, string(topic)), topic, "%s %s", name, c.id)
}

func (i *strictInstance) socketPublish(memory api.Memory, p []uint64) int32 {
	const name = abi.ImportWebSocketPublish
	views, ok := i.views(memory, name, p[0], p[1], p[3], p[4])
	if !ok {
		return abi.CodeFault.Errno()
	}
	topic := views[0]
	if !i.short(name, "topic", topic, abi.MaxWebSocketTopic) {
		return abi.CodeTooLarge.Errno()
	}
	if i.nobody(name) {
		return abi.CodeState.Errno()
	}
	i.judge.touch(ruleSocketContent)
	if len(topic) == 0 {
		return i.invalid("%s: the topic is empty", name)
	}
	if refused := i.message(name, uint32(p[2]), views[1]); refused != 0 {
		return refused
	}
	return i.did(i.sockets.subscribers(topic), views[1], "%s to %q as %d", name, topic, uint32(p[2]))
}

func (i *strictInstance) socketAcceptProtocol(memory api.Memory, p []uint64) int32 {
	const name = abi.ImportWebSocketAcceptProtocol
	protocol, ok := i.view(memory, name, p[0], p[1])
	if !ok {
		return abi.CodeFault.Errno()
	}
	if i.nobody(name) {
		return abi.CodeState.Errno()
	}
	i.judge.touch(ruleProtocol)
	switch e := i.event; {
	case e == nil:
		i.judge.find(ruleProtocol, "%s is called for a request", name)
		return abi.CodeState.Errno()
	case e.kind != abi.WebSocketOpen:
		i.judge.find(ruleProtocol, "%s is called in the event %s", name, e.kind)
		return abi.CodeState.Errno()
	case !slices.Contains(e.conn.offered, string(protocol)): // a way to ask for it, and no harm
		return abi.CodeInvalid.Errno()
	}
	return i.did(0, protocol, "%s", name)
}
