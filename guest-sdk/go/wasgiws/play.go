package wasgiws

import (
	"strconv"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/guest-sdk/go/wasgi"
)

// Host is the import module wasgi_websocket_v1 as the SDK sees it: each method is the function of that name, and returns what it
// returns, a count or a negated [abi.Code]. In a wasm module it is the host's; package wasgiwstest has one that plays connections.
type Host interface {
	Send(conn string, kind int32, data string) int32
	Close(conn string, code int32, reason string) int32
	Subscribe(conn, topic string) int32
	Unsubscribe(conn, topic string) int32
	Publish(topic string, kind int32, data string) int32
	AcceptProtocol(name string) int32
}

// Play has the handler handle the event that env describes, and returns what the exported function websocket_message returns for it.
// A test kit calls it, within [With].
func (h Handler) Play(env wasgi.Environ) int32 {
	c := &Conn{ID: ID(env.Get(abi.VariableWebSocketConnection)), Environ: env}
	switch env.Get(abi.VariableWebSocketEvent) {
	case abi.WebSocketOpen:
		if h.Open != nil {
			return answer(c, h.Open(c))
		}
	case abi.WebSocketMessage:
		if h.Message != nil {
			h.Message(c, &Message{Binary: env.Get(abi.VariableWebSocketType) == "binary", input: env.Input()})
		}
	case abi.WebSocketClose:
		if h.Close != nil {
			code, _ := strconv.Atoi(env.Get(abi.VariableWebSocketCode)) // the host's digits
			h.Close(c, code, env.Get(abi.VariableWebSocketReason))
		}
	}
	return 0 // also for an event of a later version, which needs no answer of an app that does not know it
}

// answer is the result of open. Errors are looked at without package errors' reflection, which would make a small guest larger.
func answer(c *Conn, err error) int32 {
	switch err := err.(type) {
	case nil:
		return 0
	case refusal:
		return int32(err)
	default:
		_, _ = c.Errors().Write([]byte("wasgiws: open: " + err.Error() + "\n")) // a log that is not taken changes nothing
		return 500
	}
}

// served is the handler that the exported function runs. It is written during initialisation only.
var served *Handler

// Serve makes the module take WebSocket connections, which handler is told of. Call it from init, beside [wasgi.Handle]: requests
// that do not ask for a WebSocket go there. A second call panics.
func Serve(handler Handler) {
	if served != nil {
		panic("wasgiws: Serve: called twice: a module holds one handler")
	}
	served = &handler
}
