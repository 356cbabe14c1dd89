// Package wasginext makes middleware of an app, in the way of WSGI: its application calls the next one, and passes on what that answers,
// changed as it likes.
//
//	func app(env wasgi.Environ, start wasgi.StartResponse) wasgi.Body {
//		next, err := wasginext.Call(env.All(), nil, true)
//		if err != nil {
//			return nil // the client is told what the next application's fault is
//		}
//		start(next.Status, append(next.Headers, wasgi.Header{Name: "X-Seen", Value: "yes"}))
//		return wasgi.Reader(next)
//	}
//
// Its file goes into the folder of apps under a name that begins with "_", and its name without that into the manifest of the apps that
// it is to stand before.
package wasginext

import (
	"iter"

	"github.com/wasgi/wasgi/guest-sdk/go/internal/relay"
)

// Response is the response of the next application: an [io.ReadCloser] of its body, with Status and Headers.
type Response = relay.Response

// Host is the functions of wasgi_next_v1. App is "" in all calls.
type Host = relay.Host

// Call calls the next application, once in a request. It is played with these variables, usually those of the request, changed or not.
// Its request's body is body and behind it, with rest, what the app has not read of its own. Call returns when the response has begun.
// An error is an [abi.Code], or wraps one: [abi.CodeClosed] if the next application has failed before it answered.
func Call(environ iter.Seq2[string, string], body []byte, rest bool) (*Response, error) {
	return relay.Begin(outside(), "", environ, body, rest)
}
