package abitest

import (
	"fmt"
	"strings"

	"github.com/wasgi/wasgi/abi"
)

// Item 30: what guests say to WebSockets.
func socketCallCases() []serverCase {
	return []serverCase{
		{name: "30_send_reaches_another_connection", socket: true, run: func(s *session) {
			one, name := named(s, handshake{playOpen: "V"})
			other := s.webSocket(nil)
			other.say("shere", "@"+name, "sthere", "@"+name, returnReport)
			other.hears("here")
			one.hears("there")
			want(s, "results", results(one.reports()), "s 0, s 0")
		}},
		{name: "30_messages_keep_their_order", socket: true, run: func(s *session) {
			_, topic := s.watch()
			w := s.webSocket(nil)
			w.say("t"+topic, "+", "s1", "p2", "s3", "p4", "-", "p5", "s6", "k")
			w.hears("1", "2", "3", "4", "6")
			w.ends("the guest closes", 1000)
		}},
		{name: "30_topics_reach_their_subscribers", socket: true, run: topics},
		{name: "30_requests_publish", socket: true, run: func(s *session) {
			w, topic := s.watch()
			want(s, "results of a request", results(s.publish(topic, "news")), "p 1")
			w.hears("news")
			want(s, "results for a topic of nobody", results(s.publish(token(), "news")), "p 0")
		}},
		{name: "30_a_subscription_ends_with_its_connection", socket: true, run: func(s *session) {
			watcher, done := s.watch()
			topic := token()
			w := s.webSocket(handshake{playOpen: do("t"+topic, "+", "sready"), playClose: do("t"+topic, "pnobody", returnReport+done)})
			w.hears("ready")
			w.leave(1000, "")
			want(s, "results in close", results(watcher.reports()), "p 0")
		}},
		{name: "30_a_connection_that_is_none_is_closed", socket: true, run: noConnection},
		{name: "30_bad_arguments_are_refused", socket: true, run: badArguments},
		{name: "30_close_takes_the_codes_of_close_frames", socket: true, run: closeCodes},
		{name: "30_pointers_outside_memory_are_refused", socket: true, run: func(s *session) {
			w := s.webSocket(nil)
			w.say("f", returnReport)
			want(s, "results", results(w.reports()), strings.TrimSuffix(strings.Repeat("f -1, ", 11), ", "))
		}},
		{name: "30_accept_protocol_is_for_open_alone", socket: true, run: func(s *session) {
			w := s.webSocket(handshake{"Sec-WebSocket-Protocol": "one"})
			w.say("aone", returnReport)
			want(s, "results in message", results(w.reports()), "a -4")
			a, err := s.tryAt(s.socketURL().String(), "aone")
			if err != nil {
				s.fatalf("no answer: %v", err)
			}
			want(s, "results of a request", results(s.reportOf(s.good(a).body)), "a -4")
		}},
	}
}

// named opens a connection whose guest says its name first.
func named(s *session, h handshake) (*webSocket, string) {
	w := s.webSocket(h)
	return w, w.environ().get(abi.VariableWebSocketConnection)
}

// topics has two connections that subscribe and unsubscribe.
func topics(s *session) {
	topic, other := token(), token()
	one, two := s.webSocket(nil), s.webSocket(nil)
	one.say("t"+topic, "+", "+", returnReport)
	want(s, "subscribing twice", results(one.reports()), "+ 0, + 0")
	two.say("t"+topic, "+", "ptwo are here", "t"+other, "+", returnReport)
	one.hears("two are here")
	two.hears("two are here")
	want(s, "results", results(two.reports()), "+ 0, p 2, + 0")
	one.say("t"+other, "pnot for me", "t"+topic, "Pbytes", returnReport)
	two.hears("not for me")
	for _, w := range []*webSocket{one, two} {
		if m := w.next(); !m.Binary || string(m.Data) != "bytes" {
			s.errorf("a binary message came as %s", showMessage(m))
		}
	}
	want(s, "results", results(one.reports()), "p 1, P 2")
	two.say("t"+topic, "-", "-", "pone is left", "ssaid", returnReport)
	one.hears("one is left")
	two.hears("said")
	want(s, "results", results(two.reports()), "- 0, - 0, p 1, s 0")
	one.say("t"+strings.ToUpper(topic), "panother topic", returnReport)
	want(s, "a topic in other letters", results(one.reports()), "p 0")
}

