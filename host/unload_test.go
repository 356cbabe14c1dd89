package host_test

import (
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"github.com/wasgi/wasgi/host"
	"github.com/wasgi/wasgi/host/config"
	"github.com/wasgi/wasgi/host/internal/guesttest"
	"github.com/wasgi/wasgi/host/internal/supervise"
)

// count returns how many apps are in a state.
func count(h *host.Host, state supervise.State) (n int) {
	for _, s := range h.Status() {
		if s.State == state {
			n++
		}
	}
	return n
}

// More apps than there is room for: all answer, and no more than fit are in memory. One that was unloaded is as it was.
func TestMoreAppsThanFit(t *testing.T) {
	t.Parallel()
	const apps = 12
	dir := t.TempDir()
	for n := range apps {
		write(t, filepath.Join(dir, fmt.Sprintf("app%d.wasm", n)), varied(t, numbered(t, guesttest.Wasm(t, "hello"), n), n))
	}
	h := open(t, dir, func(c *config.Config) { c.Apps.Memory = 32 << 10 })
	check := func() {
		t.Helper()
		serving, unloaded := count(h, supervise.StateServing), count(h, supervise.StateUnloaded)
		if serving == 0 || unloaded == 0 || serving+unloaded != apps {
			t.Errorf("%d apps serve and %d are unloaded: %+v", serving, unloaded, h.Status())
		}
	}
	check()
	for range 2 {
		visit(t, h, apps)
		check()
	}
	var all sync.WaitGroup
	for client := range 8 {
		all.Go(func() {
			for n := range 4 * apps {
				n = n * (client + 1) % apps
				if status, body := get(h, fmt.Sprintf("/app%d", n)); status != 200 || body != greeting(n) {
					t.Errorf("app %d answers %d %q", n, status, body)
				}
			}
		})
	}
	all.Wait()
	check()
	for n := range apps {
		write(t, filepath.Join(dir, fmt.Sprintf("app%d.wasm", n)), guesttest.Wasm(t, "hello2"))
	}
	for n := range apps {
		until(t, h, fmt.Sprintf("/app%d", n), 200, second)
	}
}
