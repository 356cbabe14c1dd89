package abitest

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"
)

// Outcome is what one case found out about a server.
type Outcome struct {
	// Case is the number of the item and its words: "06_script_name_and_path_info".
	Case string
	// Skipped says why the case was not run to its end, "" if it was.
	Skipped string
	// Failures are what the server did wrong, in words.
	Failures []string
}

// RunServer plays every case of the gateway's side of the contract on a server that has [Guest] loaded at that URL, each as a
// subtest of its own. The URL's path is the mount. The server must trust nobody to speak for a client: see item 10.
func RunServer(t *testing.T, serverURL string, options ServerOptions) {
	t.Helper()
	s, err := newServer(serverURL, options)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	for _, c := range serverCases() {
		if !s.wants(c) {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			outcome := s.run(t.Context(), c)
			for _, failure := range outcome.Failures {
				t.Error(failure)
			}
			if outcome.Skipped != "" && len(outcome.Failures) == 0 {
				t.Skip(outcome.Skipped)
			}
		})
	}
}

// CheckServer is RunServer without a test: it returns the outcome of each case. The error says that the URL makes no sense, or
// that ctx is done.
func CheckServer(ctx context.Context, serverURL string, options ServerOptions) ([]Outcome, error) {
	s, err := newServer(serverURL, options)
	if err != nil {
		return nil, err
	}
	defer s.close()
	var outcomes []Outcome
	for _, c := range serverCases() {
		if err := ctx.Err(); err != nil {
			return outcomes, err
		}
		if s.wants(c) {
			outcomes = append(outcomes, s.run(ctx, c))
		}
	}
	return outcomes, nil
}

// ServerCases lists the names of all cases.
func ServerCases() []string {
	var names []string
	for _, c := range serverCases() {
		names = append(names, c.name)
	}
	return names
}

// serverCase is one thing that a server must do.
type serverCase struct {
	name string
	// raw says that the case looks at bytes of HTTP/1.1.
	raw bool
	// socket says that the case opens WebSockets.
	socket bool
	run    func(*session)
}

// server is the server under test.
type server struct {
	options ServerOptions
	base    *url.URL
	client  *http.Client
	close   func()
}

func newServer(serverURL string, options ServerOptions) (*server, error) {
	base, err := url.Parse(serverURL)
	if err != nil {
		return nil, err
	}
	if base.Scheme != "http" && base.Scheme != "https" || base.Host == "" || base.RawQuery != "" {
		return nil, fmt.Errorf("server URL %q: must be http:// or https://, a host and the mount's path", serverURL)
	}
	if base.Path == "/" {
		base.Path = ""
	}
	if options.Patience == 0 {
		options.Patience = 20 * time.Second
	}
	s := &server{options: options, base: base, close: func() {}}
	transport := options.Transport
	if transport == nil {
		made := newTransport(options)
		transport, s.close = made, made.CloseIdleConnections
	}
	s.client = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return s, nil
}

func newTransport(options ServerOptions) *http.Transport {
	var protocols http.Protocols
	switch options.Protocol {
	case HTTP2:
		protocols.SetHTTP2(true)
	case H2C:
		protocols.SetUnencryptedHTTP2(true)
	default:
		protocols.SetHTTP1(true)
	}
	return &http.Transport{
		Protocols: &protocols, TLSClientConfig: options.TLS.Clone(),
		DisableCompression: true, ExpectContinueTimeout: options.Patience,
	}
}

func (s *server) wants(c serverCase) bool { return s.options.Only == nil || s.options.Only(c.name) }

// run plays one case.
func (s *server) run(ctx context.Context, c serverCase) Outcome {
	ctx, cancel := context.WithTimeout(ctx, s.options.Patience)
	defer cancel()
	session := &session{server: s, ctx: ctx, outcome: Outcome{Case: c.name}}
	if c.raw && s.options.Protocol != HTTP1 {
		session.outcome.Skipped = "it looks at bytes of HTTP/1.1, and the server is asked over HTTP/2"
		return session.outcome
	}
	if c.socket && s.options.Protocol != HTTP1 {
		session.outcome.Skipped = "WebSockets are of HTTP/1.1, and the server is asked over HTTP/2"
		return session.outcome
	}
	session.play(c)
	return session.outcome
}
