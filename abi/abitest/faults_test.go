package abitest_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"

	"github.com/wasgi/wasgi/abi/abitest"
)

// request breaks what the server makes of a request.
func request(change func(*http.Request)) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			change(r)
			next.ServeHTTP(w, r)
		})
	}
}

// writer is a response on its way to the client, of which parts can be replaced.
type writer struct {
	http.ResponseWriter
	request *http.Request
	// head changes status and headers, block a block of the body; nil leaves them.
	head  func(status int, h http.Header) int
	block func([]byte) []byte
	// noFlush says that nothing is sent before the end.
	noFlush bool
}

func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *writer) WriteHeader(status int) {
	if w.head != nil {
		status = w.head(status, w.Header())
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *writer) Write(p []byte) (int, error) {
	out := p
	if w.block != nil {
		out = w.block(p)
	}
	_, err := w.ResponseWriter.Write(out)
	return len(p), err
}

func (w *writer) FlushError() error {
	if w.noFlush {
		return nil
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// response breaks what the server makes of a response.
func response(change func(*writer)) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			broken := &writer{ResponseWriter: w, request: r}
			change(broken)
			next.ServeHTTP(broken, r)
		})
	}
}

func head(change func(status int, h http.Header) int) func(http.Handler) http.Handler {
	return response(func(w *writer) { w.head = change })
}

func status(from, to int) func(http.Handler) http.Handler {
	return head(func(status int, _ http.Header) int {
		if status == from {
			return to
		}
		return status
	})
}

// lies replaces bytes of what the guest says of itself by as many others: in an environ, keys stand before their values.
func lies(pattern, replacement string) func(http.Handler) http.Handler {
	re := regexp.MustCompile(pattern)
	return response(func(w *writer) {
		w.block = func(p []byte) []byte { return re.ReplaceAll(p, []byte(replacement)) }
	})
}

// swaps is lies for bytes that are no text.
func swaps(pairs ...string) func(http.Handler) http.Handler {
	replacer := strings.NewReplacer(pairs...)
	return response(func(w *writer) {
		w.block = func(p []byte) []byte { return []byte(replacer.Replace(string(p))) }
	})
}

// refusals are pairs of what a report has for the codes, and for success.
func refusals() (pairs []string) {
	for code := byte(1); code <= 8; code++ {
		pairs = append(pairs, string([]byte{-code, 0xff, 0xff, 0xff}), "\x00\x00\x00\x00")
	}
	return pairs
}

// bytewise answers with these bytes, whatever the app says.
func bytewise(applies func(*http.Request) bool, answer string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !applies(r) {
				next.ServeHTTP(w, r)
				return
			}
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				panic(err)
			}
			defer conn.Close()
			_, _ = io.WriteString(conn, answer)
			if close, ok := conn.(interface{ CloseWrite() error }); ok {
				_ = close.CloseWrite()
			}
			_, _ = io.Copy(io.Discard, conn) // closing now would take back what the client has not read
		})
	}
}

func always(*http.Request) bool { return true }

// plays tells requests by what they have the guest do.
func plays(part string) func(*http.Request) bool {
	return func(r *http.Request) bool { return strings.Contains(r.Header.Get("X-Play"), part) }
}

// hidden ends a response that was to be cut as if it were whole.
func hidden(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() { _ = recover() }()
		w.Header().Set("X-Hidden", "1")
		next.ServeHTTP(&writer{ResponseWriter: w, head: func(status int, h http.Header) int {
			h.Del("Content-Length")
			return status
		}}, r)
	})
}

// deaf does not tell the app that the client is gone.
func deaf(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r = r.WithContext(context.WithoutCancel(r.Context()))
		if r.Method == http.MethodPost && strings.Contains(r.Header.Get("X-Play"), "R100") {
			r.Body = waiting{r.Body}
		}
		next.ServeHTTP(mute{w}, r)
	})
}

// waiting never says that a body has broken off.
type waiting struct{ io.ReadCloser }

func (b waiting) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		return 1, nil
	}
	return n, err
}

// mute takes writes that nobody gets.
type mute struct{ http.ResponseWriter }

func (w mute) Unwrap() http.ResponseWriter { return w.ResponseWriter }
func (w mute) Write(p []byte) (int, error) {
	_, _ = w.ResponseWriter.Write(p)
	return len(p), nil
}
func (w mute) FlushError() error {
	_ = http.NewResponseController(w.ResponseWriter).Flush()
	return nil
}

// short passes off a body that has broken off as one that is short.
type short struct{ io.ReadCloser }

func (b short) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		err = io.EOF
	}
	return n, err
}

// whole reads a request's body before the app is asked.
func whole(r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
}

// oneAtATime has the server answer one request after the other.
func oneAtATime(next http.Handler) http.Handler {
	var mu sync.Mutex
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		next.ServeHTTP(w, r)
	})
}

// leaky gives a later request what an earlier one has sent.
func leaky(next http.Handler) http.Handler {
	var mu sync.Mutex
	var secret string
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		if s := r.Header.Get("X-Secret"); s != "" {
			secret = s
		} else if secret != "" {
			r.Header.Set("X-Leak", secret)
		}
		mu.Unlock()
		next.ServeHTTP(w, r)
	})
}

// logs changes what the server is said to have logged.
func logs(change func(string) string) func(*abitest.ServerOptions) {
	return func(o *abitest.ServerOptions) {
		log := o.Log
		o.Log = func() string { return change(log()) }
	}
}
