package host_test

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/wasgi/wasgi/host/config"
	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// sink is a response writer that keeps nothing, and so allocates nothing.
type sink struct {
	header http.Header
	status int
}

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) WriteHeader(status int)      { s.status = status }
func (s *sink) Write(p []byte) (int, error) { return len(p), nil }

// What one exchange allocates, beside net/http and the guest: for each isolation that uses an instance again. Not parallel:
// allocations are counted for the whole process.
func TestAllocationsOfAnExchange(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector allocates too")
	}
	const most = 12
	for _, isolation := range []string{"request", "instance"} {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "hello.toml"), []byte("isolation = '"+isolation+"'\n"))
		write(t, filepath.Join(dir, "hello.wasm"), guesttest.Wasm(t, "hello"))
		h := open(t, dir, func(c *config.Config) { c.Apps.Watch = false })
		request := httptest.NewRequest(http.MethodGet, "/hello?a=b", nil)
		request.Header.Set("User-Agent", "test")
		request.Header.Set("Accept", "*/*")
		answer := &sink{header: http.Header{}}
		n := testing.AllocsPerRun(1000, func() {
			clear(answer.header)
			h.ServeHTTP(answer, request)
		})
		if answer.status != http.StatusOK {
			t.Fatalf("status %d", answer.status)
		}
		t.Logf("%s: %v allocations", isolation, n)
		if n > most {
			t.Errorf("%s: %v allocations, at most %d", isolation, n, most)
		}
	}
}
