// Package wasgiapps calls other apps of the same server, in process and without HTTP. The app's manifest names those that it may call:
//
//	apps = ["users"]
package wasgiapps

import (
	"iter"

	"github.com/wasgi/wasgi/guest-sdk/go/internal/relay"
)

// Response is the response of an app: an [io.ReadCloser] of its body, with Status and Headers.
type Response = relay.Response

// Host is the functions of wasgi_apps_v1.
type Host = relay.Host

// Call calls the app of that name, which is that of its file: "users", "api/users". It is played with these variables, which must be
// all that it needs, REQUEST_METHOD and PATH_INFO among them. Its request's body is body and behind it, with rest, what the calling app
// has not read of its own. Call returns when the response has begun. An error is an [abi.Code], or wraps one: [abi.CodeForbidden] for an
// app that the manifest does not name, [abi.CodeClosed] for one that is not there or has failed before it answered,
// [abi.CodeTooLarge] where apps call one another too deep.
func Call(app string, environ iter.Seq2[string, string], body []byte, rest bool) (*Response, error) {
	return relay.Begin(outside(), app, environ, body, rest)
}
