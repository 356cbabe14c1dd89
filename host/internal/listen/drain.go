package listen

import (
	"net/http"
	"sync"
	"sync/atomic"
)

// Drain tells clients that their connections will be closed, so that they are not when a client has just sent its next request. The
// zero value is not usable; see NewDrain.
type Drain struct {
	begun atomic.Bool
	// untold counts exchanges that may answer without a word about it: those that were under way when the drain began.
	untold atomic.Int64
	told   chan struct{}
	once   sync.Once
}

// NewDrain returns a drain that has not begun.
func NewDrain() *Drain { return &Drain{told: make(chan struct{})} }

// Begin makes each response from now on the last of its connection: HTTP/1 says so in a header, HTTP/2 in a frame. What it returns
// is closed when the exchanges are over that began before.
func (d *Drain) Begin() <-chan struct{} {
	d.begun.Store(true)
	if d.untold.Load() == 0 {
		d.tell()
	}
	return d.told
}

func (d *Drain) tell() { d.once.Do(func() { close(d.told) }) }

// Handler is next, within the drain.
func (d *Drain) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.untold.Add(1)
		if d.begun.Load() {
			d.leave()
			next.ServeHTTP(&lastResponse{ResponseWriter: w}, r)
			return
		}
		defer d.leave()
		next.ServeHTTP(w, r)
	})
}

func (d *Drain) leave() {
	if d.untold.Add(-1) == 0 && d.begun.Load() {
		d.tell()
	}
}

// lastResponse ends its connection.
type lastResponse struct {
	http.ResponseWriter
	said bool
}

// Unwrap leads to the rest of the connection, for [http.ResponseController].
func (w *lastResponse) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader implements [http.ResponseWriter]. net/http turns the header into a GOAWAY frame for HTTP/2.
func (w *lastResponse) WriteHeader(status int) {
	if status >= http.StatusOK && !w.said {
		w.said = true
		w.Header()["Connection"] = []string{"close"}
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (w *lastResponse) Write(p []byte) (int, error) {
	if !w.said {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(p)
}
