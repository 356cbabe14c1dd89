package abitest

import (
	"io"
	"strings"
	"time"
)

// Items 11 and 12: the request's body.
func inputCases() []serverCase {
	return []serverCase{
		{name: "11_the_first_byte_is_read_before_the_last_has_come", run: func(s *session) {
			d := s.open(s.base.String(), do(read(100), start("200 OK"), send("read"), "R100", returnReport), "first")
			d.hear("read")
			d.say("second")
			rest, err := d.end()
			if err != nil {
				s.fatalf("the response ends early: %v", err)
			}
			steps := s.reportOf(rest)
			want(s, "what was read", content(steps), "firstsecond")
			want(s, "the first read", s.step(steps, 0).data, "first")
		}},
		{name: "11_a_body_of_unknown_length_is_decoded", run: func(s *session) {
			steps := s.report(do(start("200 OK"), readAll), flow(io.NopCloser(io.MultiReader(strings.NewReader("one"), strings.NewReader("two")))))
			want(s, "what was read", content(steps), "onetwo")
		}},
		{name: "11_the_end_comes_again_and_again", run: func(s *session) {
			steps := s.report(do(start("200 OK"), readAll, read(5), read(5), read(0), read(5)), body("abc"))
			want(s, "what was read", content(steps), "abc")
			if got := results(last(steps, 5)); got != "R 0, r 0, r 0, r 0, r 0" {
				s.errorf("at the end and after it: %s", got)
			}
			steps = s.report(do(start("200 OK"), read(5), read(5)))
			want(s, "a request without a body", results(steps), "s 0, r 0, r 0")
		}},
		{name: "11_a_read_takes_what_was_asked_for_at_most", run: func(s *session) {
			steps := s.report(do(start("200 OK"), read(0), read(3), "R1"), body("0123456789"))
			want(s, "a read of nothing", s.step(steps, 1).result, 0)
			if n := s.step(steps, 2).result; n < 1 || n > 3 {
				s.errorf("input_read of 3 bytes returned %d", n)
			}
			want(s, "what was read", content(steps), "0123456789")
		}},
		{name: "11_a_large_body_comes_whole", run: func(s *session) {
			sent := string(counting(600_000))
			a := s.get(do(start("200 OK"), "c70000"), body(sent))
			want(s, "a body of 600,000 bytes came back as it was", string(a.body) == sent, true)
		}},
	}
}

// wireInputCases are those that look at bytes of HTTP/1.1.
func wireInputCases() []serverCase {
	return []serverCase{
		{name: "11_chunked_bodies_are_decoded", raw: true, run: func(s *session) {
			c := s.dial()
			c.ask("POST", do(start("200 OK"), readAll, read(5), returnReport), "Transfer-Encoding: chunked")
			c.put("3;name=value\r\nabc\r\n00A\r\n0123456789\r\n0\r\nX-Trailer: kit\r\n\r\n")
			_, answer := c.whole("POST")
			steps := s.reportOf([]byte(answer))
			want(s, "what was read", content(steps), "abc0123456789")
			want(s, "a read after the end", s.step(steps, -1).result, 0)
		}},
		{name: "11_nothing_past_content_length_is_read", raw: true, run: func(s *session) {
			c := s.dial()
			c.ask("POST", do(start("200 OK"), readAll, returnReport), "Content-Length: 3")
			c.put("abc")
			c.ask("GET", do(start("200 OK"), give("next")))
			_, answer := c.whole("POST")
			want(s, "what was read", content(s.reportOf([]byte(answer))), "abc")
			_, answer = c.whole("GET")
			want(s, "the next response", answer, "next")
		}},
		{name: "11_an_unread_body_is_no_request", raw: true, run: func(s *session) {
			c := s.dial()
			posing := "GET " + s.target("") + " HTTP/1.1\r\nHost: " + s.base.Host + "\r\n" + playHeader + ": s200 OK;bsmuggled\r\n\r\n"
			c.ask("POST", do(start("200 OK"), give("unread")), "Content-Length: "+itoa(len(posing)))
			c.put(posing)
			_, answer := c.whole("POST")
			want(s, "the response to an unread body", answer, "unread")
			// A connection that is closed now is as good as one that goes on.
			_, _ = io.WriteString(c, "GET "+s.target("")+" HTTP/1.1\r\nHost: "+s.base.Host+"\r\n"+playHeader+": s200 OK;bnext\r\n\r\n")
			if h, err := readHead(c.in); err == nil {
				answer, _ := readBody(c.in, h, "GET")
				want(s, "the next response", string(answer), "next")
			}
		}},
		{name: "12_a_body_that_is_cut_off_is_an_error", raw: true, run: func(s *session) {
			cutBody(s, "Content-Length: 10", "abc")
		}},
		{name: "12_a_chunked_body_that_is_cut_off_is_an_error", raw: true, run: func(s *session) {
			cutBody(s, "Transfer-Encoding: chunked", "5\r\nabcde\r\n")
			cutBody(s, "Transfer-Encoding: chunked", "a\r\nabcde")
			cutBody(s, "Transfer-Encoding: chunked", "5\r\nabcde\r\nzz\r\n")
		}},
	}
}

