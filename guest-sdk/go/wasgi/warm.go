package wasgi

import (
	"strings"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/abi/wire"
)

// warmUps are what the exported function warm_up runs. Like handled they are written during initialisation only.
var warmUps []func()

// WarmUp has f run once before the first request, after those that were registered before. Call it from init. What f leaves
// behind every request begins with, under the host's default isolation: parsed templates, filled caches, code that has run
// once. A host whose isolation is "fresh" does not run it, so a request must be able to do without.
//
// Nothing is there to answer or to read while f runs. What it draws from random is the same in every request; see [Rand]. If
// it panics, or takes longer than the app's timeout or cpu, the app does not start.
func WarmUp(f func()) {
	if f == nil {
		panic("wasgi: WarmUp: the function is nil")
	}
	warmUps = append(warmUps, f)
}

// PlayWarmUp runs what [WarmUp] was given. It is what the exported function warm_up does; a test calls it to see that nothing in
// there fails.
func PlayWarmUp() {
	Rehearse(nothing, "/")
	for _, f := range warmUps {
		f()
	}
}

// nothing is an application that uses what every application does.
func nothing(env Environ, start StartResponse) Body {
	start("200 OK", []Header{{Name: "Content-Type", Value: "text/plain"}})
	return Text(env.Get("PATH_INFO"))
}

// Rehearse plays GET path on app and throws the response away, for an app that wants to have run once before its first request:
//
//	wasgi.WarmUp(func() { wasgi.Rehearse(app, "/") })
//
// path has no escapes and may have a query. The app is asked by the User-Agent "wasgi-warm-up", at no mount. Its client goes
// away at the first block that is written, so that an endless body ends. An answer of 500 or more is not kept from the log.
func Rehearse(app Application, path string) {
	info, query, _ := strings.Cut(path, "?")
	var list wire.Encoder
	list.Add("REQUEST_METHOD", "GET")
	list.Add("PATH_INFO", info)
	if query != "" {
		list.Add("QUERY_STRING", query)
	}
	list.Add("RAW_URI", path)
	list.Add("SERVER_NAME", "localhost")
	list.Add("SERVER_PORT", "80")
	list.Add("SERVER_PROTOCOL", "HTTP/1.1")
	list.Add("HTTP_HOST", "localhost")
	list.Add("HTTP_USER_AGENT", "wasgi-warm-up")
	list.Add("wsgi.version", "1.0")
	list.Add("wsgi.url_scheme", "http")
	list.Add("wsgi.multithread", "0")
	list.Add("wsgi.input_terminated", "1")
	list.Add("wasgi.request_id", "warm-up")
	environ, err := list.Bytes()
	if err != nil {
		panic("wasgi: Rehearse: " + err.Error())
	}
	Play(rehearsal{path}, environ, app)
}

// rehearsal is a Host without a client. There is an app's log, which is standard error as far as an app can tell.
type rehearsal struct{ path string }

func (r rehearsal) StartResponse(status, _ []byte, _ bool) int32 {
	if len(status) > 0 && status[0] >= '5' {
		println("wasgi: warm-up: GET " + r.path + ": " + string(status))
	}
	return 0
}

func (rehearsal) Write([]byte) int32     { return abi.CodeClosed.Errno() }
func (rehearsal) InputRead([]byte) int32 { return 0 }

func (rehearsal) ErrorsWrite(p []byte) int32 {
	print(string(p))
	return int32(len(p))
}
