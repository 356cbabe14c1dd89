// Command clock streams the time as server-sent events, one a second, until the client goes away.
package main

import (
	"iter"
	"net/url"
	"strconv"
	"time"

	"github.com/wasgi/wasgi/guest-sdk/go/wasgi"
)

func init() { wasgi.Handle(clock{now: time.Now, sleep: time.Sleep}.serve) }

func main() {}

// clock has its source of time as fields, so that a test need not wait.
type clock struct {
	now   func() time.Time
	sleep func(time.Duration)
}

func (c clock) serve(env wasgi.Environ, start wasgi.StartResponse) wasgi.Body {
	if method := env.Get("REQUEST_METHOD"); method != "GET" && method != "HEAD" {
		start("405 Method Not Allowed", []wasgi.Header{{Name: "Allow", Value: "GET, HEAD"}, plain})
		return wasgi.Text("clock answers GET and HEAD\n")
	}
	count, ok := countOf(env.Get("QUERY_STRING"))
	if !ok {
		start("400 Bad Request", []wasgi.Header{plain})
		return wasgi.Text("count must be a whole number from 1 on\n")
	}
	start("200 OK", []wasgi.Header{
		{Name: "Content-Type", Value: "text/event-stream"},
		{Name: "Cache-Control", Value: "no-store"},
	})
	return wasgi.Stream(c.events(count))
}

var plain = wasgi.Header{Name: "Content-Type", Value: "text/plain; charset=utf-8"}

// countOf returns how many events the query asks for, 0 for no end.
func countOf(query string) (count int, ok bool) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return 0, false
	}
	if !values.Has("count") {
		return 0, true
	}
	count, err = strconv.Atoi(values.Get("count"))
	return count, err == nil && count > 0
}

// events yields the first event at once. A client that is gone shows at the next one: the stream is not asked for more.
func (c clock) events(count int) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for id := 1; ; id++ {
			event := "id: " + strconv.Itoa(id) + "\ndata: " + c.now().UTC().Format(time.RFC3339) + "\n\n"
			if !yield([]byte(event)) || id == count {
				return
			}
			c.sleep(time.Second)
		}
	}
}
