package abitest

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// Item 4: the environ is the guest's own.
func ownCases() []serverCase {
	return []serverCase{{name: "04_the_guest_owns_its_environ", run: func(s *session) {
		before := s.environ()
		secret := token()
		for range 8 {
			s.get(do("p", start("200 OK"), give("overwritten")), header("X-Secret", secret))
		}
		after := s.environ()
		for _, pair := range after {
			if bytes.Contains(pair.Value, []byte(secret)) || bytes.Contains(pair.Key, []byte("\xaa")) {
				s.errorf("%s=%q: that is an earlier request's", pair.Key, pair.Value)
			}
		}
		for _, pair := range before {
			switch key := string(pair.Key); key {
			case "REMOTE_PORT", "wasgi.request_id":
			default:
				want(s, key+" after a guest has overwritten its environ", after.get(key), string(pair.Value))
			}
		}
	}}}
}

// Items 5 and 6: the request's line.
func pathCases() []serverCase {
	return []serverCase{
		{name: "05_method_server_and_protocol_are_always_there", run: alwaysThere},
		{name: "05_the_rest_is_there_unless_it_is_empty", run: thereUnlessEmpty},
		{name: "06_script_name_and_path_info", run: scriptNameAndPathInfo},
		{name: "06_a_longer_name_is_not_the_mount", run: func(s *session) {
			if s.mount() == "" {
				s.skip("the reference guest is mounted at /, where every path is its own")
			}
			a := s.ask(do(start("200 OK"), returnEnviron), at("x"))
			if a.status == 200 && bytes.Contains(a.body, []byte(playHeaderKey)) {
				want(s, "SCRIPT_NAME of "+s.mount()+"x", s.environOf(a.body).get("SCRIPT_NAME") == s.mount(), false)
			}
		}},
	}
}

// playHeaderKey is the variable that the script arrives in.
const playHeaderKey = "HTTP_X_PLAY"

// mount is the decoded path of the reference guest, "" for /.
func (s *session) mount() string { return s.base.Path }

func alwaysThere(s *session) {
	for _, name := range []string{"GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "QUERY"} {
		e := s.environ(method(name))
		want(s, "REQUEST_METHOD", e.get("REQUEST_METHOD"), name)
		want(s, "SERVER_NAME", e.get("SERVER_NAME"), s.base.Hostname())
		protocol := "HTTP/1.1"
		if s.options.Protocol != HTTP1 {
			protocol = "HTTP/2.0"
		}
		want(s, "SERVER_PROTOCOL", e.get("SERVER_PROTOCOL"), protocol)
		if e.get("SERVER_PORT") == "" {
			s.errorf("SERVER_PORT is missing or empty")
		}
		if port := s.base.Port(); port != "" {
			want(s, "SERVER_PORT", e.get("SERVER_PORT"), port)
		}
	}
}

func thereUnlessEmpty(s *session) {
	e := s.environ(at("/path?query=1"), body("12345"), header("Content-Type", "text/x-kit"))
	want(s, "SCRIPT_NAME", e.get("SCRIPT_NAME"), s.mount())
	want(s, "PATH_INFO", e.get("PATH_INFO"), "/path")
	want(s, "QUERY_STRING", e.get("QUERY_STRING"), "query=1")
	want(s, "CONTENT_TYPE", e.get("CONTENT_TYPE"), "text/x-kit")
	want(s, "CONTENT_LENGTH", e.get("CONTENT_LENGTH"), "5")
	for _, pair := range e {
		if _, times := e.lookup(string(pair.Key)); times != 1 {
			s.errorf("%s is there %d times", pair.Key, times)
		}
	}
	e = s.environ()
	for _, key := range []string{"QUERY_STRING", "CONTENT_TYPE", "CONTENT_LENGTH"} {
		if value, times := e.lookup(key); times != 0 {
			s.errorf("%s=%q for a request that has none", key, value)
		}
	}
	e = s.environ(flow(io.NopCloser(strings.NewReader("unknown length"))))
	if value, times := e.lookup("CONTENT_LENGTH"); times != 0 {
		s.errorf("CONTENT_LENGTH=%q for a body whose length is not known beforehand", value)
	}
}

func scriptNameAndPathInfo(s *session) {
	for _, suffix := range []string{"", "/", "/a", "/a/b/", "/a%20b", "/caf%C3%A9", "/a;b=c", "/a:b@c"} {
		e := s.environ(at(suffix))
		decoded, err := url.PathUnescape(suffix)
		if err != nil {
			s.fatalf("%v", err)
		}
		if s.mount() == "" && decoded == "" {
			decoded = "/" // no request has an empty path
		}
		want(s, "SCRIPT_NAME of "+suffix, e.get("SCRIPT_NAME"), s.mount())
		want(s, "PATH_INFO of "+suffix, e.get("PATH_INFO"), decoded)
	}
}

// Item 7: the client's headers.
func headerCases() []serverCase {
	return []serverCase{
		{name: "07_headers_become_http_variables", run: func(s *session) {
			e := s.environ(header("x-lOwer-9", "a b"), header("Accept", "text/html"), func(r *http.Request) { r.Host = "kit.example:81" })
			want(s, "HTTP_X_LOWER_9", e.get("HTTP_X_LOWER_9"), "a b")
			want(s, "HTTP_ACCEPT", e.get("HTTP_ACCEPT"), "text/html")
			want(s, "HTTP_HOST", e.get("HTTP_HOST"), "kit.example:81")
			want(s, "SERVER_NAME", e.get("SERVER_NAME"), "kit.example")
		}},
		{name: "07_content_type_and_length_have_no_prefix", run: func(s *session) {
			e := s.environ(body("abc"), header("Content-Type", "text/x-kit"))
			for _, key := range []string{"HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"} {
				if value, times := e.lookup(key); times != 0 {
					s.errorf("%s=%q", key, value)
				}
			}
		}},
		{name: "07_repeats_are_joined_with_commas", run: func(s *session) {
			e := s.environ(header("X-Repeated", "one", "two, three", "four"))
			value, times := e.lookup("HTTP_X_REPEATED")
			want(s, "HTTP_X_REPEATED", value, "one,two, three,four")
			want(s, "variables of that name", times, 1)
		}},
		{name: "07_cookies_are_joined_with_semicolons", run: func(s *session) {
			value, times := s.environ(header("Cookie", "a=1", "b=2; c=3")).lookup("HTTP_COOKIE")
			want(s, "HTTP_COOKIE", value, "a=1; b=2; c=3")
			want(s, "variables of that name", times, 1)
		}},
		{name: "07_names_with_underscores_are_dropped", run: func(s *session) {
			e := s.environ(header("X_Posing", "evil"), header("X-Posing", "good"), header("X_Other", "evil"))
			value, times := e.lookup("HTTP_X_POSING")
			want(s, "HTTP_X_POSING", value, "good")
			want(s, "variables of that name", times, 1)
			if _, times := e.lookup("HTTP_X_OTHER"); times != 0 {
				s.errorf("X_Other has become HTTP_X_OTHER")
			}
		}},
		{name: "07_proxy_is_dropped", run: func(s *session) {
			if value, times := s.environ(header("Proxy", "http://evil.example")).lookup("HTTP_PROXY"); times != 0 {
				s.errorf("HTTP_PROXY=%q", value)
			}
		}},
	}
}
