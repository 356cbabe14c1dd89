package abitest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wasgi/wasgi/abi"
)

// Item 29: what the guest is told of WebSockets.
func socketEventCases() []serverCase {
	return []serverCase{
		{name: "29_events_have_their_variables", socket: true, run: eventVariables},
		{name: "29_events_have_those_of_the_handshake", socket: true, run: handshakeVariables},
		{name: "29_each_event_has_a_request_id", socket: true, run: func(s *session) {
			w := s.webSocket(handshake{playOpen: "V", playMessage: "V"})
			w.say("one")
			w.say("two")
			seen := map[string]bool{}
			for range 3 {
				id, times := w.environ().lookup("wasgi.request_id")
				if id == "" || times != 1 || seen[id] {
					s.errorf("wasgi.request_id %q is empty, seen before, or not the only one", id)
				}
				seen[id] = true
			}
		}},
		{name: "29_messages_arrive_as_they_are", socket: true, run: messagesArrive},
		{name: "29_fragments_are_one_message", socket: true, run: fragments},
		{name: "29_a_message_is_read_to_its_end", socket: true, run: func(s *session) {
			w := s.webSocket(handshake{playMessage: do("r2", "r0", "R100", "r5", returnReport)})
			w.say("abcde")
			steps := w.reports()
			want(s, "what was read", content(steps), "abcde")
			if n := s.step(steps, 0).result; n < 1 || n > 2 {
				s.errorf("input_read of 2 bytes returned %d", n)
			}
			want(s, "at the end and after it", results(last(steps, 2)), "R 0, r 0")
			w.say()
			want(s, "reads of an empty message", results(w.reports()), "r 0, r 0, R 0, r 0")
		}},
		{name: "29_open_and_close_have_no_message", socket: true, run: func(s *session) {
			watcher, topic := s.watch()
			w := s.webSocket(handshake{playOpen: do("r5", returnReport), playClose: do("r5", returnReport+topic)})
			want(s, "a read in open", results(w.reports()), "r 0")
			w.leave(1000, "")
			want(s, "a read in close", results(watcher.reports()), "r 0")
		}},
		{name: "29_an_event_has_no_response", socket: true, run: func(s *session) {
			w := s.webSocket(handshake{playOpen: do("w", returnReport)})
			want(s, "start_response and write in open", results(w.reports()), "w -4, w -4")
			w.say("w", returnReport)
			want(s, "start_response and write in message", results(w.reports()), "w -4, w -4")
		}},
		{name: "29_events_come_in_order", socket: true, run: func(s *session) {
			w := s.webSocket(handshake{playMessage: "c"})
			var all []frame
			var texts []string
			for n := range 100 {
				texts = append(texts, fmt.Sprintf("message %d", n))
				all = append(all, frame{true, opText, []byte(texts[n])})
			}
			w.frames(all...)
			w.hears(texts...)
		}},
		{name: "29_errors_write_reaches_the_log", socket: true, run: func(s *session) {
			word := token()
			w := s.webSocket(nil)
			w.say("e"+word, "V")
			s.logged(word, w.environ().get("wasgi.request_id"))
		}},
		{name: "29_close_comes_once_and_last", socket: true, run: closeComes},
	}
}

// eventVariables looks at what each event adds.
func eventVariables(s *session) {
	watcher, topic := s.watch()
	w := s.webSocket(handshake{playOpen: "V", playMessage: "V", playClose: "V" + topic})
	w.frames(frame{true, opText, []byte("text")}, frame{true, opBinary, []byte("\xff")})
	var environs []environ
	for range 3 {
		environs = append(environs, w.environ())
	}
	w.leave(4000, "good\u00fcbye")
	environs = append(environs, watcher.environ())
	name := environs[0].get(abi.VariableWebSocketConnection)
	if len(name) < 1 || len(name) > 64 || strings.Trim(name, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") != "" {
		s.errorf("%s is %q, want 1 to 64 letters and digits", abi.VariableWebSocketConnection, name)
	}
	for n, c := range []struct{ event, kind, code, reason string }{
		{"open", "", "", ""}, {"message", "text", "", ""}, {"message", "binary", "", ""}, {"close", "", "4000", "good\u00fcbye"},
	} {
		for key, value := range map[string]string{
			abi.VariableWebSocketEvent: c.event, abi.VariableWebSocketConnection: name, abi.VariableWebSocketType: c.kind,
			abi.VariableWebSocketCode: c.code, abi.VariableWebSocketReason: c.reason,
		} {
			got, times := environs[n].lookup(key)
			want(s, key+" of "+c.event, got, value)
			want(s, "how often "+key+" is there in "+c.event, times, map[bool]int{true: 1}[value != ""])
		}
	}
	other := s.webSocket(handshake{playOpen: "V"}).environ().get(abi.VariableWebSocketConnection)
	want(s, "another connection has another name", other != name, true)
}

