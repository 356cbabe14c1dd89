package wasgitest_test

import (
	"strings"
	"testing"

	"github.com/wasgi/wasgi/guest-sdk/go/wasgi"
	"github.com/wasgi/wasgi/guest-sdk/go/wasgi/wasgitest"
)

// variables returns what an app sees of request, one "key=value" a line.
func variables(t *testing.T, request wasgitest.Request) string {
	t.Helper()
	got := wasgitest.Call(func(env wasgi.Environ, start wasgi.StartResponse) wasgi.Body {
		start("200 OK", nil)
		var list strings.Builder
		for key, value := range env.All() {
			list.WriteString(key + "=" + value + "\n")
		}
		return wasgi.Text(list.String())
	}, request)
	return string(got.Body)
}

const always = `wsgi.multithread=0
wsgi.multiprocess=1
wsgi.run_once=1
wsgi.input_terminated=1
wasgi.request_id=test
`

func TestEnvironOfTheZeroRequest(t *testing.T) {
	t.Parallel()
	const want = `REQUEST_METHOD=GET
PATH_INFO=/
SERVER_NAME=example.com
SERVER_PORT=80
SERVER_PROTOCOL=HTTP/1.1
REMOTE_ADDR=192.0.2.1
REMOTE_PORT=1234
RAW_URI=/
HTTP_HOST=example.com
wsgi.version=1.0
wsgi.url_scheme=http
` + always
	if got := variables(t, wasgitest.Request{}); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestEnvironOfAFullRequest(t *testing.T) {
	t.Parallel()
	request := wasgitest.Request{
		Method: "POST",
		Mount:  "/notes",
		Path:   "/a%2Fb%FF?x=%20&y",
		Scheme: "https",
		Host:   "[::1]:8443",
		Headers: []wasgi.Header{
			{Name: "Accept", Value: "a"}, {Name: "Cookie", Value: "a=1"}, {Name: "content-type", Value: "text/plain"},
			{Name: "accept", Value: "b"}, {Name: "Cookie", Value: "b=2"}, {Name: "X_Forged", Value: "1"}, {Name: "Proxy", Value: "1"},
		},
		Body:    strings.NewReader("four"),
		Environ: []wasgi.Header{{Name: "wasgi.env.GREETING", Value: ""}},
	}
	const want = `REQUEST_METHOD=POST
SCRIPT_NAME=/notes
PATH_INFO=/a/b` + "\xff" + `
QUERY_STRING=x=%20&y
SERVER_NAME=::1
SERVER_PORT=8443
SERVER_PROTOCOL=HTTP/1.1
REMOTE_ADDR=192.0.2.1
REMOTE_PORT=1234
RAW_URI=/notes/a%2Fb%FF?x=%20&y
HTTPS=on
CONTENT_LENGTH=4
HTTP_HOST=[::1]:8443
HTTP_ACCEPT=a,b
HTTP_COOKIE=a=1; b=2
CONTENT_TYPE=text/plain
wsgi.version=1.0
wsgi.url_scheme=https
` + always + "wasgi.env.GREETING=\n"
	if got := variables(t, request); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestEnvironOfTheMountItself(t *testing.T) {
	t.Parallel()
	got := variables(t, wasgitest.Request{Mount: "/notes", Path: "?q", Scheme: "https"})
	for _, want := range []string{"SCRIPT_NAME=/notes\n", "QUERY_STRING=q\n", "RAW_URI=/notes?q\n", "SERVER_PORT=443\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
	if strings.Contains(got, "PATH_INFO") {
		t.Errorf("an empty PATH_INFO is there:\n%s", got)
	}
}

func TestBadEscapePanics(t *testing.T) {
	t.Parallel()
	defer func() {
		const want = `wasgitest: request: path "/%zz": invalid URL escape "%zz"`
		if got := recover(); got != want {
			t.Errorf("panic %v, want %s", got, want)
		}
	}()
	wasgitest.Call(nil, wasgitest.Request{Path: "/%zz"})
}
