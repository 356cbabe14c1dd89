// Package wasgihttp runs a net/http handler as a wasgi application, unmodified:
//
//	func init() {
//		mux := http.NewServeMux()
//		mux.HandleFunc("GET /hello/{name}", hello)
//		mux.Handle("GET /static/", http.FileServerFS(files))
//		wasgihttp.Serve(mux)
//	}
//
//	func main() {}
//
// What differs from net/http's own server:
//
//   - A handler sees the path below the app's mount, as under [http.StripPrefix]; [Mount] gives the rest for links. A Location
//     header that is a path gets the mount put before it, unless it lies below the mount already, so that redirects work
//     wherever the app is mounted. A redirect out of the mount is a full URL.
//   - A body of up to 32 KiB that is not flushed is sent whole, with a Content-Length.
//   - The request's context ends with the handler, and when a write finds the client gone.
//   - Headers that belong to the connection are dropped: the host sets them. So are interim (1xx) responses and trailers.
//   - There is no [http.Hijacker], and there are no deadlines to set: the host's manifest has them.
//   - Multipart forms are parsed in memory alone, as an app has no files to spill to.
package wasgihttp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"

	"github.com/wasgi/wasgi/guest-sdk/go/wasgi"
)

// Serve makes handler the application of this module. Call it from init; it is [wasgi.Handle] of [Application].
//
// Before the first client's request the handler is asked for GET / once, by the User-Agent "wasgi-warm-up", and its answer is
// thrown away: what net/http and the handler do but once is done by then, and all requests begin with that. [Warm] asks for
// other paths, or for none.
func Serve(handler http.Handler, opts ...Option) {
	wasgi.Handle(Application(handler))
	o := optionsOf(opts)
	wasgi.WarmUp(func() { o.warmUp(handler) })
}

// Application returns handler as a wasgi application, which a test can give to package wasgitest.
func Application(handler http.Handler) wasgi.Application {
	return application(context.Background(), handler)
}

// application is Application with a context for all requests.
func application(base context.Context, handler http.Handler) wasgi.Application {
	return func(env wasgi.Environ, start wasgi.StartResponse) wasgi.Body {
		mount := escapedMount(env)
		ctx, cancel := context.WithCancel(context.WithValue(base, mountKey{}, mount))
		defer cancel()
		r := newRequest(ctx, env)
		w := &response{
			start:  start,
			errors: env.Errors(),
			gone:   cancel,
			mount:  mount,
			head:   r.Method == http.MethodHead,
			header: make(http.Header),
			length: -1,
		}
		if v := serve(handler, w, r); v != nil {
			return w.fail(panicError(r, v))
		}
		return w.finish()
	}
}

type mountKey struct{}

// Mount returns the path the app is mounted at, escaped for use in a URL and without a slash at the end: "/notes", or "" at
// the root. A link to the handler's own "/add" is Mount(r) + "/add".
func Mount(r *http.Request) string {
	mount, _ := r.Context().Value(mountKey{}).(string)
	return mount
}

func escapedMount(env wasgi.Environ) string {
	u := url.URL{Path: env.Get("SCRIPT_NAME")}
	return u.EscapedPath()
}

// serve runs the handler and returns what it panicked with, nil if it did not.
func serve(handler http.Handler, w http.ResponseWriter, r *http.Request) (panicked *handlerPanic) {
	defer func() {
		if v := recover(); v != nil {
			panicked = &handlerPanic{value: v, stack: debug.Stack()}
		}
	}()
	handler.ServeHTTP(w, r)
	return nil
}

type handlerPanic struct {
	value any
	stack []byte
}

// panicError is what the log gets. An abort is meant by the handler, so it has no stack, as in net/http.
func panicError(r *http.Request, p *handlerPanic) error {
	if err, ok := p.value.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		return err
	}
	return fmt.Errorf("wasgihttp: panic serving %s %q: %v\n%s", r.Method, r.URL.Path, p.value, p.stack)
}