// cutBody breaks a body off, and listens on. A server may take that for a client that is gone, and end the call: then the log says
// whether the app had been told that the body was whole.
func cutBody(s *session, header, part string) {
	short, cut := "short"+token(), "cut"+token()
	c := s.dial()
	c.ask("POST", do(start("200 OK"), "R100", "?0", "e"+short+"%0a", "?6", "e"+cut+"%0a", read(100), returnReport), header)
	c.put(part)
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok {
		s.skip("a connection of ServerOptions.Dial cannot be closed by half: it has no CloseWrite")
	}
	if err := half.CloseWrite(); err != nil {
		s.fatalf("%v", err)
	}
	if h, err := readHead(c.in); err == nil && h.status == 200 {
		if answer, err := readBody(c.in, h, "POST"); err == nil {
			steps := s.reportOf(answer)
			want(s, header+", and then the end of the connection: the last read", s.step(steps, -1).result, -6)
		}
	}
	if s.options.Log == nil {
		return
	}
	for end := time.Now().Add(moment); time.Now().Before(end) && !strings.Contains(s.options.Log(), cut); time.Sleep(10 * time.Millisecond) {
		if strings.Contains(s.options.Log(), short) {
			s.fatalf("%s, and then the end of the connection: the app reads the end of the body", header)
		}
	}
}

// Item 13: the app's log.
func errorsCases() []serverCase {
	return []serverCase{
		{name: "13_errors_write_reaches_the_log", run: func(s *session) {
			word := token()
			e := s.environOf(s.get(do("e"+word+"%0a", start("200 OK"), returnEnviron)).body)
			s.logged(word, e.get("wasgi.request_id"), s.options.App)
		}},
		{name: "13_a_guest_cannot_forge_another_line", run: func(s *session) {
			word := token()
			text := "one " + word + "\r\nlevel=ERROR msg=\"two " + word + "\" request_id=0\x1b[2J\x00 {\"three\":\"" + word + "\"}\u2028four " + word + "\n"
			e := s.environOf(s.get(do("e"+esc(text), start("200 OK"), returnEnviron)).body)
			id := e.get("wasgi.request_id")
			s.logged("four", word)
			for line := range strings.Lines(s.options.Log()) {
				switch {
				case !strings.Contains(line, word):
				case !strings.Contains(line, id):
					s.errorf("a line without the request's id: %q", line)
				case strings.ContainsAny(strings.TrimSuffix(line, "\n"), "\x1b\x00\r"):
					s.errorf("control characters reach the log: %q", line)
				}
			}
		}},
		{name: "13_errors_write_is_no_part_of_the_response", run: func(s *session) {
			a := s.get(do("ebefore%0a", start("200 OK"), "ebetween%0a", send("a"), "eafter%0a", give("b")))
			want(s, "body", string(a.body), "ab")
		}},
	}
}
