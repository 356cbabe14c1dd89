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
	if environ(pairs).get(playHeaderKey) == "" {
		s.fatalf("the environ that came back has no %s: that is not the reference guest's", playHeaderKey)
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

// step returns one step of a report, from its end if n is negative. A server may have returned anything.
func (s *session) step(steps []step, n int) step {
	at := n
	if n < 0 {
		at += len(steps)
	}
	if at < 0 || at >= len(steps) {
		s.fatalf("the report has %d steps: %s", len(steps), results(steps))
	}
	return steps[at]
}

// last are the last n steps of a report, or all.
func last(steps []step, n int) []step { return steps[max(0, len(steps)-n):] }

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
