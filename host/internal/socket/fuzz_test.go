package socket_test

import (
	"io"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// Whatever a client sends after the handshake, the connection ends when the client does, and the server goes on.
func FuzzFrames(f *testing.F) {
	s := newSite(f, "timeout = '5s'\nquarantine_after = 0\nlog_lines = 1", nil)
	for _, seed := range [][]byte{
		nil,
		frame(fin|opText, "ehello"),
		frame(fin|opBinary, "z\x00\xff"),
		frame(fin|opText, "e\xff"),
		append(frame(opText, "ehe"), frame(fin|opContinuation, "llo")...),
		frame(fin|opPing, "x"),
		frame(fin|opPong, "x"),
		frame(fin|opClose, "\x03\xe8bye"),
		frame(fin|opClose, "\x03\xed"),
		frame(fin|opText, "c"),
		frame(fin|opText, "t"),
		{fin | opBinary, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r := s.upgraded(t, "?n")
		r.put(data)
		_ = r.SetReadDeadline(time.Now().Add(hang))
		if half, ok := r.Conn.(interface{ CloseWrite() error }); ok {
			_ = half.CloseWrite()
		}
		if _, err := io.Copy(io.Discard, r.from); err != nil && isTimeout(err) {
			t.Fatalf("% x: the connection does not end", data)
		}
		_ = r.Close()
		c := s.dial(t, "?n")
		c.send("ehello")
		c.want("hello")
		_ = c.Close(websocket.StatusNormalClosure, "")
	})
}

func isTimeout(err error) bool {
	timeout, ok := err.(interface{ Timeout() bool })
	return ok && timeout.Timeout()
}
