package abitest

import (
	"net/http"
	"strings"
	"time"
)

// Item 23: responses that have no body.
func bodilessCases() []serverCase {
	return []serverCase{
		{name: "23_head_has_no_body", run: func(s *session) {
			for script, length := range map[string]string{
				do(start("200 OK", "Content-Length", "5"), give("hello")): "5",
				do(start("200 OK", "Content-Length", "5")):                "5",
				do(start("200 OK"), give("hello")):                        "5",
				do(start("200 OK"), send("hel"), give("lo")):              "",
			} {
				a := s.get(script, method(http.MethodHead))
				want(s, "body of "+script, string(a.body), "")
				want(s, "Content-Length of "+script, strings.Join(a.header["Content-Length"], "|"), length)
			}
		}},
		{name: "23_no_bytes_follow_the_head", raw: true, run: func(s *session) {
			for _, c := range []struct {
				method, status string
				code           int
			}{
				{"HEAD", "200 OK", 200}, {"GET", "204 No Content", 204}, {"GET", "304 Not Modified", 304}, {"HEAD", "404 Not Found", 404},
			} {
				for _, rest := range []string{give("hello"), do(send("hel"), send(""), give("lo")), "e"} {
					noBytes(s, c.method, do(start(c.status), rest), c.code)
				}
			}
		}},
		{name: "23_204_and_304_have_no_body", run: func(s *session) {
			for status, code := range map[string]int{"204 No Content": 204, "304 Not Modified": 304} {
				a := s.ask(do(start(status, "Content-Length", "5"), give("hello")))
				want(s, "status", a.status, code)
				want(s, "body of "+status, string(a.body), "")
				if values, ok := a.header["Content-Length"]; ok && code == 204 {
					s.errorf("204 has the Content-Length %q", values)
				}
			}
		}},
		{name: "23_an_app_does_not_answer_with_1xx", run: func(s *session) {
			refusals(s, each(func(status string) string { return start(status) },
				"100 Continue", "101 Switching Protocols", "103 Early Hints", "199 Last"), -2)
		}},
	}
}

// noBytes asks for a response without a body, and at once for another one, which must follow the head.
func noBytes(s *session, method, script string, code int) {
	c := s.dial()
	c.ask(method, script)
	c.ask("GET", do(start("200 OK"), give("next")))
	want(s, "status", c.head().status, code)
	if next, err := c.in.Peek(5); string(next) != "HTTP/" {
		s.errorf("%s %s: behind the head comes %q (%v)", method, script, next, err)
		return
	}
	_, answer := c.whole("GET")
	want(s, "the next response", answer, "next")
}

// Item 24: the client goes away.
func goneCases() []serverCase {
	return []serverCase{
		{name: "24_an_exchange_ends_when_the_client_of_a_stream_goes", run: func(s *session) { leave(s, "k") }},
		{name: "24_an_exchange_ends_when_the_client_it_reads_from_goes", run: func(s *session) { leave(s, "R100") }},
	}
}

// leave goes away while the only instance is busy, and waits until it answers another request.
func leave(s *session, busy string) {
	url := s.single()
	d := s.open(url, do(start("200 OK"), send("first"), busy), "")
	d.hear("first")
	d.leave()
	for {
		if a, err := s.tryAt(url, do(start("200 OK"), give("next"))); err == nil && a.status == 200 {
			return
		}
		select {
		case <-s.ctx.Done():
			s.fatalf("the client is gone, and the exchange goes on: the only instance answers nobody else")
		case <-time.After(10 * time.Millisecond):
		}
	}
}
