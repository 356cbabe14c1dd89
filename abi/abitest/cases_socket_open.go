package abitest

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// What the headers of a handshake tell the reference guest to do.
const (
	playOpen    = "X-Play-Open"
	playMessage = "X-Play-Message"
	playClose   = "X-Play-Close"
)

// Item 28: how WebSockets are opened.
func socketOpenCases() []serverCase {
	return []serverCase{
		{name: "28_a_handshake_is_accepted", socket: true, run: func(s *session) {
			w := s.webSocket(nil)
			want(s, "Upgrade", strings.ToLower(w.head.get("Upgrade")), "websocket")
			want(s, "Connection has upgrade", slices.Contains(tokens(w.head.get("Connection")), "upgrade"), true)
			want(s, "Sec-WebSocket-Extensions", w.head.get("Sec-WebSocket-Extensions"), "")
			w.say("shello")
			w.hears("hello")
		}},
		{name: "28_the_guest_refuses_with_a_status", socket: true, run: func(s *session) {
			for _, status := range []int{400, 401, 403, 404, 429, 500, 503, 599} {
				s.refused(fmt.Sprintf("a guest that returns %d", status), handshake{playOpen: fmt.Sprintf("snever;=%d", status)}, status)
			}
		}},
		{name: "28_another_result_is_a_500", socket: true, run: func(s *session) {
			for _, result := range []string{"=1", "=101", "=200", "=399", "=600", "=1000"} {
				s.refused("a guest that returns "+result[1:], handshake{playOpen: result}, 500)
			}
		}},
		{name: "28_a_fault_in_open_is_a_500", socket: true, run: func(s *session) {
			s.refused("a guest that traps", handshake{playOpen: "snever;!"}, 500)
			s.webSocket(nil).leave(1000, "")
		}},
		{name: "28_a_malformed_handshake_does_not_reach_the_guest", socket: true, run: malformedHandshakes},
		{name: "28_a_foreign_origin_does_not_reach_the_guest", socket: true, run: foreignOrigin},
		{name: "28_a_large_handshake_is_a_431", socket: true, run: func(s *session) {
			h := handshake{}
			for n := range 4 {
				h[fmt.Sprintf("X-Large-%d", n)] = strings.Repeat("v", 4000)
			}
			s.refused("variables of 16 KB", h, 431)
		}},
		{name: "28_a_subprotocol_is_chosen_by_the_guest", socket: true, run: subprotocols},
		{name: "28_what_open_sends_arrives_after_the_handshake", socket: true, run: func(s *session) {
			w := s.webSocket(handshake{playOpen: do("sone", "Stwo", "sthree")})
			w.hears("one")
			if m := w.next(); !m.Binary || string(m.Data) != "two" {
				s.errorf("the second message is %s, want the bytes %q", showMessage(m), "two")
			}
			w.hears("three")
		}},
		{name: "28_other_requests_are_given_to_application", socket: true, run: func(s *session) {
			u := s.socketURL().String()
			for _, upgrade := range []string{"", "h2c", "websockets"} {
				a, err := s.tryAt(u, "n", func(r *http.Request) {
					if upgrade != "" {
						r.Header.Set("Connection", "Upgrade")
						r.Header.Set("Upgrade", upgrade)
					}
				})
				if err != nil {
					s.fatalf("no answer: %v", err)
				}
				want(s, "results", strings.Fields(results(s.reportOf(s.good(a).body)) + " none")[0], "n")
			}
		}},
		{name: "28_an_app_without_the_export_is_given_the_request", socket: true, run: func(s *session) {
			s.socketURL()
			w := s.knock(s.target(""), handshake{playHeader: do(start("200 OK"), give("no WebSockets here"))})
			answer, err := readBody(w.in, w.head, "GET")
			if w.head.status != 200 || err != nil || string(answer) != "no WebSockets here" {
				s.errorf("got status %d with %s (%v), want what application answers", w.head.status, show(string(answer)), err)
			}
		}},
	}
}

// malformedHandshakes watches what becomes of handshakes that are none.
func malformedHandshakes(s *session) {
	watcher, topic := s.watch()
	for what, h := range map[string]handshake{
		"no key":             {"Sec-WebSocket-Key": ""},
		"a key of 3 bytes":   {"Sec-WebSocket-Key": "a2l0"},
		"a key that is none": {"Sec-WebSocket-Key": "this is no base64!!!!!!!"},
		"no Connection":      {"Connection": "keep-alive"},
		"no version":         {"Sec-WebSocket-Version": ""},
		"version 12":         {"Sec-WebSocket-Version": "12"},
	} {
		h[playOpen] = do("t"+topic, "popened")
		switch w := s.knock(s.socketURL().EscapedPath(), h); {
		case w.head.status == 426:
			want(s, "Sec-WebSocket-Version for "+what, w.head.get("Sec-WebSocket-Version"), "13")
		case w.head.status != 400:
			s.errorf("%s: status %d, want 400 or 426", what, w.head.status)
		}
	}
	watcher.silent("malformed handshakes", topic)
}

func foreignOrigin(s *session) {
	watcher, topic := s.watch()
	asks := do("t"+topic, "popened")
	for _, origin := range []string{"https://evil.example", "http://" + s.base.Host + ".evil.example", "null"} {
		s.refused("the origin "+origin, handshake{"Origin": origin, playOpen: asks}, 403)
	}
	watcher.silent("foreign origins", topic)
	s.webSocket(handshake{"Origin": s.base.Scheme + "://" + s.base.Host, playOpen: asks})
	watcher.hears("opened")
}

func subprotocols(s *session) {
	for _, c := range []struct{ offered, script, chosen, results string }{
		{"one, two", "atwo", "two", "a 0"},
		{"one,two", do("aone", "atwo"), "two", "a 0, a 0"},
		{"one", do("aone", "atwo"), "one", "a 0, a -2"},
		{"one, two", "sno", "", "s 0"},
		{"", do("aone", "a"), "", "a -2, a -2"},
		{"one", "aOne", "", "a -2"},
	} {
		w := s.webSocket(handshake{"Sec-WebSocket-Protocol": c.offered, playOpen: do(c.script, returnReport)})
		want(s, fmt.Sprintf("Sec-WebSocket-Protocol for %q and %s", c.offered, c.script), w.head.get("Sec-WebSocket-Protocol"), c.chosen)
		if strings.Contains(c.script, "sno") {
			w.hears("no")
		}
		want(s, fmt.Sprintf("results for %q and %s", c.offered, c.script), results(w.reports()), c.results)
	}
}
