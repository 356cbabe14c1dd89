package abitest

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

// Protocol is what the kit speaks to a server.
type Protocol int

const (
	// HTTP1 is HTTP/1.1, over TLS if the URL says https. Cases that no client library can show go through a connection of the
	// kit's own.
	HTTP1 Protocol = iota
	// HTTP2 is HTTP/2 over TLS.
	HTTP2
	// H2C is HTTP/2 without TLS and with prior knowledge.
	H2C
)

// ServerOptions says how to reach a server, and what can be observed of it beside its answers. The zero value is a server of
// which nothing else is known: the cases that need more are skipped, and say what they lack.
type ServerOptions struct {
	// Protocol is what to speak. With HTTP/2, cases that look at the bytes of HTTP/1.1 are skipped.
	Protocol Protocol
	// TLS is how to trust the server under https. It is cloned.
	TLS *tls.Config
	// Transport sends the requests, nil for one that is made for Protocol and TLS. One of your own must speak Protocol, must not
	// ask for compression, and must wait for 100 Continue.
	Transport http.RoundTripper
	// Dial connects for the cases on raw bytes of HTTP/1.1, with TLS done; nil dials what the URL names.
	Dial func(ctx context.Context) (net.Conn, error)

	// Log returns all that the server has logged until now, for items 1, 12, 13, 25 and 29.
	Log func() string
	// App is the name that the log gives to the reference guest, "" if it gives none.
	App string
	// Single is a URL of the reference guest limited to one instance, for items 3 and 24.
	Single string
	// WebSocket is a URL, of the same server, of [WebSocketGuest], for items 28 to 31. "" is for a server without WebSockets.
	WebSocket string
	// WebSocketMessage is how many bytes a client's message may have there, for item 31.
	WebSocketMessage int
	// Env is what the server grants to the reference guest as its environment, for item 10.
	Env map[string]string
	// TimeLimit says that the server ends a call within Patience, for item 25.
	TimeLimit bool
	// Load gives a module to the server and returns how it refuses it, nil if it does not, for item 1.
	Load func(ctx context.Context, module []byte) error

	// Only says which cases to run, by name; nil runs all.
	Only func(name string) bool
	// Patience bounds each case; 0 is 20 seconds. Good servers come nowhere near it.
	Patience time.Duration
}
