package wasgiwstest

import (
	"strings"
	"unicode/utf8"

	"github.com/wasgi/wasgi/abi"
)

// host is what an app's handler speaks to. It implements wasgiws.Host.
type host struct{ app *App }

// Send implements wasgiws.Host.
func (h host) Send(conn string, kind int32, data string) int32 {
	c := h.app.clients[conn]
	switch {
	case c == nil:
		return abi.CodeClosed.Errno()
	case !valid(kind, data):
		return abi.CodeInvalid.Errno()
	}
	c.take(kind, data)
	return 0
}

// Close implements wasgiws.Host.
func (h host) Close(conn string, code int32, reason string) int32 {
	c := h.app.clients[conn]
	switch {
	case len(reason) > abi.MaxWebSocketReason:
		return abi.CodeTooLarge.Errno()
	case c == nil:
		return abi.CodeClosed.Errno()
	case !sendable(code) || !utf8.ValidString(reason):
		return abi.CodeInvalid.Errno()
	}
	h.app.end(c, int(code), reason)
	return 0
}

// Subscribe implements wasgiws.Host.
func (h host) Subscribe(conn, topic string) int32 {
	c, code := h.subscription(conn, topic)
	if code == 0 {
		c.topics[topic] = true
	}
	return code.Errno()
}

// Unsubscribe implements wasgiws.Host.
func (h host) Unsubscribe(conn, topic string) int32 {
	c, code := h.subscription(conn, topic)
	if code == 0 {
		delete(c.topics, topic)
	}
	return code.Errno()
}

func (h host) subscription(conn, topic string) (*Client, abi.Code) {
	c := h.app.clients[conn]
	switch {
	case len(topic) > abi.MaxWebSocketTopic:
		return nil, abi.CodeTooLarge
	case c == nil:
		return nil, abi.CodeClosed
	case topic == "":
		return nil, abi.CodeInvalid
	}
	return c, 0
}

// Publish implements wasgiws.Host.
func (h host) Publish(topic string, kind int32, data string) (n int32) {
	switch {
	case len(topic) > abi.MaxWebSocketTopic:
		return abi.CodeTooLarge.Errno()
	case topic == "" || !valid(kind, data):
		return abi.CodeInvalid.Errno()
	}
	for _, c := range h.app.clients {
		if c.topics[topic] {
			c.take(kind, data)
			n++
		}
	}
	return n
}

// AcceptProtocol implements wasgiws.Host.
func (h host) AcceptProtocol(name string) int32 {
	c := h.app.opening
	if c == nil {
		return abi.CodeState.Errno()
	}
	for _, header := range c.request.Headers {
		if !strings.EqualFold(header.Name, "Sec-WebSocket-Protocol") {
			continue
		}
		for offered := range strings.SplitSeq(header.Value, ",") {
			if strings.TrimSpace(offered) == name && name != "" {
				c.Protocol = name
				return 0
			}
		}
	}
	return abi.CodeInvalid.Errno()
}

func (c *Client) take(kind int32, data string) {
	c.received = append(c.received, Sent{kind == abi.WebSocketBinary, []byte(data)})
}

func valid(kind int32, data string) bool {
	return kind == abi.WebSocketBinary || kind == abi.WebSocketText && utf8.ValidString(data)
}

// sendable reports whether a close frame may have that code.
func sendable(code int32) bool {
	return code >= 1000 && code <= 1014 && (code < 1004 || code > 1006) || code >= 3000 && code <= 4999
}
