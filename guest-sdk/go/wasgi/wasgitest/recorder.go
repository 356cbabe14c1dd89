package wasgitest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strconv"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/abi/wire"
	"github.com/wasgi/wasgi/guest-sdk/go/wasgi"
)

// recorder is the wasgi.Host of one call. It is used by the goroutine of the app until Call has waited for that.
type recorder struct {
	input   io.Reader
	onBlock func([]byte) error
	head    bool // the request's method is HEAD

	started bool // start_response was accepted
	sent    bool // the headers are out
	status  string
	headers []wasgi.Header
	length  int64 // the declared Content-Length, -1 if there is none
	taken   int64 // bytes of the body in blocks

	blocks   [][]byte
	returned []byte
	errors   bytes.Buffer
	finished bool  // the app returned
	fault    error // why it did not
}

func newRecorder(request Request) *recorder {
	input := request.Body
	if input == nil {
		input = bytes.NewReader(nil)
	}
	return &recorder{input: input, onBlock: request.OnBlock, head: request.Method == "HEAD", length: -1}
}

// StartResponse implements wasgi.Host.
func (r *recorder) StartResponse(status, headers []byte, excInfo bool) int32 {
	r.alive()
	switch {
	case excInfo && r.sent:
		r.abort(errors.New("start_response with exc_info after the headers were sent"))
	case r.started && !excInfo:
		return abi.CodeState.Errno()
	case len(status) > abi.MaxStatus || len(headers) > abi.MaxHeaderBytes:
		return abi.CodeTooLarge.Errno()
	}
	pairs, err := wire.Decode(headers)
	if err != nil {
		return abi.CodeInvalid.Errno()
	}
	length, code := checkResponse(status, pairs)
	if code != 0 {
		return code.Errno()
	}
	r.started, r.status, r.length, r.headers = true, string(status), length, nil
	for _, pair := range pairs {
		r.headers = append(r.headers, wasgi.Header{Name: string(pair.Key), Value: string(pair.Value)})
	}
	return 0
}

// Write implements wasgi.Host.
func (r *recorder) Write(block []byte) int32 {
	r.alive()
	switch {
	case !r.started:
		return abi.CodeState.Errno()
	case r.length >= 0 && !r.noBody() && r.taken+int64(len(block)) > r.length:
		return abi.CodeLength.Errno()
	}
	r.sent = true
	if len(block) == 0 {
		return 0
	}
	block = bytes.Clone(block)
	if r.onBlock != nil {
		if err := r.onBlock(block); err != nil {
			return codeOf(err, abi.CodeClosed).Errno()
		}
	}
	r.taken += int64(len(block))
	r.blocks = append(r.blocks, block)
	return int32(len(block))
}

// InputRead implements wasgi.Host.
func (r *recorder) InputRead(p []byte) int32 {
	r.alive()
	for {
		n, err := r.input.Read(p)
		switch {
		case n > 0:
			return int32(n)
		case err == io.EOF:
			return 0
		case err != nil:
			return codeOf(err, abi.CodeTruncated).Errno()
		}
	}
}

// ErrorsWrite implements wasgi.Host.
func (r *recorder) ErrorsWrite(p []byte) int32 {
	r.alive()
	r.errors.Write(p[:min(len(p), abi.MaxErrorsWrite)])
	return int32(len(p))
}

// seeded is a recorder that implements wasgi.Seeder.
type seeded struct {
	*recorder
	seed uint64
}

// Seed implements wasgi.Seeder.
func (s seeded) Seed() (seed [32]byte) {
	binary.LittleEndian.PutUint64(seed[:], s.seed)
	return seed
}

// abort ends the call where it stands, as the host does. Goexit rather than panic, since an app's recover must not see it.
// Deferred calls of the app run, which a real guest's do not, but they get no further than the next call of the host.
func (r *recorder) abort(cause error) {
	r.fault = cause
	runtime.Goexit()
}

func (r *recorder) alive() {
	if r.fault != nil {
		runtime.Goexit()
	}
}

// codeOf is the code in err's chain, or otherwise.
func codeOf(err error, otherwise abi.Code) abi.Code {
	var code abi.Code
	if errors.As(err, &code) {
		return code
	}
	return otherwise
}

// response ends the exchange, and with it the check of what can only be known then.
func (r *recorder) response() *Response {
	if r.fault = r.finish(); r.fault != nil && !r.sent {
		return &Response{Status: "500 Internal Server Error", Code: 500, Errors: r.errors.String(), Fault: r.fault}
	}
	response := &Response{
		Status: r.status, Code: statusCode(r.status), Headers: r.headers, Blocks: r.blocks,
		Errors: r.errors.String(), Fault: r.fault, Cut: r.fault != nil,
	}
	if !r.noBody() {
		response.Body = bytes.Join(r.blocks, nil)
		if r.fault == nil {
			response.Body = append(response.Body, r.returned...)
		}
	}
	if !r.sent && r.length < 0 && bodyAllowed(response.Code) {
		length := strconv.Itoa(len(r.returned))
		response.Headers = append(response.Headers, wasgi.Header{Name: "Content-Length", Value: length})
	}
	return response
}

// finish takes the returned body, and returns why the response is none that a client could take for complete.
func (r *recorder) finish() error {
	whole := r.taken + int64(len(r.returned))
	switch {
	case r.fault != nil:
		return r.fault
	case !r.finished:
		return errGoexit
	case !r.started:
		return errors.New("application returned without start_response")
	case r.length < 0 || r.noBody() || whole == r.length:
		return nil
	case whole > r.length:
		return fmt.Errorf("body is longer than its Content-Length of %d bytes", r.length)
	}
	return fmt.Errorf("body of %d bytes is shorter than its Content-Length of %d bytes", whole, r.length)
}

// noBody says that bytes of the body are accepted and dropped.
func (r *recorder) noBody() bool { return r.head || !bodyAllowed(statusCode(r.status)) }

// statusCode is the number in a status that was checked.
func statusCode(status string) int {
	code, _ := strconv.Atoi(status[:3])
	return code
}
