package abitest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/wasgi/wasgi/abi/wire"
)

// session is one case being played on a server. Its goroutine is the case's.
type session struct {
	*server
	ctx     context.Context
	outcome Outcome
	cleanup []func()
}

// stop is what a case panics with that cannot go on.
type stop struct{}

// play runs a case and what it has left to be undone.
func (s *session) play(c serverCase) {
	defer func() {
		for _, f := range s.cleanup {
			f()
		}
		if r := recover(); r != nil && r != (stop{}) {
			panic(r)
		}
	}()
	c.run(s)
}

func (s *session) errorf(format string, args ...any) {
	s.outcome.Failures = append(s.outcome.Failures, fmt.Sprintf(format, args...))
}

func (s *session) fatalf(format string, args ...any) {
	s.errorf(format, args...)
	panic(stop{})
}

// skip gives the case up for want of something.
func (s *session) skip(why string) {
	s.outcome.Skipped = why
	panic(stop{})
}

// want reports what is not as it should be.
func want[T comparable](s *session, what string, got, want T) {
	if got != want {
		s.errorf("%s: got %s, want %s", what, show(got), show(want))
	}
}

// show clips what a server may have made long.
func show(v any) string {
	text := fmt.Sprintf("%v", v)
	if s, ok := v.(string); ok {
		text = fmt.Sprintf("%q", s)
	}
	if len(text) > 300 {
		text = fmt.Sprintf("%s… (%d bytes)", text[:300], len(text))
	}
	return text
}

// change changes a request before it is sent.
type change func(*http.Request)

func method(name string) change { return func(r *http.Request) { r.Method = name } }

// at asks below the mount. The suffix is escaped already, and may have a query.
func at(suffix string) change {
	return func(r *http.Request) {
		path, query, _ := strings.Cut(suffix, "?")
		if err := setPath(r, r.URL.EscapedPath()+path); err != nil {
			panic(err) // a case that is written wrong
		}
		r.URL.RawQuery = query
	}
}

func setPath(r *http.Request, escaped string) error {
	u, err := r.URL.Parse(escaped)
	if err == nil {
		r.URL = u
	}
	return err
}

func header(name string, values ...string) change {
	return func(r *http.Request) { r.Header[name] = values }
}

// body sends a body of known length.
func body(content string) change {
	return func(r *http.Request) {
		r.Method = http.MethodPost
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(content)), int64(len(content))
	}
}

// flow sends a body of which the length is not known. A client that gives up closes it.
func flow(content io.ReadCloser) change {
	return func(r *http.Request) {
		r.Method = http.MethodPost
		r.Body, r.ContentLength = content, -1
	}
}

// answer is a whole response.
type answer struct {
	status int
	proto  string
	header http.Header
	body   []byte
	// cut is why the body did not end as it should.
	cut error
}

func (s *session) request(ctx context.Context, url, script string, changes []change) *http.Request {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		s.fatalf("%v", err)
	}
	if script != "" {
		r.Header.Set(playHeader, script)
	}
	for _, change := range changes {
		change(r)
	}
	return r
}

// try plays a script and returns the answer, or why there is none.
func (s *session) try(script string, changes ...change) (*answer, error) {
	return s.tryAt(s.base.String(), script, changes...)
}

func (s *session) tryAt(url, script string, changes ...change) (*answer, error) {
	response, err := s.client.Do(s.request(s.ctx, url, script, changes))
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	content, cut := io.ReadAll(response.Body)
	return &answer{response.StatusCode, response.Proto, response.Header, content, cut}, nil
}

// ask is try where an answer must come.
func (s *session) ask(script string, changes ...change) *answer {
	a, err := s.try(script, changes...)
	if err != nil {
		s.fatalf("no answer: %v", err)
	}
	return a
}

// get is ask where the answer must be 200 and whole.
func (s *session) get(script string, changes ...change) *answer {
	return s.good(s.ask(script, changes...))
}

func (s *session) good(a *answer) *answer {
	if a.status != http.StatusOK || a.cut != nil {
		s.fatalf("got status %d with %s (%v), want a whole 200", a.status, show(string(a.body)), a.cut)
	}
	return a
}

// environ asks for the environ of a request.
func (s *session) environ(changes ...change) environ {
	return s.environOf(s.get(do(start("200 OK"), returnEnviron), changes...).body)
}

func (s *session) environOf(body []byte) environ {
	pairs, err := wire.Decode(body)
	if err != nil {
		s.fatalf("the environ that came back is none: %v: %s", err, show(string(body)))
	}
	return pairs
}

// report asks for the report of a script, which must not end with what it returns.
func (s *session) report(script string, changes ...change) []step {
	return s.reportOf(s.get(do(script, returnReport), changes...).body)
}

func (s *session) reportOf(body []byte) []step {
	steps, err := parseReport(body)
	if err != nil {
		s.fatalf("the report is none: %v: %s", err, show(string(body)))
	}
	return steps
}

// results are the results of a report in order.
func results(steps []step) string {
	var out []string
	for _, step := range steps {
		out = append(out, fmt.Sprintf("%s %d", step.letter, step.result))
	}
	return strings.Join(out, ", ")
}

// content is what was read.
func content(steps []step) string {
	var out strings.Builder
	for _, step := range steps {
		out.WriteString(step.data)
	}
	return out.String()
}

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

// logged waits for a line of the log that holds all of the words, and returns it.
func (s *session) logged(words ...string) string {
	if s.options.Log == nil {
		s.skip("ServerOptions.Log is not set")
	}
	for {
		log := s.options.Log()
		for line := range strings.Lines(log) {
			if containsAll(line, words) {
				return line
			}
		}
		select {
		case <-s.ctx.Done():
			s.fatalf("no line of the log has all of %q; its end is %s", words, show(tail(log)))
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func containsAll(line string, words []string) bool {
	for _, word := range words {
		if !strings.Contains(line, word) {
			return false
		}
	}
	return true
}

func tail(s string) string { return s[max(0, len(s)-250):] }
