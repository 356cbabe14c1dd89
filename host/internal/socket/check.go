package socket

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	"github.com/coder/websocket"

	"github.com/wasgi/wasgi/abi"
)

// eventRoom is what the buffer of an environ has for what an event adds to the handshake's variables, in bytes.
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
