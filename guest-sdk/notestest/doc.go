// Package notestest drives a notes API over HTTP and compares each answer with the contract in guest-sdk/NOTES.md: status, headers
// and every byte of the body. It knows neither the language of the app nor the server that it runs in, so all the sample apps
// that keep the contract can be held to the same answers.
package notestest

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// patience is how long one request may take, compiling of the app included.
const patience = time.Minute

// Run checks the notes API at url, its mount without a slash at the end ("http://127.0.0.1:8000/notes"), in one subtest a part of the
// contract. The app holds no notes yet. stateless says that it keeps nothing from one request to the next.
func Run(t *testing.T, url string, stateless bool) {
	t.Helper()
	c := newClient(url, stateless)
	for _, part := range parts {
		t.Run(part.name, func(t *testing.T) {
			for _, difference := range c.differences(t.Context(), part) {
				t.Error(difference)
			}
		})
	}
}

// Check is Run without a test: it returns what differs from the contract, in words, nothing for an app that keeps it.
func Check(ctx context.Context, url string, stateless bool) []string {
	c := newClient(url, stateless)
	var all []string
	for _, part := range parts {
		for _, difference := range c.differences(ctx, part) {
			all = append(all, part.name+": "+difference)
		}
	}
	return all
}

// part is a piece of the contract. The parts are played in their order, since the store goes on from one to the next.
type part struct {
	name string
	play func(*client)
}

var parts = []part{
	{"empty store", (*client).emptyStore},
	{"paths", (*client).paths},
	{"methods", (*client).methods},
	{"content types", (*client).contentTypes},
	{"sizes", (*client).sizes},
	{"malformed bodies", (*client).malformed},
	{"wrong objects", (*client).wrongObjects},
	{"texts", (*client).texts},
	{"lengths of texts", (*client).textLengths},
	{"objects", (*client).objects},
	{"chunked bodies", (*client).chunked},
	{"notes", (*client).notesByID},
	{"many at once", (*client).crowd},
	{"list", (*client).list},
}

func newClient(url string, stateless bool) *client {
	_, path, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(url, "http://"), "https://"), "/")
	mount := ""
	if path != "" {
		mount = "/" + path
	}
	return &client{
		http:  &http.Client{Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		url:   url,
		mount: mount,
		model: model{stateless: stateless, next: 1},
	}
}

// differences plays one part.
func (c *client) differences(ctx context.Context, p part) []string {
	c.ctx, c.found = ctx, nil
	p.play(c)
	c.http.CloseIdleConnections()
	return c.found
}

func (c *client) differ(format string, args ...any) {
	c.found = append(c.found, fmt.Sprintf(format, args...))
}