// noConnection speaks to those who are not there.
func noConnection(s *session) {
	watcher, done := s.watch()
	gone, name := named(s, handshake{playOpen: "V", playClose: do("snever", "k", "ttopic", "+", "-", returnReport+done)})
	gone.leave(1000, "")
	const all = "s -7, k -7, + -7, - -7"
	want(s, "results in close", results(watcher.reports()), all)
	for _, id := range []string{name, "NOBODY", "", strings.Repeat("x", 1000), "\xff\x00"} {
		w, own := named(s, handshake{playOpen: "V"})
		w.say("@"+esc(id), "snever", "k", "ttopic", "+", "-", "@"+own, returnReport)
		want(s, fmt.Sprintf("results for the connection %.20q", id), results(w.reports()), all)
	}
	w := s.webSocket(handshake{playOpen: do("k", "snever", "k")})
	w.ends("a guest that closes in open", 1000)
	w, own := named(s, handshake{playOpen: "V"})
	w.say("sbefore", "#3000", "k", "snever", "k", "ttopic", "+", returnReport+done)
	w.hears("before")
	w.ends("a guest that closes twice", 3000)
	want(s, "results after close", results(watcher.reports()), "s 0, k 0, s -7, k -7, + -7")
	if strings.Contains(own, "-") {
		s.errorf("the name %q", own)
	}
}

// badArguments are such that nothing of a call is done.
func badArguments(s *session) {
	w := s.webSocket(nil)
	for _, c := range []struct{ script, results string }{
		{do("g0", "g3", "g8", "g1", "g2"), "g -2, g -2, g -2, g 0, g 0"},
		{do("s%ff", "s%c3", "s%ed%a0%80"), "s -2, s -2, s -2"},
		{do("t", "+", "-", "pnever"), "+ -2, - -2, p -2"},
		{do("t"+strings.Repeat("x", abi.MaxWebSocketTopic+1), "+", "-", "pnever"), "+ -5, - -5, p -5"},
		{do("t"+strings.Repeat("x", abi.MaxWebSocketTopic), "+", "-", "pnobody"), "+ 0, - 0, p 0"},
		{do("t%00%ff", "+", "-", "p%ff"), "+ 0, - 0, p -2"},
		{"k" + strings.Repeat("x", abi.MaxWebSocketReason+1), "k -5"},
		{"k%ff", "k -2"},
	} {
		w.say(c.script, returnReport)
		m := w.next()
		for len(m.Data) == 0 { // what g has sent
			m = w.next()
		}
		want(s, fmt.Sprintf("results of %.60s", c.script), results(s.reportOf(m.Data)), c.results)
	}
}

// closeCodes are those that a close frame may have, and others.
func closeCodes(s *session) {
	w := s.webSocket(nil)
	var script []string
	var refused []string
	for _, code := range []int{0, 1, 999, 1004, 1005, 1006, 1015, 1016, 2000, 2999, 5000, 65535} {
		script, refused = append(script, fmt.Sprintf("#%d", code), "kno"), append(refused, "k -2")
	}
	w.say(append(script, returnReport)...)
	want(s, "results", results(w.reports()), strings.Join(refused, ", "))
	for _, code := range []int{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999} {
		w := s.webSocket(nil)
		w.say(fmt.Sprintf("#%d", code), "k"+strings.Repeat("r", abi.MaxWebSocketReason))
		want(s, "the reason", w.ends("the guest closes", code).reason, strings.Repeat("r", abi.MaxWebSocketReason))
	}
}
