package abitest

import (
	"io"
	"net/http"
	"strings"
)

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
