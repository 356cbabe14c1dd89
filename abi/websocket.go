package abi

// WebSocketModule is the name of the import module that reaches an app's WebSocket connections.
const WebSocketModule = "wasgi_websocket_v1"

// ExportWebSocketMessage is what a guest exports to be told of its WebSocket connections: one call an event.
const ExportWebSocketMessage = "websocket_message"

// The functions a guest may import from [WebSocketModule].
const (
	ImportWebSocketSend           = "send"
	ImportWebSocketClose          = "close"
	ImportWebSocketSubscribe      = "subscribe"
	ImportWebSocketUnsubscribe    = "unsubscribe"
	ImportWebSocketPublish        = "publish"
	ImportWebSocketAcceptProtocol = "accept_protocol"
)

// What the environ of an event has beside the variables of the handshake.
const (
	VariableWebSocketEvent      = "websocket.event"
	VariableWebSocketConnection = "websocket.connection"
	VariableWebSocketType       = "websocket.type"
	VariableWebSocketCode       = "websocket.code"
	VariableWebSocketReason     = "websocket.reason"
)

// The events, as [VariableWebSocketEvent] has them.
const (
	WebSocketOpen    = "open"
	WebSocketMessage = "message"
	WebSocketClose   = "close"
)

// The types of a message that send and publish take. They are the opcodes of RFC 6455.
const (
	WebSocketText   = 1
	WebSocketBinary = 2
)

// Sizes in bytes.
const (
	// MaxWebSocketTopic bounds the name of a topic.
	MaxWebSocketTopic = 256
	// MaxWebSocketReason bounds the reason given to close: what fits into a frame beside the code.
	MaxWebSocketReason = 123
)
