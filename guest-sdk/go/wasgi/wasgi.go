// Package wasgi is what a web application in Go is written against. The shape is that of Python's WSGI (PEP 3333): a
// function that takes the request's variables and a callable, calls it with status and headers, and returns the body.
//
//	package main
//
//	import "github.com/wasgi/wasgi/guest-sdk/go/wasgi"
//
//	func init() { wasgi.Handle(app) }
//
//	func main() {}
//
//	func app(env wasgi.Environ, start wasgi.StartResponse) wasgi.Body {
//		start("200 OK", []wasgi.Header{{Name: "Content-Type", Value: "text/plain"}})
//		return wasgi.Text("hello " + env.Get("PATH_INFO") + "\n")
//	}
//
// Build it with
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -o app.wasm .
//
// and put app.wasm into the folder that wasgi serves. Package wasgitest plays requests against the same function in a
// plain `go test`; package wasgihttp runs a net/http handler.
//
// A call of the application is one request. Its Environ, StartResponse and Writer belong to that call: used after it has
// ended they answer [abi.CodeState] and reach nobody's response. They are not safe for use by several goroutines at once.
//
// Every request begins with the app as it was before the first one, unless the app's manifest sets isolation: what a request
// leaves in variables is gone after it, and a generator of random numbers begins with the same state each time. [Rand] is
// seeded anew. [WarmUp] takes work that all requests can begin with.
//
// A panic ends the guest, as it does any Go program: the text goes to the app's log and the client gets a 500, or a cut
// connection if the headers were out.
package wasgi

import "io"

// Header is one header of a response. A list of them keeps its order and its repeats.
type Header struct {
	Name, Value string
}

// Application answers one request. It must call start, at the latest before the first bytes of the body; a body may do so
// while it streams. nil is no body.
type Application func(env Environ, start StartResponse) Body

// StartResponse sets the status, "200 OK" for example, and the headers. The host stores them until the first of the body
// is sent. A second call is an error unless excInfo is not nil: then it replaces the first, and ends the whole call if the
// headers were sent already, so that the client sees a failure and not half an answer. The text of excInfo is logged.
//
// The error is an [abi.Code]: CodeInvalid for a malformed status or header, CodeForbidden for a header that is the host's
// to set, CodeState for a second call, CodeTooLarge for a list over the ABI's limits. It may be ignored: a refusal that no
// later call makes good is logged, and the host answers 500 for an application that never started its response. The Writer
// is never nil; after a refusal its methods return that error.
type StartResponse func(status string, headers []Header, excInfo ...error) (Writer, error)

// Writer sends blocks of the body at once, before the returned body. Write returns when the connection has taken all of
// the block; its error is an [abi.Code]: CodeClosed when the client is gone, CodeLength for more than the declared
// Content-Length. It is all or nothing: of a block that fails, nothing counts as sent.
type Writer interface {
	io.Writer
	// Flush sends the headers now, if they are not out yet.
	Flush() error
}

// handled is the application that the exported functions run. A reactor module's exports are plain functions, so what they
// share has to live at package level; it is written during initialisation only.
var handled Application

// Handle makes app the one this module runs. Call it from init: a module built with -buildmode=c-shared never runs main.
// A nil app and a second call panic.
func Handle(app Application) {
	if app == nil {
		panic("wasgi: Handle: the application is nil")
	}
	if handled != nil {
		panic("wasgi: Handle: called twice: a module holds one application")
	}
	handled = app
}
