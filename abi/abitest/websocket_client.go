package abitest

import (
	"bufio"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/abi/wire"
)

// webSocket is one connection of a client.
type webSocket struct {
	*session
	net.Conn
	in    *bufio.Reader
	head  *head
	pongs []string // payloads
}

// socketURL is where the reference guest with WebSockets is.
func (s *session) socketURL() *url.URL {
	if s.options.WebSocket == "" {
		s.skip("ServerOptions.WebSocket is not set")
	}
	u, err := url.Parse(s.options.WebSocket)
	if err != nil || u.Scheme != s.base.Scheme || u.Host != s.base.Host {
		s.fatalf("ServerOptions.WebSocket %q: must be a URL of the server, %s", s.options.WebSocket, s.base.Host)
	}
	return u
}

// handshake is what a client asks for a connection with: header lines by their names. An empty value leaves the header out.
type handshake map[string]string

// knock asks for a connection at a target and returns the answer's head. A final answer that is not 101 has a body, which is not read.
func (s *session) knock(target string, h handshake) *webSocket {
	c := s.dial()
	key := make([]byte, 16)
	_, _ = rand.Read(key) // never fails
	lines := handshake{
		"Host": s.base.Host, "Connection": "Upgrade", "Upgrade": "websocket",
		"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": base64.StdEncoding.EncodeToString(key),
	}
	for name, value := range h {
		lines[name] = value
	}
	request := "GET " + target + " HTTP/1.1\r\n"
	for name, value := range lines {
		if value != "" {
			request += name + ": " + value + "\r\n"
		}
	}
	c.put(request + "\r\n")
	w := &webSocket{session: s, Conn: c.Conn, in: c.in, head: c.upgraded()}
	if w.head.status == 101 {
		want(s, "Sec-WebSocket-Accept", w.head.get("Sec-WebSocket-Accept"), acceptKey(lines["Sec-WebSocket-Key"]))
	}
	return w
}

// upgraded reads the head of the answer to a handshake.
func (c *wireConn) upgraded() *head {
	for {
		if h := c.anyHead(); h.status >= 200 || h.status == 101 {
			return h
		}
	}
}

// acceptKey is what a server answers a key with.
func acceptKey(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// webSocket opens a connection that must be accepted.
func (s *session) webSocket(h handshake) *webSocket {
	w := s.knock(s.socketURL().EscapedPath(), h)
	if w.head.status != 101 {
		s.fatalf("a handshake is answered with status %d, want 101", w.head.status)
	}
	return w
}

// refused asks for a connection, and wants that status.
func (s *session) refused(what string, h handshake, status int) *head {
	w := s.knock(s.socketURL().EscapedPath(), h)
	want(s, "status for "+what, w.head.status, status)
	return w.head
}

// frames sends frames at once.
func (w *webSocket) frames(frames ...frame) {
	var bytes []byte
	for _, f := range frames {
		bytes = appendFrame(bytes, f)
	}
	w.bytes(bytes)
}

func (w *webSocket) bytes(b []byte) {
	if _, err := w.Write(b); err != nil {
		w.fatalf("the server does not take a frame: %v", err)
	}
}

// say sends a text message: a script, unless the handshake has one.
func (w *webSocket) say(instructions ...string) {
	w.frames(frame{true, opText, []byte(do(instructions...))})
}

// receive returns the server's next message, and answers pings. The error may be a [farewell].
func (w *webSocket) receive() (Message, error) {
	return readMessage(w.in, func(f frame) error {
		switch f.opcode {
		case opPing:
			w.frames(frame{true, opPong, f.payload})
		case opPong:
			w.pongs = append(w.pongs, string(f.payload))
		default:
			bye, err := parseFarewell(f.payload)
			if err == nil {
				err = bye
			}
			return err
		}
		return nil
	})
}

// next returns the server's next message, which must come.
func (w *webSocket) next() Message {
	m, err := w.receive()
	if err != nil {
		w.fatalf("no message comes: %v", err)
	}
	return m
}

// hears wants those text messages next.
func (w *webSocket) hears(texts ...string) {
	for _, text := range texts {
		if m := w.next(); m.Binary || string(m.Data) != text {
			w.fatalf("the next message is %s, want the text %q", showMessage(m), text)
		}
	}
}

func showMessage(m Message) string {
	return fmt.Sprintf("%s %s", map[bool]string{true: "binary", false: "text"}[m.Binary], show(string(m.Data)))
}

// reports wants a report next.
func (w *webSocket) reports() []step {
	m := w.next()
	if !m.Binary {
		w.fatalf("the next message is %s, want a report", showMessage(m))
	}
	return w.reportOf(m.Data)
}

// environ wants an environ next.
func (w *webSocket) environ() environ {
	m := w.next()
	pairs, err := wire.Decode(m.Data)
	if err != nil || !m.Binary || environ(pairs).get(abi.VariableWebSocketEvent) == "" {
		w.fatalf("the next message is %s, want the environ of an event", showMessage(m))
	}
	return pairs
}

// ends reads up to the end of the connection, which must be a close frame with that code, and then nothing more.
func (w *webSocket) ends(what string, code int) farewell {
	for {
		_, err := w.receive()
		var bye farewell
		switch {
		case err == nil:
			continue
		case !errors.As(err, &bye):
			w.errorf("%s: the connection ends with %v, want a close frame with %d", what, err, code)
			return farewell{}
		}
		want(w.session, what+": the code of the close frame", bye.code, code)
		return bye
	}
}

// leave says goodbye, without a code if it is 0, and reads up to the server's.
func (w *webSocket) leave(code int, reason string) farewell {
	var payload []byte
	if code != 0 {
		payload = closing(code, reason)
	}
	w.frames(frame{true, opClose, payload})
	if code == 0 {
		code = 1005
	}
	return w.ends("the client takes leave", code)
}

// watch opens a connection that is told of what is published to a new topic.
func (s *session) watch() (w *webSocket, topic string) {
	topic = token()
	w = s.webSocket(handshake{"X-Play-Open": do("t"+topic, "+", "swatching")})
	w.hears("watching")
	return w, topic
}

// publish has a request publish a text, and returns the report of it.
func (s *session) publish(topic, text string) []step {
	a, err := s.tryAt(s.socketURL().String(), do("t"+topic, "p"+esc(text)))
	if err != nil {
		s.fatalf("no answer: %v", err)
	}
	return s.reportOf(s.good(a).body)
}

// silent wants that nothing was published to a topic until now.
func (w *webSocket) silent(what, topic string) {
	const end = "nothing else"
	w.publish(topic, end)
	if m := w.next(); string(m.Data) != end {
		w.errorf("%s: %s was published", what, showMessage(m))
	}
}

// tokens are the elements of a header that is a list, in lower case.
func tokens(value string) []string {
	var list []string
	for part := range strings.SplitSeq(value, ",") {
		list = append(list, strings.ToLower(strings.TrimSpace(part)))
	}
	return list
}
