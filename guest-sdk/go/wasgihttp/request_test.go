package wasgihttp_test

import (
	"errors"
	"io"
	"net/http"
	"net/textproto"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/guest-sdk/go/wasgi"
	"github.com/wasgi/wasgi/guest-sdk/go/wasgi/wasgitest"
	"github.com/wasgi/wasgi/guest-sdk/go/wasgihttp"
)

// call plays request against a handler.
func call(handler http.HandlerFunc, request wasgitest.Request) *wasgitest.Response {
	return wasgitest.Call(wasgihttp.Application(handler), request)
}

// received returns the request that a handler gets.
func received(t *testing.T, request wasgitest.Request) *http.Request {
	t.Helper()
	var got *http.Request
	response := call(func(_ http.ResponseWriter, r *http.Request) { got = r }, request)
	if response.Fault != nil {
		t.Fatal(response.Fault)
	}
	return got
}

func TestRequestURL(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		mount, path            string
		url, escaped, wantPath string
	}{
		{"", "", "/", "/", "/"},
		{"", "/a?x=1&y=%20", "/a?x=1&y=%20", "/a", "/a"},
		{"/notes", "", "/", "/", "/"},
		{"/notes", "/", "/", "/", "/"},
		{"/notes", "/a/", "/a/", "/a/", "/a/"},
		{"/notes", "/a%2Fb", "/a%2Fb", "/a%2Fb", "/a/b"},
		{"/notes", "/a%20b", "/a%20b", "/a%20b", "/a b"},
		{"/caf%C3%A9", "/x", "/x", "/x", "/x"},
	} {
		r := received(t, wasgitest.Request{Mount: test.mount, Path: test.path})
		if r.URL.String() != test.url || r.URL.EscapedPath() != test.escaped || r.URL.Path != test.wantPath {
			t.Errorf("%s%s: url %q, escaped %q, path %q", test.mount, test.path, r.URL, r.URL.EscapedPath(), r.URL.Path)
		}
	}
}

func TestRawPathNeedsToSayThePath(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{"", "/other%2Fpath", "http://example.com/a/b", "/a%2Fb%zz"} {
		r := requestOf(t, "PATH_INFO", "/a/b", "RAW_URI", raw)
		if r.URL.RawPath != "" || r.URL.Path != "/a/b" || r.RequestURI != raw {
			t.Errorf("%q: %q, %q, %q", raw, r.URL.Path, r.URL.RawPath, r.RequestURI)
		}
	}
}

func TestMount(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ mount, want string }{{"", ""}, {"/notes", "/notes"}, {"/my notes", "/my%20notes"}} {
		if got := wasgihttp.Mount(received(t, wasgitest.Request{Mount: test.mount, Path: "/x"})); got != test.want {
			t.Errorf("%q: Mount %q, want %q", test.mount, got, test.want)
		}
	}
	plain, err := http.NewRequest("GET", "/", nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := wasgihttp.Mount(plain); got != "" {
		t.Errorf("a request from elsewhere: Mount %q", got)
	}
}

func TestRequestFields(t *testing.T) {
	t.Parallel()
	r := received(t, wasgitest.Request{
		Method: "PUT", Mount: "/m", Path: "/p?q", Scheme: "https", Host: "app.example:8443",
		Headers: []wasgi.Header{
			{Name: "Accept", Value: "a"}, {Name: "ACCEPT", Value: "b"}, {Name: "X-Request-Id", Value: "7"},
			{Name: "Cookie", Value: "a=1"}, {Name: "Cookie", Value: "b=2"}, {Name: "Content-Type", Value: "text/plain"},
		},
		Body: strings.NewReader("four"),
	})
	if r.Method != "PUT" || r.Host != "app.example:8443" || r.RequestURI != "/m/p?q" || r.RemoteAddr != "192.0.2.1:1234" {
		t.Errorf("got %+v", r)
	}
	if r.Proto != "HTTP/1.1" || !r.ProtoAtLeast(1, 1) || r.ProtoAtLeast(2, 0) {
		t.Errorf("protocol %q %d.%d", r.Proto, r.ProtoMajor, r.ProtoMinor)
	}
	if r.TLS == nil || !r.TLS.HandshakeComplete || r.ContentLength != 4 {
		t.Errorf("TLS %v, length %d", r.TLS, r.ContentLength)
	}
	want := http.Header{
		"Accept": {"a,b"}, "X-Request-Id": {"7"}, "Cookie": {"a=1; b=2"},
		"Content-Type": {"text/plain"}, "Content-Length": {"4"},
	}
	if !reflect.DeepEqual(r.Header, want) {
		t.Errorf("header %v, want %v", r.Header, want)
	}
	if cookie, err := r.Cookie("b"); err != nil || cookie.Value != "2" {
		t.Errorf("cookie %v, %v", cookie, err)
	}
	if r := received(t, wasgitest.Request{}); r.TLS != nil {
		t.Error("TLS over http")
	}
}

