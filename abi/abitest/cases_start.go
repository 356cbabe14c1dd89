package abitest

import "strings"

// refusals plays start_response with each of the arguments, then with good ones, and compares what it returned.
func refusals(s *session, instructions []string, code int32) {
	for len(instructions) > 0 {
		some := instructions[:min(len(instructions), 20)]
		instructions = instructions[len(some):]
		steps := s.report(do(do(some...), start("200 OK")))
		for i, instruction := range some {
			if got := s.step(steps, i).result; got != code {
				s.errorf("start_response returned %d, want %d, for %s", got, code, instruction)
			}
		}
		want(s, "a good call after those", s.step(steps, len(some)).result, 0)
	}
}

// each applies f to all of them.
func each(f func(string) string, values ...string) []string {
	out := make([]string, len(values))
	for i, value := range values {
		out[i] = f(value)
	}
	return out
}

// controls are texts with each control character in between.
func controls(before, after string) []string {
	var out []string
	for c := range byte(' ') {
		out = append(out, before+string([]byte{c})+after)
	}
	return append(out, before+"\x7f"+after)
}

// Items 14 and 15: what start_response takes.
func startCases() []serverCase {
	named := func(name string) string { return start("200 OK", name, "value") }
	valued := func(value string) string { return start("200 OK", "X-Value", value) }
	long := func(length string) string { return start("200 OK", "Content-Length", length) }
	return []serverCase{
		{name: "14_a_bad_status_is_refused", run: func(s *session) {
			refusals(s, each(func(status string) string { return start(status) }, controls("200 O", "K")...), -2)
			refusals(s, each(func(status string) string { return start(status) },
				"", "200", "200OK", "20 OK", "2000 OK", "abc OK", " 200 OK", "-20 OK", "+20 OK", "2 0 OK", "000 OK", "099 OK",
				"200\tOK", "200 O\r\nX-Evil: 1"), -2)
		}},
		{name: "14_a_good_status_is_sent", run: func(s *session) {
			for status, code := range map[string]int{"200 ": 200, "201 Created": 201, "299 Gr\u00fc\xdfe": 299, "404 Not Here": 404, "599 Last": 599} {
				want(s, "status", s.ask(do(start(status), give("x"))).status, code)
			}
		}},
		{name: "14_a_bad_header_name_is_refused", run: func(s *session) {
			refusals(s, each(named, controls("a", "b")...), -2)
			refusals(s, each(named, "", " a", "a ", "\u00e4", "a\xff", "a b", "a:b", "a(b", "a)b", "a,b", "a/b", "a<b", "a>b", "a@b", "a[b", "a]b",
				"a{b", "a}b", "a;b", "a?b", "a\\b", "a\"b"), -2)
		}},
		{name: "14_a_bad_header_value_is_refused", run: func(s *session) {
			refusals(s, each(valued, controls("a", "b")...), -2)
			refusals(s, each(valued, "a\r\nX-Evil: 1", " a", "a ", " "), -2)
		}},
		{name: "14_good_values_arrive_as_they_are", run: func(s *session) {
			for _, value := range []string{"", "a  b", "\u00fc", "caf\xe9", strings.Repeat("v", 4000)} {
				want(s, "X-Value", strings.Join(s.get(do(valued(value), give("x"))).header["X-Value"], "|"), value)
			}
		}},
		{name: "14_a_malformed_list_is_refused", run: func(s *session) {
			refusals(s, each(func(list string) string { return "h" + esc(list) + ";s200 OK" },
				"", "\x00\x00\x00", "\x00\x00\x00\x00\x00", "\x01\x00\x00\x00", "\xff\xff\xff\xff",
				"\x01\x00\x00\x00\x02\x00\x00\x00\x01\x00\x00\x00ab", "\x01\x00\x00\x00\xff\xff\xff\xff\x01\x00\x00\x00ab"), -2)
		}},
		{name: "14_a_status_that_is_too_long_is_refused", run: func(s *session) {
			refusals(s, []string{start("200 " + strings.Repeat("x", 509))}, -5)
			want(s, "a status of 512 bytes", results(s.report(start("200 "+strings.Repeat("x", 508)))), "s 0")
		}},
		{name: "14_pointers_outside_memory_are_refused", run: func(s *session) {
			// The last writes nothing from the very end of memory: no fault, but before start_response.
			steps := s.report(do("f", start("200 OK")))
			want(s, "results", results(steps), strings.Repeat("f -1, ", 8)+"f -4, s 0")
		}},
		{name: "14_a_refusal_alone_is_a_500", run: func(s *session) {
			want(s, "status", s.ask(do(start("bad"), give("body"))).status, 500)
			want(s, "status", s.ask(do(start("200 OK", "a b", "c"), send("body"))).status, 500)
		}},
		{name: "14_a_refused_call_changes_nothing", run: func(s *session) {
			a := s.ask(do(start("201 Created", "X-Kept", "1"), restart("bad", "X-Lost", "1"), give("x")))
			want(s, "status", a.status, 201)
			want(s, "X-Kept", a.header.Get("X-Kept"), "1")
			want(s, "X-Lost", a.header.Get("X-Lost"), "")
		}},
		{name: "15_hop_by_hop_headers_are_refused", run: func(s *session) {
			refusals(s, each(named, "Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "proxy-x",
				"TE", "Trailer", "Trailers", "Transfer-Encoding", "Upgrade", "connection", "kEEP-aLIVE", "tE", "TRANSFER-ENCODING", "upGrade"), -3)
		}},
		{name: "22_content_length_is_digits_and_comes_once", run: func(s *session) {
			refusals(s, append(each(long, "", "+5", "-1", "0x5", "5.0", "1,1", "5a", "99999999999999999999"),
				start("200 OK", "Content-Length", "5", "content-length", "5")), -2)
		}},
	}
}

