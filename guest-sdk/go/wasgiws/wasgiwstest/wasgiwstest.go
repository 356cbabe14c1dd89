// Package wasgiwstest plays WebSocket connections against an app's handler in a plain `go test`, without wasm and without a server.
// Its host keeps the rules that wasgi's keeps.
//
//	func TestHello(t *testing.T) {
//		app := wasgiwstest.New(handler)
//		alice := app.Dial(wasgitest.Request{Path: "/?room=1"})
//		alice.SendText("hello")
//		if got := alice.Received(); len(got) != 1 || got[0].Text() != "hello" {
//			t.Error(got)
//		}
//	}
package wasgiwstest

import (
	"bytes"
	"crypto/rand"
	"slices"
	"strconv"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/guest-sdk/go/wasgi"
	"github.com/wasgi/wasgi/guest-sdk/go/wasgi/wasgitest"
	"github.com/wasgi/wasgi/guest-sdk/go/wasgiws"
)

// App is an app with its connections. One test uses it.
type App struct {
	handler wasgiws.Handler
	clients map[string]*Client // those that are connected, by id
	opening *Client            // the one whose open is played
	ended   []*Client          // those whose close has to be played
}

// New returns an app that nobody is connected to.
func New(handler wasgiws.Handler) *App {
	return &App{handler: handler, clients: map[string]*Client{}}
}

// Client is one end of a connection.
type Client struct {
	// Status is 101, or the status that the handshake was refused with.
	Status int
	// Protocol is the subprotocol that the app has accepted, "" for none.
	Protocol string
	// Code and Reason are how the connection was closed; Code is 0 as long as it is not.
	Code   int
	Reason string
	// Errors is what the app wrote to its log in the events of this connection.
	Errors string
	// Fault says why the last event of this connection failed; nil if it did not.
	Fault error

	app      *App
	id       string
	request  wasgitest.Request
	topics   map[string]bool
	received []Sent
}

// Sent is a message that a client got.
type Sent struct {
	Binary bool
	Data   []byte
}

// Text is the message as text.
func (s Sent) Text() string { return string(s.Data) }

// Dial connects. The request is that of the handshake; its Body and OnBlock have no use.
func (a *App) Dial(request wasgitest.Request) *Client {
	c := &Client{app: a, id: rand.Text(), request: request, topics: map[string]bool{}}
	a.clients[c.id], a.opening = c, c
	c.Status = 101
	result := a.play(c, abi.WebSocketOpen, nil)
	a.opening = nil
	switch {
	case c.Fault != nil:
		c.Status = 500
	case result != 0:
		c.Status = int(result)
	}
	if c.Status != 101 {
		delete(a.clients, c.id)
		c.received = nil
	}
	a.tell()
	return c
}

// SendText sends a message of text to the app.
func (c *Client) SendText(text string) { c.send("text", []byte(text)) }

// SendBytes sends a binary message to the app.
func (c *Client) SendBytes(data []byte) { c.send("binary", data) }

func (c *Client) send(kind string, data []byte) {
	if c.app.clients[c.id] != c {
		panic("wasgiwstest: the client is not connected")
	}
	c.app.play(c, abi.WebSocketMessage, data, wasgi.Header{Name: abi.VariableWebSocketType, Value: kind})
	c.app.tell()
}

// Received returns the messages that the client got since it was last asked.
func (c *Client) Received() []Sent {
	received := c.received
	c.received = nil
	return received
}

// Close takes leave. Code 1006 plays a client that vanishes.
func (c *Client) Close(code int, reason string) {
	c.app.end(c, code, reason)
	c.app.tell()
}

// Call plays a request to the app, which may publish.
func (a *App) Call(app wasgi.Application, request wasgitest.Request) (response *wasgitest.Response) {
	wasgiws.With(host{a}, func() { response = wasgitest.Call(app, request) })
	a.tell()
	return response
}

// end disconnects a client, once.
func (a *App) end(c *Client, code int, reason string) {
	if a.clients[c.id] != c {
		return
	}
	delete(a.clients, c.id)
	c.Code, c.Reason = code, reason
	if c != a.opening {
		a.ended = append(a.ended, c)
	}
}

// tell plays the close of all that were disconnected, and of those whom that disconnects.
func (a *App) tell() {
	for len(a.ended) > 0 {
		c := a.ended[0]
		a.ended = a.ended[1:]
		extra := []wasgi.Header{{Name: abi.VariableWebSocketCode, Value: strconv.Itoa(c.Code)}}
		if c.Reason != "" {
			extra = append(extra, wasgi.Header{Name: abi.VariableWebSocketReason, Value: c.Reason})
		}
		a.play(c, abi.WebSocketClose, nil, extra...)
	}
}

// play plays one event. A fault closes the connection.
func (a *App) play(c *Client, event string, data []byte, extra ...wasgi.Header) (result int32) {
	request := c.request
	request.Body = bytes.NewReader(data)
	request.OnBlock = nil
	request.Environ = append(slices.Clone(request.Environ),
		wasgi.Header{Name: abi.VariableWebSocketEvent, Value: event},
		wasgi.Header{Name: abi.VariableWebSocketConnection, Value: c.id})
	request.Environ = append(request.Environ, extra...)
	var response *wasgitest.Response
	wasgiws.With(host{a}, func() {
		response = wasgitest.Call(func(env wasgi.Environ, start wasgi.StartResponse) wasgi.Body {
			result = a.handler.Play(env)
			_, _ = start("204 No Content", nil) // an event has no response; one without is a fault to wasgitest
			return nil
		}, request)
	})
	c.Errors += response.Errors
	if c.Fault = response.Fault; c.Fault != nil {
		a.end(c, 1011, "the app failed")
	}
	return result
}
