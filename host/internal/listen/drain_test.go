package listen_test

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/wasgi/wasgi/host/internal/listen"
)

func TestDrain(t *testing.T) {
	t.Parallel()
	d := listen.NewDrain()
	inside, leave := make(chan struct{}), make(chan struct{})
	handler := d.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/wait":
			close(inside)
			<-leave
		case "/hints":
			w.WriteHeader(http.StatusEarlyHints)
			if w.Header().Get("Connection") != "" {
				t.Error("an interim answer ends the connection")
			}
			w.WriteHeader(http.StatusNoContent)
			return
		case "/cut":
			panic(http.ErrAbortHandler)
		}
		_, _ = w.Write([]byte("x"))
		_ = http.NewResponseController(w).Flush()
	}))
	get := func(path string) string {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		return w.Header().Get("Connection")
	}
	var group sync.WaitGroup
	defer group.Wait()
	group.Go(func() {
		if got := get("/wait"); got != "" {
			t.Errorf("a request that was under way is answered with Connection: %s", got)
		}
	})
	<-inside
	if got := get("/"); got != "" {
		t.Errorf("before the drain: Connection: %s", got)
	}
	told := d.Begin()
	for _, path := range []string{"/", "/hints"} {
		if got := get(path); got != "close" {
			t.Errorf("%s: Connection: %q", path, got)
		}
	}
	select {
	case <-told:
		t.Error("somebody does not know yet")
	default:
	}
	close(leave)
	<-told
}

// However requests begin and end around the beginning of a drain, it ends when the last untold one does.
func TestDrainHammer(t *testing.T) {
	t.Parallel()
	for range 200 {
		d := listen.NewDrain()
		handler := d.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				for range 10 {
					handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
				}
			})
		}
		told := d.Begin()
		group.Wait()
		<-told
	}
}
