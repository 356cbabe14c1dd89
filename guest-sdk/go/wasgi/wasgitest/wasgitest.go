// Package wasgitest plays requests against an application in a plain `go test`, without wasm and without a server. Its host
// keeps the rules that wasgi's keeps: it refuses the same headers, holds Content-Length to its word and ends a call where
// wasgi would end it.
//
//	func TestHello(t *testing.T) {
//		got := wasgitest.Call(hello, wasgitest.Request{Path: "/?name=x"})
//		if got.Fault != nil || got.Code != 200 {
//			t.Fatal(got.Status, got.Fault)
//		}
//	}
package wasgitest

import (
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strings"

	"github.com/wasgi/wasgi/guest-sdk/go/wasgi"
)

// Request is what a client sends. The zero value is GET / over http from 192.0.2.1.
type Request struct {
	// Method is "GET" if empty.
	Method string
	// Mount is where the app is mounted, without a slash at the end: "/notes". It becomes SCRIPT_NAME.
	Mount string
	// Path is what follows the mount in the request line, still encoded, with the query: "/a%20b?x=1". Empty is the mount
	// itself, or "/" if that is empty too.
	Path string
	// Scheme is "http" if empty.
	Scheme string
	// Host is the Host header, "example.com" if empty.
	Host string
	// Headers become HTTP_ variables, as the host makes them: repeats are joined, names with "_" and Proxy are dropped.
	Headers []wasgi.Header
	// Body is the request's body. A *bytes.Buffer, *bytes.Reader or *strings.Reader gives CONTENT_LENGTH; any other reader
	// is a body of unknown length. An error of it that is no abi.Code reaches the app as abi.CodeTruncated.
	Body io.Reader
	// Environ is appended to the variables as it is.
	Environ []wasgi.Header
	// Seed, if not 0, makes what the app draws from [wasgi.Rand] the same in each call. One app at a time: a test that sets it does
	// not run beside others.
	Seed uint64
	// OnBlock, if not nil, is called for each block as the app sends it. An abi.Code that it returns is what the app's write
	// returns: abi.CodeClosed plays a client that went away. Any other error is played as abi.CodeClosed.
	OnBlock func(block []byte) error
}

// Response is what the client and the log see.
type Response struct {
	// Status is the status line, "200 OK"; "500 Internal Server Error" if the app failed before its headers were out.
	Status string
	// Code is the number in Status.
	Code int
	// Headers are the app's, in its order, and the Content-Length that the host adds to a body returned whole.
	Headers []wasgi.Header
	// Body is all of the body that the client receives: the blocks, then the returned body.
	Body []byte
	// Blocks are the blocks that were sent while the app ran, in order. The returned body is not among them.
	Blocks [][]byte
	// Errors is what the app wrote to its log.
	Errors string
	// Fault says why wasgi would answer 500, or cut the connection if Cut is set. nil is a complete response.
	Fault error
	// Cut: the headers were out when the call failed, so the client sees a broken response.
	Cut bool
}

// Header returns the value of the first header of that name, whatever its case, or "".
func (r *Response) Header(name string) string {
	for _, header := range r.Headers {
		if strings.EqualFold(header.Name, name) {
			return header.Value
		}
	}
	return ""
}

// Call plays one request against app. A panic of app becomes a Fault, with the stack in Errors, as a guest's does. app runs
// on a goroutine of its own, so it must not call t.Fatal.
func Call(app wasgi.Application, request Request) *Response {
	host := newRecorder(request)
	environ := encodeEnviron(request)
	var outside wasgi.Host = host
	if request.Seed != 0 {
		outside = seeded{host, request.Seed}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		// A panic's recover does not see the host ending the call: that is runtime.Goexit.
		defer func() {
			if v := recover(); v != nil {
				fmt.Fprintf(&host.errors, "panic: %v\n\n%s", v, debug.Stack())
				host.fault = panicFault(v)
			}
		}()
		host.returned = wasgi.Play(outside, environ, app)
		host.finished = true
	}()
	<-done
	return host.response()
}

// panicFault keeps an error's chain.
func panicFault(v any) error {
	if err, ok := v.(error); ok {
		return fmt.Errorf("the application panicked: %w", err)
	}
	return fmt.Errorf("the application panicked: %v", v)
}

// errGoexit is the fault of an app that ended its goroutine, by t.Fatal for example.
var errGoexit = errors.New("the application ended its goroutine: it must not call runtime.Goexit or t.Fatal")
