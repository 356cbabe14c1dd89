package supervise_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// request plays one request on the app that answers a path.
func (f *folder) request(path string) {
	f.t.Helper()
	target, _, ok := f.Routes().Lookup("", path)
	if !ok {
		f.t.Fatalf("nobody answers %s", path)
	}
	g := target.Enter()
	defer g.Leave()
	if err := g.Serve(context.Background(), nil); err != nil {
		f.t.Error(err)
	}
}

// An app that nobody has used for idle_timeout has no instances, until somebody does; one that is used keeps them, and so does
// one whose timeout is 0.
func TestIdleApps(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFolder(t)
		f.write("rare.wasm", "a")
		f.write("rare.toml", "idle_timeout 5m")
		f.write("never.wasm", "b")
		f.write("never.toml", "idle_timeout 0s")
		f.settle()
		step := func(wait time.Duration, live int64) {
			t.Helper()
			time.Sleep(wait)
			synctest.Wait()
			if got := f.loader.live.Load(); got != live {
				t.Errorf("%d instances live, want %d", got, live)
			}
		}
		step(5*time.Minute-time.Second, 2)
		step(3*time.Second, 1)
		step(time.Hour, 1)
		f.request("/rare")
		step(4*time.Minute, 2)
		f.request("/rare")
		step(4*time.Minute, 3) // it was the last one that was ready
		step(2*time.Minute, 1)
		f.write("rare.wasm", "c") // a new version is as good as a request
		f.settle("rare.wasm")
		step(4*time.Minute, 2)
		step(2*time.Minute, 1)
		f.remove("rare.wasm")
		f.settle("rare.wasm")
		step(time.Hour, 1)
	})
}

// What has lived for too long is replaced though nobody uses it.
func TestOldInstancesAreReplaced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFolder(t)
		f.write("a.wasm", "a")
		f.write("a.toml", "max_lifetime 1h")
		f.settle()
		for lives := range int64(4) {
			if made := f.loader.made.Load(); made != lives+1 {
				t.Errorf("%d instances were made, want %d", made, lives+1)
			}
			time.Sleep(time.Hour + 3*time.Second)
			synctest.Wait()
		}
	})
}
