// Package relay is what packages wasginext and wasgiapps have in common: the exchanges that an app has played within its own.
package relay

import (
	"fmt"
	"io"
	"iter"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/abi/wire"
	"github.com/wasgi/wasgi/guest-sdk/go/wasgi"
)

// Host is the functions of wasgi_next_v1 or of wasgi_apps_v1, with what they return. The name of the app means nothing to the first.
type Host interface {
	Call(app string, environ, body []byte, rest bool) int32
	ReadHead(handle int32, p []byte) int32
	ReadBody(handle int32, p []byte) int32
	Close(handle int32) int32
}

// Response is the response of what was called. It must be closed, or is when the app's own exchange ends.
type Response struct {
	// Status is a code and a reason: "200 OK".
	Status string
	// Headers are as they were given, repeats included.
	Headers []wasgi.Header

	host   Host
	handle int32
}

// Begin calls, and reads the head of the response. An error is an [abi.Code], or wraps one.
func Begin(host Host, app string, environ iter.Seq2[string, string], body []byte, rest bool) (*Response, error) {
	var e wire.Encoder
	for key, value := range environ {
		e.Add(key, value)
	}
	list, err := e.Bytes()
	if err != nil {
		return nil, err
	}
	handle := host.Call(app, list, body, rest)
	if handle < 0 {
		return nil, fmt.Errorf("call: %w", abi.Code(-handle))
	}
	r := &Response{host: host, handle: handle}
	if err := r.readHead(); err != nil {
		_ = r.Close()
		return nil, err
	}
	return r, nil
}

func (r *Response) readHead() error {
	head := make([]byte, 4<<10)
	n := r.host.ReadHead(r.handle, head)
	if int(n) > len(head) {
		head = make([]byte, n)
		n = r.host.ReadHead(r.handle, head)
	}
	if n < 0 {
		return fmt.Errorf("read_head: %w", abi.Code(-n))
	}
	pairs, err := wire.Decode(head[:n])
	if err != nil {
		return fmt.Errorf("read_head: %w", err)
	}
	for _, pair := range pairs {
		if key := string(pair.Key); key == abi.StatusKey {
			r.Status = string(pair.Value)
		} else {
			r.Headers = append(r.Headers, wasgi.Header{Name: key, Value: string(pair.Value)})
		}
	}
	return nil
}

// Read implements [io.Reader]: it reads the body. What was called goes on when all that there is has been read.
func (r *Response) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	switch n := r.host.ReadBody(r.handle, p); {
	case n < 0:
		return 0, fmt.Errorf("read_body: %w", abi.Code(-n))
	case n == 0:
		return 0, io.EOF
	default:
		return int(n), nil
	}
}

// Close implements [io.Closer]. What was called ends, if it has not.
func (r *Response) Close() error {
	if n := r.host.Close(r.handle); n < 0 {
		return fmt.Errorf("close: %w", abi.Code(-n))
	}
	return nil
}