func handshakeVariables(s *session) {
	watcher, topic := s.watch()
	w := s.knock(s.socketURL().EscapedPath()+"?room=%31", handshake{
		"Cookie": "session=1", "X-Other": "caf\xe9", playOpen: "V", playMessage: "V", playClose: "V" + topic,
	})
	w.say("hello")
	environs := []environ{w.environ(), w.environ()}
	w.leave(1000, "")
	environs = append(environs, watcher.environ())
	for _, e := range environs {
		event := e.get(abi.VariableWebSocketEvent)
		for key, value := range map[string]string{
			"REQUEST_METHOD": "GET", "QUERY_STRING": "room=%31", "HTTP_COOKIE": "session=1", "HTTP_X_OTHER": "caf\xe9",
			"SCRIPT_NAME": strings.TrimSuffix(s.socketURL().Path, "/"), "SERVER_PROTOCOL": "HTTP/1.1",
		} {
			want(s, key+" of "+event, e.get(key), value)
		}
		for _, key := range []string{"REMOTE_ADDR", "SERVER_NAME", "SERVER_PORT", "HTTP_HOST"} {
			if value := e.get(key); value == "" || value != environs[0].get(key) {
				s.errorf("%s of %s is %q, and %q of open", key, event, value, environs[0].get(key))
			}
		}
	}
}

// messagesArrive has the guest send back what it is sent.
func messagesArrive(s *session) {
	w := s.webSocket(handshake{playMessage: "c"})
	for _, m := range []Message{
		{Data: []byte("hello")}, {}, {Data: []byte("\u00fc\u20ac\U0001F600\x00\x1f")}, {Binary: true},
		{Binary: true, Data: counting(256)}, {Binary: true, Data: counting(125)}, {Binary: true, Data: counting(126)},
		{Binary: true, Data: counting(65535)}, {Binary: true, Data: counting(65536)}, {Data: []byte(strings.Repeat("\u00fc", 30_000))},
	} {
		opcode := map[bool]byte{true: opBinary, false: opText}[m.Binary]
		w.frames(frame{true, opcode, m.Data})
		if got := w.next(); got.Binary != m.Binary || string(got.Data) != string(m.Data) {
			s.errorf("%s came back as %s", showMessage(m), showMessage(got))
		}
	}
}

func fragments(s *session) {
	w := s.webSocket(handshake{playMessage: "c"})
	w.frames(frame{false, opText, []byte("caf\xc3")}, frame{false, opContinuation, nil}, frame{true, opPing, []byte("within")},
		frame{false, opContinuation, []byte("\xa9 ")}, frame{true, opContinuation, []byte("noir")})
	w.hears("caf\u00e9 noir")
	want(s, "the ping within was answered", slices.Equal(w.pongs, []string{"within"}), true)
	w.frames(frame{false, opBinary, nil}, frame{false, opContinuation, []byte("\xff")}, frame{true, opContinuation, nil})
	if m := w.next(); !m.Binary || string(m.Data) != "\xff" {
		s.errorf("three fragments came back as %s", showMessage(m))
	}
	all := counting(1000)
	var bytewise []frame
	for n := range all {
		bytewise = append(bytewise, frame{n == len(all)-1, map[bool]byte{true: opBinary}[n == 0], all[n : n+1]})
	}
	w.frames(bytewise...)
	if m := w.next(); !m.Binary || string(m.Data) != string(all) {
		s.errorf("a message in %d fragments came back as %s", len(all), showMessage(m))
	}
}

// closeComes ends connections in all ways that a client and a guest have.
func closeComes(s *session) {
	watcher, topic := s.watch()
	told := func(what string, code, reason string) {
		e := watcher.environ()
		want(s, "the event after "+what, e.get(abi.VariableWebSocketEvent), abi.WebSocketClose)
		want(s, "the code after "+what, e.get(abi.VariableWebSocketCode), code)
		want(s, "the reason after "+what, e.get(abi.VariableWebSocketReason), reason)
		watcher.silent("after the event close that followed "+what, topic)
	}
	tells := handshake{playClose: "V" + topic}
	s.webSocket(tells).leave(1000, "bye")
	told("a farewell", "1000", "bye")
	s.webSocket(tells).leave(1001, "")
	told("a farewell without a reason", "1001", "")
	s.webSocket(tells).leave(0, "")
	told("a farewell without a code", "1005", "")
	_ = s.webSocket(tells).Close()
	told("a client that was cut off", "1006", "")
	w := s.webSocket(tells)
	w.say("slast", "#3001", "kenough")
	w.hears("last")
	want(s, "the reason of the guest's close", w.ends("the guest closes", 3001).reason, "enough")
	w.frames(frame{true, opClose, closing(3001, "")})
	told("a guest that closes", "3001", "enough")
	s.refused("a guest that refuses", handshake{playOpen: "=403", playClose: "V" + topic}, 403)
	watcher.silent("after a connection that was refused", topic)
}
