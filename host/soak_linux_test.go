package host_test

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"github.com/wasgi/wasgi/host/internal/bench"
	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// wear is what a long run may wear down.
type wear struct {
	resident         int64
	goroutines, maps int
}

func takeWear(t testing.TB) wear {
	debug.FreeOSMemory()
	return wear{resident(t), runtime.NumGoroutine(), countMaps()}
}

func (w wear) String() string {
	return fmt.Sprintf("%.1f MiB, %d goroutines, %d maps", float64(w.resident)/(1<<20), w.goroutines, w.maps)
}

// Nothing grows with the number of requests. WASGI_SOAK says how many there are, WASGI_SOAK_GO=1 that a Go guest serves them.
func TestSoak(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector keeps a shadow of all memory")
	}
	requests := amount(t, "WASGI_SOAK", 20_000)
	guest := guesttest.Wasm(t, "hello")
	if os.Getenv("WASGI_SOAK_GO") != "" {
		guest = guesttest.Go(t, filepath.Join("..", "plugins", "hello"))
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "hello.wasm"), guest)
	server := httptest.NewServer(open(t, dir))
	defer server.Close()
	load := bench.Load{
		Request: []byte("GET /hello HTTP/1.1\r\nHost: localhost\r\n\r\n"), Status: 200, Clients: 4, Duration: time.Hour,
	}
	run := func(n int) wear {
		load.Requests = n
		var done bench.Series
		if err := load.Turn(t.Context(), server.Listener.Addr().String(), &done); err != nil || done.Failed > 0 || done.Requests != n {
			t.Fatalf("%d of %d requests, %d failed: %v", done.Requests, n, done.Failed, err)
		}
		return takeWear(t)
	}
	begin := time.Now()
	first := run(1000) // until buffers, pools and caches have their size
	t.Logf("at the start: %s", first)
	for _, at := range []string{"a quarter", "half", "three quarters", "all"} {
		now := run(requests / 4)
		t.Logf("after %s of %d: %s", at, requests, now)
		if now.resident > first.resident+16<<20 || now.goroutines > first.goroutines+5 || now.maps > first.maps+50 {
			t.Errorf("after %s of the requests: %s, at the start %s", at, now, first)
		}
	}
	t.Logf("%.0f requests a second", float64(requests)/time.Since(begin).Seconds())
}