func TestRequestFieldsThatAreMissing(t *testing.T) {
	t.Parallel()
	r := requestOf(t, "SERVER_NAME", "::1", "SERVER_PORT", "80")
	if r.Host != "[::1]:80" || r.RemoteAddr != "" || r.URL.Path != "/" {
		t.Errorf("host %q, remote %q, path %q", r.Host, r.RemoteAddr, r.URL.Path)
	}
}

// requestOf returns the request of an environ that holds these keys and values alone.
func requestOf(t *testing.T, list ...string) *http.Request {
	t.Helper()
	var got *http.Request
	app := wasgihttp.Application(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r }))
	wasgi.Play(&silentHost{}, encode(t, list...), app)
	return got
}

func TestRequestBody(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		method string
		body   io.Reader
		length int64
		want   string
		err    error
	}{
		{"POST", strings.NewReader("abc"), 3, "abc", nil},
		{"POST", iotest.OneByteReader(strings.NewReader("abc")), -1, "abc", nil},
		{"DELETE", iotest.OneByteReader(strings.NewReader("abc")), -1, "abc", nil},
		{"POST", strings.NewReader(""), 0, "", nil},
		{"GET", nil, 0, "", nil},
		{"POST", iotest.ErrReader(errors.New("reset")), -1, "", abi.CodeTruncated},
	} {
		call(func(_ http.ResponseWriter, r *http.Request) {
			got, err := io.ReadAll(r.Body)
			if r.ContentLength != test.length || string(got) != test.want || err != test.err {
				t.Errorf("%s: length %d, body %q, %v", test.method, r.ContentLength, got, err)
			}
		}, wasgitest.Request{Method: test.method, Body: test.body})
	}
}

func TestBodyStreams(t *testing.T) {
	t.Parallel()
	in, out := io.Pipe()
	response := call(func(w http.ResponseWriter, r *http.Request) {
		buf := make([]byte, 8)
		for _, part := range []string{"one", "two"} {
			go io.WriteString(out, part)
			// The pipe gives no byte before this read asks for it, and the second part is not written yet.
			n, err := r.Body.Read(buf)
			if string(buf[:n]) != part || err != nil {
				t.Errorf("read %q, %v, want %q", buf[:n], err, part)
			}
		}
		out.Close()
		if n, err := r.Body.Read(buf); n != 0 || err != io.EOF {
			t.Errorf("at the end: %d, %v", n, err)
		}
	}, wasgitest.Request{Method: "POST", Body: in})
	if response.Code != 200 {
		t.Errorf("status %s", response.Status)
	}
}

// FuzzRequest: no environ makes the adapter panic, and what it builds is a request that a mux can route.
func FuzzRequest(f *testing.F) {
	f.Add("GET", "/a/b", "/m", "/m/a%2Fb?q", "HTTP_X_A", "12")
	f.Add("", "", "", "%", "HTTP_", "-1")
	f.Fuzz(func(t *testing.T, method, path, mount, raw, key, length string) {
		r := requestOf(t, "REQUEST_METHOD", method, "PATH_INFO", path, "SCRIPT_NAME", mount,
			"RAW_URI", raw, key, "value", "CONTENT_LENGTH", length)
		if r == nil {
			t.Fatal("the handler was not called")
		}
		if want := path; want != "" && r.URL.Path != want {
			t.Errorf("path %q, want %q", r.URL.Path, want)
		}
		for name := range r.Header {
			if name != textproto.CanonicalMIMEHeaderKey(name) {
				t.Errorf("header %q is not canonical", name)
			}
		}
		http.NewServeMux().Handler(r)
	})
}
