// Package wasgiws is for apps that have WebSocket connections. The host holds them: an app is told of each event, as it is asked
// for each request, and has forgotten it when the next one comes.
//
//	func init() {
//		wasgi.Handle(page)
//		wasgiws.Serve(wasgiws.Handler{Open: open, Message: message})
//	}
//
//	func main() {}
//
//	func open(c *wasgiws.Conn) error {
//		if !loggedIn(c.Get("HTTP_COOKIE")) {
//			return wasgiws.Refuse(403)
//		}
//		return c.Subscribe("news")
//	}
//
//	func message(c *wasgiws.Conn, m *wasgiws.Message) {
//		wasgiws.PublishText("news", m.Text())
//	}
//
// Who is there is not the app's to remember. A connection subscribes to topics, and what is published to a topic goes to all that
// have: also from a request, with [PublishText] and [PublishBytes]. A connection whose [ID] was kept somewhere is reached by it.
//
// Sending does not wait for the client. A client that is too slow to take what is sent to it is disconnected by the host.
//
// The errors of this package are [abi.Code]s: CodeClosed for a connection that is not there any more, which needs no handling, since
// the app is told of it by Close; CodeInvalid for what cannot be sent, such as text that is not UTF-8; CodeTooLarge for what is over a
// limit; CodeState outside of an event and a request.
//
// A panic ends the guest, as it does any Go program: the text goes to the app's log, and the connection of the event is closed.
package wasgiws

import (
	"io"
	"strconv"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/guest-sdk/go/wasgi"
)

// Handler is what an app does about its connections. Each function may be nil. Those of one connection are called one after the
// other, in the order of what happened, and each with the app as it was before its first request, unless the manifest sets isolation.
type Handler struct {
	// Open is asked before the handshake is answered. An error refuses the connection: that of [Refuse] says with which status,
	// any other is logged, and the client gets 500. What Open sends to the connection arrives when it is there. nil lets all in.
	Open func(*Conn) error
	// Message is called for each message of the client.
	Message func(*Conn, *Message)
	// Close is called once for each connection that Open let in, after its end: nothing can be sent to it any more. The code is
	// that of RFC 6455: 1000 or 1001 where the client took leave, 1005 where it gave no code, 1006 where it vanished.
	Close func(c *Conn, code int, reason string)
}

// Conn is the connection of an event. It embeds the variables of its handshake: c.Get("HTTP_COOKIE"), c.Errors().
type Conn struct {
	ID
	wasgi.Environ
}

// AcceptProtocol chooses one of the subprotocols that the client offers in HTTP_SEC_WEBSOCKET_PROTOCOL. It is for Open alone.
func (c *Conn) AcceptProtocol(name string) error { return outcome(outside().AcceptProtocol(name)) }

// ID names a connection. It cannot be guessed, and is good for nothing in another app.
type ID string

// SendText sends a message of text to the connection.
func (id ID) SendText(text string) error {
	return outcome(outside().Send(string(id), abi.WebSocketText, text))
}

// SendBytes sends a binary message to the connection.
func (id ID) SendBytes(data []byte) error {
	return outcome(outside().Send(string(id), abi.WebSocketBinary, string(data)))
}

// Close closes the connection after what has been sent to it. The code is 1000, or one from 3000 to 4999 that the app gives a meaning;
// reason has at most 123 bytes.
func (id ID) Close(code int, reason string) error {
	return outcome(outside().Close(string(id), int32(code), reason))
}

// Subscribe makes the connection one of those that get what is published to a topic. A topic has 1 to 256 bytes, and exists as long
// as somebody is subscribed to it.
func (id ID) Subscribe(topic string) error { return outcome(outside().Subscribe(string(id), topic)) }

// Unsubscribe undoes Subscribe.
func (id ID) Unsubscribe(topic string) error {
	return outcome(outside().Unsubscribe(string(id), topic))
}

// PublishText sends a message of text to all connections that are subscribed to a topic, and returns to how many. The connection of
// the event is one of them if it is subscribed.
func PublishText(topic, text string) (int, error) {
	return abi.Result(outside().Publish(topic, abi.WebSocketText, text))
}

// PublishBytes is PublishText for a binary message.
func PublishBytes(topic string, data []byte) (int, error) {
	return abi.Result(outside().Publish(topic, abi.WebSocketBinary, string(data)))
}

func outcome(result int32) error {
	_, err := abi.Result(result)
	return err
}

// Message is what a client sent. It is there as a whole: reading does not wait, and does not fail.
type Message struct {
	// Binary is false for text, which is UTF-8.
	Binary bool
	input  io.Reader
}

// Read implements [io.Reader], for messages that are too large to have in memory twice.
func (m *Message) Read(p []byte) (int, error) { return m.input.Read(p) }

// Bytes returns what has not been read yet.
func (m *Message) Bytes() []byte {
	data, err := io.ReadAll(m.input)
	if err != nil {
		panic("wasgiws: message: " + err.Error())
	}
	return data
}

// Text returns what has not been read yet.
func (m *Message) Text() string { return string(m.Bytes()) }

// Refuse returns an error for Open that refuses the connection with an HTTP status from 400 to 599.
func Refuse(status int) error {
	if status < 400 || status > 599 {
		panic("wasgiws: Refuse: " + strconv.Itoa(status) + ": a status that refuses is one from 400 to 599")
	}
	return refusal(status)
}

type refusal int32

func (r refusal) Error() string { return "refused with status " + strconv.Itoa(int(r)) }
