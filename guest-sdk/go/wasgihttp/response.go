package wasgihttp

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/wasgi/wasgi/guest-sdk/go/wasgi"
)

// bufferSize is how many bytes of a body are held back. A body that fits is returned whole; a larger one goes out in blocks
// of this size.
const bufferSize = 32 << 10

// response is the http.ResponseWriter of one request.
type response struct {
	start  wasgi.StartResponse
	errors io.Writer
	gone   context.CancelFunc // ends the request's context
	mount  string
	head   bool // the request's method is HEAD

	header   http.Header // the handler's
	status   int         // 0 until WriteHeader
	snapshot http.Header // header at that moment
	length   int64       // the declared Content-Length, -1 if there is none
	written  int64       // bytes of the body the handler gave

	buf    []byte
	writer wasgi.Writer // nil until start_response
	err    error        // the first failure of the host's; nothing is sent after it
}

// Header implements http.ResponseWriter.
func (w *response) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter. As in net/http it panics for what is no status.
func (w *response) WriteHeader(status int) {
	switch {
	case status < 100 || status > 999:
		panic(fmt.Sprintf("wasgihttp: invalid WriteHeader code %d", status))
	case w.status != 0:
		fmt.Fprintf(w.errors, "wasgihttp: superfluous WriteHeader(%d): the status is %d\n", status, w.status)
		return
	case status < 200:
		return
	}
	w.status = status
	w.snapshot = w.header.Clone()
	if length, err := strconv.ParseUint(w.header.Get("Content-Length"), 10, 63); err == nil {
		w.length = int64(length)
		return
	}
	w.snapshot.Del("Content-Length")
}

// Write implements http.ResponseWriter.
func (w *response) Write(p []byte) (int, error) {
	w.begin()
	switch {
	case len(p) == 0:
		return 0, nil
	case !bodyAllowed(w.status):
		return 0, http.ErrBodyNotAllowed
	case w.length >= 0 && w.written+int64(len(p)) > w.length:
		return 0, http.ErrContentLength
	}
	w.written += int64(len(p))
	for rest := p; len(rest) > 0; {
		if len(w.buf) == bufferSize {
			if err := w.send(); err != nil {
				return len(p) - len(rest), err
			}
		}
		n := min(len(rest), bufferSize-len(w.buf))
		w.buf = append(w.buf, rest[:n]...)
		rest = rest[n:]
	}
	return len(p), nil
}

// Flush implements http.Flusher.
func (w *response) Flush() { _ = w.FlushError() }

// FlushError is what http.ResponseController calls.
func (w *response) FlushError() error {
	w.begin()
	if len(w.buf) > 0 || w.writer == nil {
		return w.send()
	}
	return w.err
}

// EnableFullDuplex is for http.ResponseController: body and response are independent here.
func (w *response) EnableFullDuplex() error { return nil }

func (w *response) begin() {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
}

// send sends what is buffered, and the headers before it.
func (w *response) send() error {
	if w.writer == nil {
		w.startResponse()
	}
	if w.err != nil {
		return w.err
	}
	switch {
	case len(w.buf) == 0, w.head:
		w.err = w.writer.Flush()
	default:
		_, w.err = w.writer.Write(w.buf)
	}
	w.buf = w.buf[:0]
	if w.err != nil {
		w.gone()
	}
	return w.err
}

// finish returns what was not sent yet. A refused start_response is logged by package wasgi and answered by the host.
func (w *response) finish() wasgi.Body {
	w.begin()
	if w.writer == nil {
		w.startResponse()
	}
	if w.err != nil || len(w.buf) == 0 {
		return nil
	}
	return wasgi.Bytes(w.buf)
}

// fail answers 500 in place of what is not sent yet. If headers are out, the host ends the call in here.
func (w *response) fail(cause error) wasgi.Body {
	headers := []wasgi.Header{
		{Name: "Content-Type", Value: "text/plain; charset=utf-8"},
		{Name: "X-Content-Type-Options", Value: "nosniff"},
	}
	if _, err := w.start("500 Internal Server Error", headers, cause); err != nil {
		return nil
	}
	return wasgi.Text("Internal Server Error\n")
}

func (w *response) startResponse() {
	text := http.StatusText(w.status)
	if text == "" {
		text = "status code " + strconv.Itoa(w.status)
	}
	if bodyAllowed(w.status) && len(w.buf) > 0 {
		sniff(w.snapshot, w.buf)
	}
	w.writer, w.err = w.start(strconv.Itoa(w.status)+" "+text, headerList(w.snapshot, w.mount))
}

func bodyAllowed(status int) bool {
	return status != http.StatusNoContent && status != http.StatusNotModified
}
