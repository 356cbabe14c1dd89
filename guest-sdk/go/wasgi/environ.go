package wasgi

import (
	"io"
	"iter"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/abi/wire"
)

// Environ is the request: an ordered list of variables, REQUEST_METHOD, PATH_INFO, HTTP_ACCEPT and so on. Values are bytes
// held in strings, not necessarily UTF-8. It is the application's own copy and stays valid after the call.
type Environ struct {
	list wire.Text
	call *call
}

// Get returns the value of a variable, "" if it is missing. Of a repeated one it is the first.
func (e Environ) Get(key string) string {
	value, _ := e.Lookup(key)
	return value
}

// Lookup returns the value of a variable and whether it is there. Of a repeated one it is the first.
func (e Environ) Lookup(key string) (string, bool) {
	for name, value := range e.list.All() {
		if name == key {
			return value, true
		}
	}
	return "", false
}

// All yields the variables in the order the host sent them, repeats included.
func (e Environ) All() iter.Seq2[string, string] {
	return e.list.All()
}

// Input reads the request's body as it arrives. Its error is io.EOF at the end, again at every later call, or an
// [abi.Code]: CodeTruncated if the client broke off, CodeTooLarge if the body is over the app's limit.
func (e Environ) Input() io.Reader { return input{e.call} }

// Errors writes to the app's log, under the name of the app and the id of the request.
func (e Environ) Errors() io.Writer { return errorLog{e.call} }

type input struct{ call *call }

func (r input) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if r.call.ended {
		return 0, abi.CodeState
	}
	n, err := abi.Result(r.call.host.InputRead(p))
	if err == nil && n == 0 {
		return 0, io.EOF
	}
	return n, err
}

type errorLog struct{ call *call }

// Write splits what one errors_write would cut off.
func (w errorLog) Write(p []byte) (int, error) {
	written := 0
	for written < len(p) {
		if w.call.ended {
			return written, abi.CodeState
		}
		part := p[written:min(len(p), written+abi.MaxErrorsWrite)]
		if _, err := abi.Result(w.call.host.ErrorsWrite(part)); err != nil {
			return written, err
		}
		written += len(part)
	}
	return written, nil
}
