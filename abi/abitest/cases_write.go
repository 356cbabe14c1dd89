package abitest

import (
	"net/http"
	"strconv"
	"strings"
)

func itoa(n int) string { return strconv.Itoa(n) }

// Items 18 and 21: blocks of the body.
func writeCases() []serverCase {
	return []serverCase{
		{name: "18_what_is_written_precedes_what_is_returned", run: func(s *session) {
			want(s, "body", string(s.get(do(start("200 OK"), send("one "), send("two "), give("three"))).body), "one two three")
		}},
		{name: "18_a_block_is_sent_while_the_app_goes_on", run: func(s *session) {
			d := s.open(s.base.String(), do(start("200 OK"), send("one"), read(1), send("two"), read(1), send("three"), read(1), give("end")), "")
			for _, block := range []string{"one", "two", "three"} {
				d.hear(block)
				d.say("x")
			}
			rest, err := d.end()
			if err != nil || string(rest) != "end" {
				s.errorf("the body ends with %s (%v), want %q", show(string(rest)), err, "end")
			}
		}},
		{name: "20_a_body_without_start_response_is_a_500", run: func(s *session) {
			for _, script := range []string{give("body"), "e", do(send("written"), give("body")), "w"} {
				a := s.ask(script)
				want(s, "status of "+script, a.status, 500)
				if strings.Contains(string(a.body), "body") || strings.Contains(string(a.body), "written") {
					s.errorf("%s: the client sees %s", script, show(string(a.body)))
				}
			}
		}},
		{name: "20_write_before_start_response_is_refused", run: func(s *session) {
			want(s, "results", results(s.report(do(send("early"), "w", start("200 OK")))), "w -4, w -4, s 0")
		}},
		{name: "21_bytes_are_opaque", run: func(s *session) {
			all := string(counting(256))
			a := s.get(do(start("200 OK"), send(all), "c1000", "B256"), body(all))
			want(s, "body", string(a.body), all+all+all)
		}},
		{name: "21_empty_blocks_send_nothing", run: func(s *session) {
			want(s, "body", string(s.get(do(start("200 OK"), send("a"), "w", "w", send("b"), "w", "b")).body), "ab")
		}},
		{name: "21_large_blocks_come_whole", run: func(s *session) {
			a := s.get(do(start("200 OK"), "W1000000", "B1000000"))
			half := string(counting(1_000_000))
			want(s, "a body of 2,000,000 bytes came as it was", string(a.body) == half+half, true)
		}},
	}
}

// Item 19: the headers of a response.
func responseCases() []serverCase {
	return []serverCase{
		{name: "19_date_and_server_are_added", run: func(s *session) {
			a := s.get(do(start("200 OK"), give("x")))
			if _, err := http.ParseTime(a.header.Get("Date")); err != nil {
				s.errorf("Date: %v", err)
			}
			if a.header.Get("Server") == "" {
				s.errorf("there is no Server")
			}
			if values, ok := a.header["Content-Type"]; ok {
				s.errorf("the app gave no Content-Type, and the client sees %q", values)
			}
		}},
		{name: "19_date_and_server_of_the_app_stay", run: func(s *session) {
			const date = "Thu, 01 Jan 1970 00:00:00 GMT"
			a := s.get(do(start("200 OK", "date", date, "server", "kit"), give("x")))
			want(s, "Date", strings.Join(a.header["Date"], "|"), date)
			want(s, "Server", strings.Join(a.header["Server"], "|"), "kit")
		}},
		{name: "19_repeated_headers_stay_repeated_and_in_order", run: func(s *session) {
			a := s.get(do(start("200 OK", "Set-Cookie", "a=1", "X-Other", "1", "set-cookie", "b=2", "X-Other", "2", "Set-Cookie", "c=3"), give("x")))
			want(s, "Set-Cookie", strings.Join(a.header["Set-Cookie"], "|"), "a=1|b=2|c=3")
			want(s, "X-Other", strings.Join(a.header["X-Other"], "|"), "1|2")
		}},
	}
}

// Item 22: Content-Length.
func lengthCases() []serverCase {
	declared := func(n string) string { return start("200 OK", "Content-Length", n) }
	return []serverCase{
		{name: "22_never_more_than_content_length_is_sent", run: func(s *session) {
			a := s.get(do(declared("3"), send("WXYZ"), send("abc")))
			want(s, "a block too long and one that fits", string(a.body), "abc")
			want(s, "status of a returned body too long", s.ask(do(declared("3"), give("WXYZ"))).status, 500)
			mustCut(s, do(declared("4"), send("ab"), give("WXYZ")), "ab")
		}},
		{name: "22_less_than_content_length_cuts_the_connection", run: func(s *session) {
			want(s, "status of a returned body too short", s.ask(do(declared("10"), give("abc"))).status, 500)
			mustCut(s, do(declared("10"), send("abc")), "abc")
			mustCut(s, do(declared("10"), send("abc"), give("def")), "abcdef")
		}},
		{name: "22_a_returned_body_gets_a_content_length", run: func(s *session) {
			for script, n := range map[string]string{give("hello"): "5", "B100000": "100000", "e": "0"} {
				a := s.get(do(start("200 OK"), script))
				want(s, "Content-Length", strings.Join(a.header["Content-Length"], "|"), n)
				want(s, "length", itoa(len(a.body)), n)
			}
		}},
		{name: "22_a_streamed_body_gets_none", run: func(s *session) {
			a := s.get(do(start("200 OK"), send("a"), give("b")))
			want(s, "Content-Length", strings.Join(a.header["Content-Length"], "|"), "")
		}},
		{name: "22_a_streamed_body_is_chunked", raw: true, run: func(s *session) {
			c := s.dial()
			c.ask("GET", do(start("200 OK"), send("one"), send("two"), give("three")))
			h, answer := c.whole("GET")
			want(s, "body", answer, "onetwothree")
			want(s, "Transfer-Encoding", h.get("Transfer-Encoding"), "chunked")
			c.ask("GET", do(start("200 OK"), give("next")))
			_, answer = c.whole("GET")
			want(s, "the next response", answer, "next")
		}},
		{name: "22_http_1_0_gets_no_chunks", raw: true, run: func(s *session) {
			c := s.dial()
			c.put("GET " + s.target("") + " HTTP/1.0\r\nHost: " + s.base.Host + "\r\n" + playHeader + ": s200 OK;wone;wtwo;bthree\r\n\r\n")
			h, answer := c.whole("GET")
			want(s, "Transfer-Encoding", h.get("Transfer-Encoding"), "")
			want(s, "body", answer, "onetwothree")
		}},
	}
}
