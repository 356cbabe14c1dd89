package host

import (
	"errors"
	"io"
	"maps"
	"net/http"
)

// maxTape bounds the body of a response that is recorded, in bytes, and maxPieces how many pieces it may come in.
const (
	maxTape   = 64 << 20
	maxPieces = 100_000
)

var errTapeFull = errors.New("the response is too long to be recorded")

// tape records a response, and then is a handler that gives it again, piece by piece, and does nothing else.
type tape struct {
	header http.Header
	status int         // 0 until the headers are out
	sent   http.Header // header as it was then
	// pieces are what was written and when it was pushed out: nil stands for a flush.
	pieces   [][]byte
	size     int64
	overflow bool
}

func newTape() *tape { return &tape{header: http.Header{}} }

// Header implements [http.ResponseWriter].
func (t *tape) Header() http.Header { return t.header }

// WriteHeader implements [http.ResponseWriter]. Interim responses are left out.
func (t *tape) WriteHeader(status int) {
	if t.status == 0 && status >= http.StatusOK {
		t.status, t.sent = status, t.header.Clone()
	}
}

// Write implements [http.ResponseWriter].
func (t *tape) Write(block []byte) (int, error) {
	t.WriteHeader(http.StatusOK)
	if t.size+int64(len(block)) > maxTape || len(t.pieces) >= maxPieces {
		t.overflow = true
		return 0, errTapeFull
	}
	t.size += int64(len(block))
	t.pieces = append(t.pieces, append(make([]byte, 0, len(block)), block...)) // never nil
	return len(block), nil
}

// Flush implements [http.Flusher].
func (t *tape) Flush() {
	t.WriteHeader(http.StatusOK)
	if len(t.pieces) < maxPieces {
		t.pieces = append(t.pieces, nil)
	}
}

// ServeHTTP implements [http.Handler]. It may be called concurrently once the response has been recorded.
func (t *tape) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // as an app does that reads it; one that breaks off has no response
	maps.Copy(w.Header(), t.sent)
	w.WriteHeader(t.status)
	for _, piece := range t.pieces {
		if piece == nil {
			_ = http.NewResponseController(w).Flush() // a client that is gone needs none
			continue
		}
		_, _ = w.Write(piece)
	}
}
