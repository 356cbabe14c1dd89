package wasgihttp

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/wasgi/wasgi/guest-sdk/go/wasgi"
)

// patience is how long the context of a request lasts that warms up: a handler that waits for its client must come to an end.
const patience = 100 * time.Millisecond

// Option changes what [Serve] does.
type Option func(*options)

type options struct {
	paths []string
}

func optionsOf(list []Option) options {
	o := options{paths: []string{"/"}}
	for _, option := range list {
		option(&o)
	}
	return o
}

// Warm has the handler answer GET requests for these paths before the first client's, in place of "/": those whose code a first
// request should find warm. Without paths nothing is asked, as is right for a handler with effects that nobody asked for: one
// that counts, sends or deletes something on GET. The paths are the handler's own, below the mount; they have no escapes and
// may have a query.
func Warm(paths ...string) Option {
	for _, path := range paths {
		if !strings.HasPrefix(path, "/") {
			panic("wasgihttp: Warm: " + strconv.Quote(path) + ": a path begins with a slash")
		}
	}
	return func(o *options) { o.paths = paths }
}

// warmUp plays the requests. A handler that waits for something finds its client gone soon.
func (o options) warmUp(handler http.Handler) {
	for _, path := range o.paths {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		wasgi.Rehearse(application(ctx, handler), path)
		cancel()
	}
}
