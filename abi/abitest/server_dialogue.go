package abitest

import (
	"context"
	"io"
	"net/http"
)

// dialogue is a request whose body and response go on at the same time.
type dialogue struct {
	*session
	response *http.Response
	up       *io.PipeWriter
	cancel   context.CancelFunc
}

// open begins a dialogue; first is sent before the response begins.
func (s *session) open(url, script, first string) *dialogue {
	ctx, cancel := context.WithCancel(s.ctx)
	down, up := io.Pipe()
	s.cleanup = append(s.cleanup, cancel)
	// A client of HTTP/1 that gives up waits for the body that it was sending.
	context.AfterFunc(ctx, func() { _ = up.CloseWithError(context.Cause(ctx)) })
	if first != "" {
		go func() { _, _ = up.Write([]byte(first)) }()
	}
	response, err := s.client.Do(s.request(ctx, url, script, []change{flow(down)}))
	if err != nil {
		s.fatalf("no response has begun while the request's body goes on: %v", err)
	}
	s.cleanup = append(s.cleanup, func() { _ = response.Body.Close() })
	return &dialogue{s, response, up, cancel}
}

// hear reads what must be the next bytes of the response.
func (d *dialogue) hear(text string) {
	got := make([]byte, len(text))
	n, err := io.ReadFull(d.response.Body, got)
	if string(got[:n]) != text {
		d.fatalf("the response goes on with %s (%v), want %q", show(string(got[:n])), err, text)
	}
}

// say sends bytes of the request's body.
func (d *dialogue) say(text string) {
	if _, err := io.WriteString(d.up, text); err != nil {
		d.fatalf("the request's body is not taken: %v", err)
	}
}

// end ends the request's body and returns the rest of the response.
func (d *dialogue) end() ([]byte, error) {
	_ = d.up.Close()
	return io.ReadAll(d.response.Body)
}

// leave goes away. A client of HTTP/2 sees that it is to when the response is closed, too.
func (d *dialogue) leave() {
	d.cancel()
	_ = d.response.Body.Close()
}
