package abitest

import (
	"slices"
	"strings"

	"github.com/wasgi/wasgi/abi"
)

// Item 31: what ends WebSockets, and what does not.
func socketEndCases() []serverCase {
	return []serverCase{
		{name: "31_pings_are_answered", socket: true, run: func(s *session) {
			w := s.webSocket(handshake{playMessage: "c"})
			pings := []string{"", "ping", strings.Repeat("p", maxControl)}
			for _, ping := range pings {
				w.frames(frame{true, opPing, []byte(ping)}, frame{true, opText, []byte("then")})
				w.hears("then")
			}
			want(s, "the pongs are those of the pings", slices.Equal(w.pongs, pings), true)
			w.frames(frame{true, opPong, []byte("unasked")})
			w.say("and then")
			w.hears("and then")
		}},
		{name: "31_a_farewell_is_answered", socket: true, run: func(s *session) {
			s.webSocket(nil).leave(1000, "bye")
			s.webSocket(nil).leave(4999, "")
			s.webSocket(nil).leave(0, "")
		}},
		{name: "31_a_broken_protocol_is_closed_with_1002", socket: true, run: brokenProtocol},
		{name: "31_text_that_is_not_utf8_is_closed_with_1007", socket: true, run: func(s *session) {
			for _, text := range []string{"\xff", "abc\xc3", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc0\x80"} {
				fails(s, show(text), 1007, appendFrame(nil, frame{true, opText, []byte(text)}))
			}
			fails(s, "half a character at the end of fragments", 1007,
				appendFrame(appendFrame(nil, frame{false, opText, []byte("a\xc3")}), frame{true, opContinuation, []byte("a")}))
		}},
		{name: "31_a_message_that_is_too_long_is_closed_with_1009", socket: true, run: tooLong},
		{name: "31_a_fault_is_closed_with_1011", socket: true, run: func(s *session) {
			other := s.webSocket(nil)
			fails(s, "a guest that traps", 1011, appendFrame(nil, frame{true, opText, []byte("!")}))
			fails(s, "a guest that returns 1", 1011, appendFrame(nil, frame{true, opText, []byte("=1")}))
			other.say("sstill here")
			other.hears("still here")
		}},
	}
}

// fails sends what ends a connection, and looks at what both sides are told.
func fails(s *session, what string, code int, sent []byte) {
	watcher, topic := s.watch()
	w := s.webSocket(handshake{playClose: "V" + topic})
	w.bytes(sent)
	w.ends(what, code)
	e := watcher.environ()
	want(s, "the event after "+what, e.get(abi.VariableWebSocketEvent), abi.WebSocketClose)
	want(s, "the code after "+what, e.get(abi.VariableWebSocketCode), itoa(code))
}

// brokenProtocol sends what no client may.
func brokenProtocol(s *session) {
	masked := func(frames ...frame) (bytes []byte) {
		for _, f := range frames {
			bytes = appendFrame(bytes, f)
		}
		return bytes
	}
	for what, bytes := range map[string][]byte{
		"a frame without a mask":            {0x81, 1, 'a'},
		"a reserved bit":                    append([]byte{0xc1}, masked(frame{true, opText, []byte("a")})[1:]...),
		"the opcode 3":                      masked(frame{true, 3, nil}),
		"the opcode b":                      masked(frame{true, 0xb, nil}),
		"a continuation of nothing":         masked(frame{true, opContinuation, []byte("a")}),
		"a message within another":          masked(frame{false, opText, []byte("a")}, frame{true, opText, []byte("b")}),
		"a ping in fragments":               masked(frame{false, opPing, []byte("a")}),
		"a ping of 126 bytes":               masked(frame{true, opPing, make([]byte, 126)}),
		"a close frame of one byte":         masked(frame{true, opClose, []byte("a")}),
		"a close frame with the code 1005":  masked(frame{true, opClose, closing(1005, "")}),
		"a close frame with the code 999":   masked(frame{true, opClose, closing(999, "")}),
		"a close frame with the code 65535": masked(frame{true, opClose, closing(65535, "")}),
	} {
		fails(s, what, 1002, bytes)
	}
}

// tooLong sends the longest message, and one of a byte more, whole and in fragments.
func tooLong(s *session) {
	most := s.options.WebSocketMessage
	if most == 0 {
		s.socketURL()
		s.skip("ServerOptions.WebSocketMessage is not set")
	}
	w := s.webSocket(handshake{playMessage: "staken"})
	w.frames(frame{true, opBinary, make([]byte, most)})
	w.hears("taken")
	fails(s, "a message that is too long", 1009, appendFrame(nil, frame{true, opBinary, make([]byte, most+1)}))
	fails(s, "fragments that are too long", 1009,
		appendFrame(appendFrame(nil, frame{false, opBinary, make([]byte, most)}), frame{true, opContinuation, make([]byte, 1)}))
}
