package abitest

import (
	"net"
	"net/http"
	"net/http/httptrace"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/wasgi/wasgi/abi"
)

// Item 8: what wsgi says of the server.
func wsgiCases() []serverCase {
	return []serverCase{
		{name: "08_wsgi_variables", run: func(s *session) {
			e := s.environ()
			want(s, "wsgi.version", e.get("wsgi.version"), "1.0")
			want(s, "wsgi.url_scheme", e.get("wsgi.url_scheme"), s.base.Scheme)
			want(s, "wsgi.multithread", e.get("wsgi.multithread"), "0")
			want(s, "wsgi.input_terminated", e.get("wsgi.input_terminated"), "1")
			for _, key := range []string{"wsgi.multiprocess", "wsgi.run_once"} {
				if value := e.get(key); value != "0" && value != "1" {
					s.errorf("%s=%q, want 0 or 1", key, value)
				}
			}
		}},
		{name: "08_run_once_is_the_truth", run: func(s *session) {
			if s.environ().get("wsgi.run_once") != "1" {
				return // what earlier requests left may be seen or not
			}
			for range 5 {
				if got := results(s.report(do(start("200 OK"), "n"))); got != "s 0, n 0" {
					s.errorf("wsgi.run_once=1, and a request sees what an earlier one has counted: %s", got)
				}
			}
		}},
		{name: "08_multiprocess_is_the_truth", run: multiprocess},
	}
}

// multiprocess asks while another request is being answered.
func multiprocess(s *session) {
	several := s.environ().get("wsgi.multiprocess") == "1"
	if s.options.Single != "" {
		a, err := s.tryAt(s.options.Single, do(start("200 OK"), returnEnviron))
		if err != nil {
			s.fatalf("no answer: %v", err)
		}
		want(s, "wsgi.multiprocess of an app limited to one instance", s.environOf(s.good(a).body).get("wsgi.multiprocess"), "0")
	}
	d := s.open(s.base.String(), do(start("200 OK"), send("held"), read(1), give("done")), "")
	d.hear("held")
	second := make(chan bool, 1)
	go func() {
		a, err := s.try(do(start("200 OK"), give("second")))
		second <- err == nil && a.status == 200
	}()
	patience := moment
	if several {
		patience = s.options.Patience
	}
	select {
	case answered := <-second:
		want(s, "a request was answered beside another one", answered, several)
	case <-time.After(patience):
		want(s, "a request was answered beside another one", false, several)
	case <-s.ctx.Done():
		s.fatalf("wsgi.multiprocess=1, and no request is answered while another one is")
	}
	d.say("x")
	if _, err := d.end(); err != nil {
		s.errorf("the request that was held: %v", err)
	}
}

// Items 9 and 10: values, and what is beside the request.
func variableCases() []serverCase {
	return []serverCase{
		{name: "09_path_info_is_decoded_bytes_and_raw_uri_is_not", run: func(s *session) {
			const suffix = "/%e9/%2B+%20%C3%A4?a=%20b&c=%7e+%e9"
			e := s.environ(at(suffix))
			want(s, "PATH_INFO", e.get("PATH_INFO"), "/\xe9/++ \u00e4")
			want(s, "QUERY_STRING", e.get("QUERY_STRING"), "a=%20b&c=%7e+%e9")
			want(s, "RAW_URI", e.get("RAW_URI"), s.target(suffix))
		}},
		{name: "09_values_are_bytes", run: func(s *session) {
			const value = "caf\xe9 \u00fc \x80\xff"
			e := s.environ(header("X-Bytes", value), header("Content-Type", "text/\xe9"))
			want(s, "HTTP_X_BYTES", e.get("HTTP_X_BYTES"), value)
			want(s, "CONTENT_TYPE", e.get("CONTENT_TYPE"), "text/\xe9")
		}},
		{name: "10_a_missing_variable_is_left_out", run: func(s *session) {
			for _, pair := range s.environ(header("X-Empty", "")) {
				switch key := string(pair.Key); {
				case len(pair.Value) > 0, key == "HTTP_X_EMPTY", strings.HasPrefix(key, abi.EnvironPrefix):
				default:
					s.errorf("%s is there and empty", key)
				}
			}
		}},
		{name: "10_remote_address", run: remoteAddress},
		{name: "10_https_under_tls", run: func(s *session) {
			value, times := s.environ().lookup("HTTPS")
			switch {
			case s.base.Scheme == "https":
				want(s, "HTTPS", value, "on")
			case times != 0:
				s.errorf("HTTPS=%q without TLS", value)
			}
		}},
		{name: "10_request_id", run: func(s *session) {
			seen := map[string]bool{}
			for range 5 {
				id := s.environ().get("wasgi.request_id")
				if id == "" || seen[id] {
					s.errorf("wasgi.request_id=%q is empty or not the only one", id)
				}
				seen[id] = true
			}
		}},
		{name: "10_what_the_operator_adds", run: func(s *session) {
			if len(s.options.Env) == 0 {
				s.skip("ServerOptions.Env is not set")
			}
			e := s.environ()
			for key, value := range s.options.Env {
				want(s, abi.EnvironPrefix+key, e.get(abi.EnvironPrefix+key), value)
			}
		}},
		{name: "10_strangers_speak_for_nobody_else", run: strangers},
	}
}

// remoteAddress compares with the client's own address where nothing can stand in between.
func remoteAddress(s *session) {
	var local net.Addr
	trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) { local = info.Conn.LocalAddr() }}
	e := s.environ(func(r *http.Request) { *r = *r.WithContext(httptrace.WithClientTrace(r.Context(), trace)) })
	address, err := netip.ParseAddr(e.get("REMOTE_ADDR"))
	if err != nil {
		s.errorf("REMOTE_ADDR: %v", err)
	}
	if _, err := strconv.ParseUint(e.get("REMOTE_PORT"), 10, 16); err != nil {
		s.errorf("REMOTE_PORT: %v", err)
	}
	if address.IsLoopback() && local != nil {
		want(s, "REMOTE_ADDR and REMOTE_PORT", net.JoinHostPort(e.get("REMOTE_ADDR"), e.get("REMOTE_PORT")), local.String())
	}
}

// strangers claims to speak for another client. Whoever may do that is named by the server's operator.
func strangers(s *session) {
	scheme := "https"
	if s.base.Scheme == scheme {
		scheme = "http"
	}
	honest := s.environ()
	e := s.environ(
		header("X-Forwarded-For", "192.0.2.7"), header("X-Real-Ip", "192.0.2.7"), header("X-Forwarded-Proto", scheme),
		header("X-Forwarded-Host", "evil.example"), header("X-Forwarded-Port", "1"), header("X-Forwarded-Prefix", "/evil"),
		header("X-Request-Id", "evil"), header("Forwarded", "for=192.0.2.7;proto="+scheme+";host=evil.example"))
	for _, key := range []string{"REMOTE_ADDR", "wsgi.url_scheme", "HTTPS", "SERVER_NAME", "SERVER_PORT", "HTTP_HOST", "SCRIPT_NAME"} {
		want(s, key, e.get(key), honest.get(key))
	}
	if e.get("wasgi.request_id") == "evil" {
		s.errorf("a client has named its request")
	}
}
