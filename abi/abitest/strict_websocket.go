package abitest

import (
	"context"

	"github.com/tetratelabs/wazero/api"

	"github.com/wasgi/wasgi/abi"
)

// connection names the only WebSocket that the strict host knows of.
const connection = "KITKITKITKITKITKITKITKIT"

// socketFunction is one function of wasgi_websocket_v1: how many parameters it has, which of them are pointers (their lengths follow),
// and whether the first of these names a connection.
type socketFunction struct {
	params   int
	pointers []int
	names    bool
}

func socketFunctions() map[string]socketFunction {
	return map[string]socketFunction{
		abi.ImportWebSocketSend:           {5, []int{0, 3}, true},
		abi.ImportWebSocketClose:          {5, []int{0, 3}, true},
		abi.ImportWebSocketSubscribe:      {4, []int{0, 2}, true},
		abi.ImportWebSocketUnsubscribe:    {4, []int{0, 2}, true},
		abi.ImportWebSocketPublish:        {5, []int{0, 3}, false},
		abi.ImportWebSocketAcceptProtocol: {2, []int{0}, false},
	}
}

// offerSockets offers wasgi_websocket_v1, with a connection that takes everything and topics that nobody listens to.
func (h *strictHost) offerSockets(ctx context.Context) error {
	builder := h.runtime.NewHostModuleBuilder(abi.WebSocketModule)
	for name, f := range socketFunctions() {
		builder.NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(func(_ context.Context, module api.Module, stack []uint64) {
			h.hosted(func() { stack[0] = uint64(uint32(h.current.socket(module.Memory(), name, f, stack))) })
		}), i32s(f.params), i32s(1)).Export(name)
	}
	_, err := builder.Instantiate(ctx)
	return err
}

func (i *strictInstance) socket(memory api.Memory, name string, f socketFunction, p []uint64) int32 {
	var first string
	for n, at := range f.pointers {
		view, ok := i.view(memory, name, p[at], p[at+1])
		if !ok {
			return abi.CodeFault.Errno()
		}
		if n == 0 {
			first = string(view)
		}
	}
	if i.exchange == nil {
		return abi.CodeState.Errno() // which a guest that rehearses an event in warm_up expects
	}
	i.exchange.sockets++
	switch {
	case name == abi.ImportWebSocketAcceptProtocol:
		return abi.CodeInvalid.Errno() // the client has offered none
	case f.names && first != connection:
		return abi.CodeClosed.Errno()
	}
	return 0
}

// events plays the life of a connection, and an event that nobody knows.
func (h *strictHost) events(ctx context.Context) {
	if h.module.ExportedFunctions()[abi.ExportWebSocketMessage] == nil {
		return
	}
	more := map[string][][2]string{
		abi.WebSocketOpen:    nil,
		abi.WebSocketMessage: {{abi.VariableWebSocketType, "text"}},
		abi.WebSocketClose:   {{abi.VariableWebSocketCode, "1001"}},
		"kit-unknown":        {{"websocket.kit", "1"}},
	}
	for _, event := range []string{abi.WebSocketOpen, abi.WebSocketMessage, abi.WebSocketClose, "kit-unknown"} {
		p := plain(Request{Path: "/", Headers: append(more[event],
			[2]string{abi.VariableWebSocketEvent, event}, [2]string{abi.VariableWebSocketConnection, connection})})
		p.name = "the WebSocket event " + event
		if event == abi.WebSocketMessage {
			p.request.Body = []byte("hello")
		}
		h.event(ctx, p, event)
	}
}

// event plays one event on a new instance.
func (h *strictHost) event(ctx context.Context, p *play, event string) {
	h.judge.request = p.name
	if h.lost || ctx.Err() != nil {
		return
	}
	i := h.instance(ctx, true)
	if i == nil {
		return
	}
	defer i.close()
	rule := ruleEvent
	if event == "kit-unknown" {
		rule = ruleUnknownEvent
	}
	h.judge.touch(rule)
	if !i.place(ctx, p.environ(), nil) {
		return
	}
	x := &exchange{play: p, declared: -1, unread: p.request.Body, event: true}
	i.exchange = x
	result, err := i.call(ctx, abi.ExportWebSocketMessage, uint64(i.environ.ptr), uint64(len(p.environ())))
	i.exchange = nil
	switch refused := uint32(result); {
	case err != nil:
		h.judge.find(rule, "websocket_message: %v", err)
	case refused != 0 && !(event == abi.WebSocketOpen && refused >= 400 && refused <= 599):
		h.judge.find(rule, "websocket_message returned %d", refused)
	case rule == ruleUnknownEvent && x.sockets > 0:
		h.judge.find(rule, "websocket_message calls wasgi_websocket_v1 %d times", x.sockets)
	}
}
