package wasgiws

import (
	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/abi/wire"
	"github.com/wasgi/wasgi/guest-sdk/go/wasgi"
)

// Rehearse plays a whole connection on the handler, with one message of text, for an app that wants to have run once before its first
// event:
//
//	wasgi.WarmUp(func() { wasgiws.Rehearse(handler, "room=1", "hello") })
//
// query is that of the handshake. Nobody is there, and the host is not asked: what is sent is refused with [abi.CodeState].
func Rehearse(handler Handler, query, text string) {
	for _, event := range []string{abi.WebSocketOpen, abi.WebSocketMessage, abi.WebSocketClose} {
		var list wire.Encoder
		list.Add("REQUEST_METHOD", "GET")
		list.Add("PATH_INFO", "/")
		list.Add("QUERY_STRING", query)
		list.Add("SERVER_NAME", "localhost")
		list.Add("SERVER_PORT", "80")
		list.Add("SERVER_PROTOCOL", "HTTP/1.1")
		list.Add("HTTP_USER_AGENT", "wasgi-warm-up")
		list.Add("wasgi.request_id", "warm-up")
		list.Add(abi.VariableWebSocketEvent, event)
		list.Add(abi.VariableWebSocketConnection, "warm-up")
		list.Add(abi.VariableWebSocketType, "text")
		list.Add(abi.VariableWebSocketCode, "1000")
		environ, err := list.Bytes()
		if err != nil {
			panic("wasgiws: Rehearse: " + err.Error())
		}
		With(nowhere{}, func() {
			wasgi.Play(&rehearsal{text}, environ, func(env wasgi.Environ, _ wasgi.StartResponse) wasgi.Body {
				handler.Play(env)
				return nil
			})
		})
	}
}

// rehearsal is the wasgi.Host of an event that nobody has caused. There is an app's log, but an error in here is no news.
type rehearsal struct{ text string }

func (*rehearsal) StartResponse(_, _ []byte, _ bool) int32 { return abi.CodeState.Errno() }
func (*rehearsal) Write([]byte) int32                      { return abi.CodeState.Errno() }
func (*rehearsal) ErrorsWrite([]byte) int32                { return 0 }

func (r *rehearsal) InputRead(p []byte) int32 {
	n := copy(p, r.text)
	r.text = r.text[n:]
	return int32(n)
}
