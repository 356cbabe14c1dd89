package wasgihttp_test

import (
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/wasgi/wasgi/guest-sdk/go/wasgihttp"
)

func TestWarmUpAsksForTheseInOrder(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		opts []wasgihttp.Option
		want []string
	}{
		{nil, []string{"GET / wasgi-warm-up"}},
		{[]wasgihttp.Option{wasgihttp.Warm()}, nil},
		{[]wasgihttp.Option{wasgihttp.Warm("/a b?c=d", "/style.css")}, []string{"GET /a%20b?c=d wasgi-warm-up", "GET /style.css wasgi-warm-up"}},
	} {
		var got []string
		wasgihttp.WarmUp(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			got = append(got, r.Method+" "+r.URL.String()+" "+r.UserAgent())
			io.WriteString(w, "hello")
		}), test.opts...)
		if !slices.Equal(got, test.want) {
			t.Errorf("asked for %q, want %q", got, test.want)
		}
	}
}

// One that panics, one that never stops writing, and one that waits for its client to go.
func TestWarmUpEndsWhateverTheHandlerDoes(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]http.HandlerFunc{
		"panics": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"streams": func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				io.WriteString(w, "data: tick\n\n")
				w.(http.Flusher).Flush()
			}
		},
		"waits": func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			done := make(chan struct{})
			go func() {
				defer close(done)
				wasgihttp.WarmUp(handler)
			}()
			select {
			case <-done:
			case <-time.After(30 * time.Second):
				t.Fatal("it goes on and on")
			}
		})
	}
}

func TestWarmRefusesWhatIsNoPath(t *testing.T) {
	t.Parallel()
	defer func() {
		if got, want := recover(), `wasgihttp: Warm: "style.css": a path begins with a slash`; got != want {
			t.Errorf("panic %v, want %s", got, want)
		}
	}()
	wasgihttp.Warm("/", "style.css")
}
