package socket

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/coder/websocket"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/host/internal/guest"
)

// Handshake is what is known of a request that asks for a connection.
type Handshake struct {
	App App
	// Environ are the request's variables, encoded, but for its id. The connection keeps the slice.
	Environ []byte
	// ID names the request, and so the event open.
	ID string
	// WebSocket is what the connection is held to. Timeout is for a message to arrive, WriteTimeout for one to be taken.
	WebSocket             guest.WebSocket
	Timeout, WriteTimeout time.Duration
}

// Refusal is why a handshake was answered with another status than 101.
type Refusal struct {
	Status int
	Cause  error
}

// Error implements error.
func (r *Refusal) Error() string { return r.Cause.Error() }

// Unwrap returns the cause.
func (r *Refusal) Unwrap() error { return r.Cause }

// ErrHijack says that the connection could not be taken over although the app has accepted it. Nothing can be answered any more.
var ErrHijack = errors.New("the connection could not be taken over")

// room in the buffer of an environ for what an event adds to the handshake's variables, in bytes.
const eventRoom = 1 << 10

// Asks reports whether a request asks for a WebSocket on a connection that could become one.
func Asks(w http.ResponseWriter, r *http.Request) bool {
	if r.Header["Upgrade"] == nil || r.Method != http.MethodGet || r.ProtoMajor != 1 || !canHijack(w) {
		return false
	}
	for _, value := range r.Header["Upgrade"] {
		for token := range strings.SplitSeq(value, ",") {
			if strings.EqualFold(strings.TrimSpace(token), "websocket") {
				return true
			}
		}
	}
	return false
}

func canHijack(w http.ResponseWriter) bool {
	for {
		switch wrapped := w.(type) {
		case http.Hijacker:
			return true
		case interface{ Unwrap() http.ResponseWriter }:
			w = wrapped.Unwrap()
		default:
			return false
		}
	}
}

// Upgrade checks a handshake, asks the guest, and answers with 101. From then on the connection is served until it ends, by another
// goroutine. An error is a [*Refusal], with nothing written to w yet; what Play has returned and reported; or [ErrHijack].
func (s *Sockets) Upgrade(w http.ResponseWriter, r *http.Request, h Handshake) error {
	if refusal := check(r, h); refusal != nil {
		return refusal
	}
	c := newConn(s, h)
	if refusal := s.join(c); refusal != nil {
		return refusal
	}
	opening := &event{kind: abi.WebSocketOpen, id: h.ID, offered: offered(r)}
	err := c.play(opening)
	if err == nil && opening.refusal != 0 {
		err = &Refusal{opening.refusal, errors.New("the app refused the connection")}
	}
	if err != nil {
		c.abandon()
		return err
	}
	if err := c.accept(w, r, opening.protocol); err != nil {
		c.end(lost, "", true)
		c.part()
		s.forget(c)
		return fmt.Errorf("%w: %w", ErrHijack, err)
	}
	go c.run()
	return nil
}

// abandon takes back a connection that never was one.
func (c *conn) abandon() {
	c.of.leave(c)
	c.mu.Lock()
	c.ended = true
	c.drop()
	c.mu.Unlock()
	c.of.forget(c)
}

// check finds what is wrong with a handshake before the guest is asked.
func check(r *http.Request, h Handshake) *Refusal {
	if n := len(h.Environ); n > abi.EnvironBuffer-eventRoom {
		return &Refusal{http.StatusRequestHeaderFieldsTooLarge, fmt.Errorf("the handshake's variables have %d bytes and may have %d", n, abi.EnvironBuffer-eventRoom)}
	}
	if r.Body != nil && r.Body != http.NoBody {
		return &Refusal{http.StatusBadRequest, errors.New("a handshake has a body")}
	}
	if r.Header.Get("Sec-WebSocket-Version") != "13" {
		return &Refusal{http.StatusUpgradeRequired, errors.New("only version 13 of WebSocket is served")}
	}
	p := &paper{header: http.Header{}}
	// On paper: everything that the library checks is checked, and the answer goes nowhere.
	_, err := websocket.Accept(p, r, &websocket.AcceptOptions{OriginPatterns: h.WebSocket.Origins})
	if p.status == http.StatusSwitchingProtocols {
		return nil
	}
	return &Refusal{p.status, err}
}

// paper is a response that nobody gets, on a connection that cannot be taken over.
type paper struct {
	header http.Header
	status int // the first
}

func (p *paper) Header() http.Header         { return p.header }
func (p *paper) Write(b []byte) (int, error) { return len(b), nil }

func (p *paper) WriteHeader(status int) {
	if p.status == 0 {
		p.status = status
	}
}

// Hijack implements [http.Hijacker].
func (*paper) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return nil, nil, http.ErrNotSupported
}

// offered are the subprotocols that the client would speak.
func offered(r *http.Request) (protocols []string) {
	for _, value := range r.Header["Sec-Websocket-Protocol"] {
		for token := range strings.SplitSeq(value, ",") {
			if token = strings.TrimSpace(token); token != "" {
				protocols = append(protocols, token)
			}
		}
	}
	return protocols
}

// accept answers with 101 and takes the connection over.
func (c *conn) accept(w http.ResponseWriter, r *http.Request, protocol string) error {
	options := &websocket.AcceptOptions{
		InsecureSkipVerify: true, // check has looked at the origin
		OnPongReceived:     func(context.Context, []byte) { c.heard.Store(true) },
	}
	if protocol != "" {
		options.Subprotocols = []string{protocol}
	}
	// A response without a connection needs no deadline; and taking it over takes this one back.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(c.writeTimeout))
	u := &upgrader{ResponseWriter: w}
	ws, err := websocket.Accept(u, r, options)
	if err != nil {
		return err
	}
	ws.SetReadLimit(-1) // readAll has its own, and says so in its own words
	c.begin(ws, u.conn)
	return nil
}

// upgrader takes the connection of a response over, with smaller buffers: most connections are idle, and there are many.
type upgrader struct {
	http.ResponseWriter
	conn net.Conn
}

// Hijack implements [http.Hijacker].
func (u *upgrader) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, buffers, err := http.NewResponseController(u.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	u.conn = certain{conn}
	if strict, ok := conn.(interface{ PassThrough() }); ok {
		strict.PassThrough() // what comes is HTTP no longer
	}
	early := buffers.Reader.Buffered() // what the client has sent without waiting for the answer
	reader := bufio.NewReaderSize(u.conn, max(bufferSize, early))
	if early > 0 {
		sent, _ := buffers.Reader.Peek(early) // that much is there
		reader.Reset(io.MultiReader(bytes.NewReader(bytes.Clone(sent)), u.conn))
		_, _ = reader.Peek(early)
	}
	return u.conn, bufio.NewReadWriter(reader, bufio.NewWriterSize(u.conn, bufferSize)), nil
}

// certain is a connection whose end is no [io.EOF]: the library returns that for the end of a message, and where a client has
// vanished between the fragments of one too, which would make half a message pass for a whole one.
type certain struct{ net.Conn }

// Read implements [net.Conn].
func (c certain) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}
