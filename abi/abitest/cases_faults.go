package abitest

import (
	"net/http"
	"net/http/httptrace"
	"strings"
	"unicode"
)

// Item 25: what goes wrong.
func faultCases() []serverCase {
	return []serverCase{
		{name: "25_a_trap_is_a_500_without_detail", run: func(s *session) {
			for _, script := range []string{"t", do(start("200 OK", "X-Lost", "1"), "t")} {
				a := s.ask(script)
				want(s, "status", a.status, 500)
				want(s, "X-Lost", a.header.Get("X-Lost"), "")
				noDetail(s, a)
			}
			s.get(do(start("200 OK"), give("the next request is answered")))
		}},
		{name: "25_a_trap_after_the_headers_cuts_the_connection", run: func(s *session) {
			mustCut(s, do(start("200 OK"), send("part"), "t"), "part")
			mustCut(s, do(start("200 OK", "Content-Length", "100"), send("part"), "t"), "part")
			s.get(do(start("200 OK"), give("the next request is answered")))
		}},
		{name: "25_the_page_names_the_request_and_the_log_tells_the_rest", run: func(s *session) {
			if s.options.Log == nil {
				s.skip("ServerOptions.Log is not set")
			}
			id := s.named(s.ask("t"))
			s.logged(id, "application", s.options.App)
		}},
		{name: "25_a_call_without_end_is_ended", run: func(s *session) {
			if !s.options.TimeLimit {
				s.skip("ServerOptions.TimeLimit is not set")
			}
			a := s.ask("l")
			want(s, "status", a.status, 504)
			noDetail(s, a)
			s.get(do(start("200 OK"), give("the next request is answered")))
		}},
	}
}

// noDetail looks for words that a client has no business to know.
func noDetail(s *session, a *answer) {
	page := strings.ToLower(string(a.body))
	for _, word := range []string{"unreachable", "wasm", "trap", "panic", "goroutine", ".go", "stack", "deadline", "application"} {
		if strings.Contains(page, word) {
			s.errorf("the page says %q: %s", word, show(string(a.body)))
		}
	}
}

// named returns the word of an error page that the log has too: the request's id.
func (s *session) named(a *answer) string {
	words := strings.FieldsFunc(string(a.body), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' })
	for _, word := range words {
		if len(word) >= 8 && strings.ContainsAny(word, "0123456789") {
			return word
		}
	}
	s.fatalf("the page names no request: %s", show(string(a.body)))
	return ""
}

// Item 26: Expect: 100-continue.
func continueCases() []serverCase {
	return []serverCase{
		{name: "26_100_continue_is_sent_when_the_app_first_reads", run: func(s *session) {
			asked := false
			trace := &httptrace.ClientTrace{Got100Continue: func() { asked = true }}
			expect := func(r *http.Request) { *r = *r.WithContext(httptrace.WithClientTrace(r.Context(), trace)) }
			steps := s.report(do(start("200 OK"), readAll), body("expected"), header("Expect", "100-continue"), expect)
			want(s, "what was read", content(steps), "expected")
			want(s, "100 Continue came", asked, true)
		}},
		{name: "26_100_continue_is_not_sent_before", raw: true, run: func(s *session) {
			c := s.dial()
			c.ask("POST", do(start("200 OK"), give("unread")), "Expect: 100-continue", "Content-Length: 8")
			h := c.anyHead()
			want(s, "the first status for an app that does not read", h.status, 200)
		}},
		{name: "26_100_continue_comes_before_the_response", raw: true, run: func(s *session) {
			c := s.dial()
			c.ask("POST", do(read(100), start("200 OK"), readAll, returnReport), "Expect: 100-continue", "Content-Length: 8")
			want(s, "the first status for an app that reads", c.anyHead().status, 100)
			c.put("expected")
			h := c.anyHead()
			want(s, "the second status", h.status, 200)
			answer, err := readBody(c.in, h, "POST")
			if err != nil {
				s.fatalf("%v", err)
			}
			want(s, "what was read", content(s.reportOf(answer)), "expected")
		}},
	}
}

// Item 27: version 1 has no files to hand over.
func fileCases() []serverCase {
	return []serverCase{{name: "27_file_wrapper", run: func(s *session) { s.skip("wsgi.file_wrapper is not part of version 1 yet") }}}
}