// Items 16 and 17: when headers are sent, and what a second call does.
func replaceCases() []serverCase {
	return []serverCase{
		{name: "16_headers_wait_for_the_first_bytes", run: func(s *session) {
			a := s.ask(do(start("200 OK", "X-First", "1"), read(1), restart("201 Created", "X-Second", "2"), give("x")), body("x"))
			want(s, "status", a.status, 201)
			want(s, "X-First", a.header.Get("X-First"), "")
			want(s, "X-Second", a.header.Get("X-Second"), "2")
		}},
		{name: "16_an_empty_write_sends_them", run: func(s *session) {
			d := s.open(s.base.String(), do(start("200 OK", "X-Early", "1"), "w", read(1), give("done")), "")
			want(s, "X-Early", d.response.Header.Get("X-Early"), "1")
			d.say("x")
			rest, err := d.end()
			if err != nil || string(rest) != "done" {
				s.errorf("the body is %s (%v), want %q", show(string(rest)), err, "done")
			}
		}},
		{name: "16_the_end_sends_them", run: func(s *session) {
			a := s.get(start("200 OK", "X-Late", "1"))
			want(s, "X-Late", a.header.Get("X-Late"), "1")
			want(s, "body", string(a.body), "")
		}},
		{name: "17_a_second_call_without_exc_info_is_refused", run: func(s *session) {
			a := s.ask(do(start("201 Created", "X-First", "1"), start("202 Accepted", "X-Second", "1"), returnReport))
			want(s, "status", a.status, 201)
			want(s, "X-Second", a.header.Get("X-Second"), "")
			want(s, "results", results(s.reportOf(a.body)), "s 0, s -4")
			a = s.get(do(start("200 OK"), send(""), start("202 Accepted"), returnReport))
			want(s, "results with the headers sent", results(s.reportOf(a.body)), "s 0, w 0, s -4")
		}},
		{name: "17_a_first_call_may_have_exc_info", run: func(s *session) {
			want(s, "status", s.ask(do(restart("503 Sorry"), give("x"))).status, 503)
		}},
		{name: "17_exc_info_replaces_headers_that_are_not_sent", run: func(s *session) {
			a := s.ask(do(start("200 OK", "X-First", "1", "Content-Length", "1"), restart("500 Oops", "X-Second", "2"), give("oops")))
			want(s, "status", a.status, 500)
			want(s, "X-First", a.header.Get("X-First"), "")
			want(s, "X-Second", a.header.Get("X-Second"), "2")
			want(s, "body", string(a.body), "oops")
		}},
		{name: "17_exc_info_after_the_headers_cuts_the_connection", run: func(s *session) {
			for _, headers := range [][]string{nil, {"Content-Length", "100"}} {
				mustCut(s, do(start("200 OK", headers...), send("part"), restart("500 Oops"), give("more")), "part")
			}
		}},
	}
}

// mustCut plays a script whose response must begin and not end, and hold nothing but a beginning of want.
func mustCut(s *session, script, want string, changes ...change) {
	s.get(do(start("200 OK"), give("the server answers")))
	a, err := s.try(script, changes...)
	switch {
	case err != nil: // cut before the headers had arrived
	case a.cut == nil:
		s.errorf("%s: the response ends as if it were whole: status %d, %s", script, a.status, show(string(a.body)))
	case !strings.HasPrefix(want, string(a.body)):
		s.errorf("%s: before the cut the client sees %s, want %q", script, show(string(a.body)), want)
	}
}
