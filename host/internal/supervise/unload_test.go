package supervise_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wasgi/wasgi/host/internal/guest"
	"github.com/wasgi/wasgi/host/internal/supervise"
)

// ten is a module of ten bytes that begins with text.
func ten(text string) string { return (text + "..........")[:10] }

// newTight returns a folder with apps a, b … of ten bytes each, whose programs may have that many bytes.
func newTight(t *testing.T, memory int64, apps int) *folder {
	t.Helper()
	f := newFolderIn(t, memory, 1000, 1, &loader{heeds: true})
	for n := range apps {
		f.write(string(rune('a'+n))+".wasm", ten(string(rune('a'+n))))
	}
	f.settle()
	return f
}

// states lists the apps with their states, in short: "a+ b-" is one that serves and one that is unloaded.
func (f *folder) states() string {
	var out []string
	for _, s := range f.Status() {
		mark := map[supervise.State]string{supervise.StateServing: "+", supervise.StateUnloaded: "-"}[s.State]
		if mark == "" {
			mark = " " + string(s.State)
		}
		out = append(out, s.Name+mark)
	}
	return strings.Join(out, " ")
}

// ask plays one request on the app that answers a path, and returns how it ended.
func (f *folder) ask(path string) error {
	target, _, ok := f.Routes().Lookup("", path)
	if !ok {
		return errors.New("nobody answers")
	}
	g := target.Enter()
	if g == nil {
		return errors.New("nothing serves")
	}
	defer g.Leave()
	return g.Serve(context.Background(), nil)
}

func (f *folder) wantStates(want string) {
	f.t.Helper()
	if got := f.states(); got != want {
		f.t.Errorf("got %s, want %s", got, want)
	}
}

// At the start, what has no room is checked and not loaded; it answers all the same. Later, the app that was not used for longest
// makes room.
func TestUnloading(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newTight(t, 60, 6) // of a new app three times its file is thought
		if loads, checks := f.loader.loads.Load(), f.loader.checks.Load(); loads != 4 || checks != 2 || f.loader.programs.Load() != 4 {
			t.Errorf("%d loads and %d checks, want 4 and 2", loads, checks)
		}
		for _, name := range []string{"a", "b", "c", "d", "e", "f"} {
			time.Sleep(2 * time.Second)
			f.request("/" + name)
		}
		f.wantStates("a+ b+ c+ d+ e+ f+")
		time.Sleep(2 * time.Second)
		f.request("/a")
		f.write("g.wasm", ten("g"))
		f.settle("g.wasm")
		f.wantStates("a+ b- c+ d+ e+ f+ g+")
		f.write("h.wasm", ten("h")+ten("h"))
		f.settle("h.wasm")
		f.wantStates("a+ b- c- d- e+ f+ g+ h+")
		f.request("/b")
		synctest.Wait()
		f.wantStates("a+ b+ c- d- e- f+ g+ h+")
		if n := f.loader.programs.Load(); n != 5 {
			t.Errorf("%d programs are in memory, want 5", n)
		}
		if s := f.status("b"); s.Generation != 1 || s.Kind != "fake" || s.Mounts[0] != "/b" {
			t.Errorf("%+v", s)
		}
	})
}

// What is checked only must not be what cannot be loaded.
func TestStartWithoutRoom(t *testing.T) {
	t.Parallel()
	f := newFolderIn(t, 1, 1000, 2, &loader{})
	f.write("a.wasm", "a")
	f.write("b.wasm", "bad")
	f.write("c.wasm", "c")
	f.write("c.toml", "idle_timeout 0s") // is loaded whatever room there is
	f.settle()
	f.wantStates("a- b failed c+")
	f.request("/a")
	f.wantStates("a+ b failed c+")
	if n := f.loader.loads.Load(); n != 2 {
		t.Errorf("%d loads, want 2", n)
	}
}

// unloaded returns a folder with an app a that serves and was unloaded for b.
func unloaded(t *testing.T) *folder {
	t.Helper()
	f := newTight(t, 15, 0)
	f.write("a.toml", "idle_timeout 2h")
	f.write("a.wasm", ten("a"))
	f.settle("a.wasm")
	f.write("b.wasm", ten("b"))
	f.settle("b.wasm")
	f.wantStates("a- b+")
	return f
}

// However many ask for an unloaded app at once, it is loaded once.
func TestWakingIsDoneOnce(t *testing.T) {
	t.Parallel()
	f := unloaded(t)
	begun, release := f.hold(ten("a"))
	var all sync.WaitGroup
	for range 1000 {
		all.Go(func() {
			if err := f.ask("/a"); err != nil {
				t.Error(err)
			}
		})
	}
	f.await(begun)
	close(release)
	all.Wait()
	if n := f.loader.loads.Load(); n != 3 {
		t.Errorf("%d loads, want 3: a, b, and a again", n)
	}
	f.wantStates("a+ b-")
}

// What becomes of an unloaded app when its file changes, and what its next request sees.
func TestChangesWhileUnloaded(t *testing.T) {
	t.Parallel()
	const bad = `app "a" generation 1: load: protocol: not loadable`
	for name, c := range map[string]struct {
		change func(*folder)
		tell   bool   // the watcher has seen it
		fault  string // of the request
		want   supervise.Status
	}{
		"nothing":             {func(*folder) {}, true, "", supervise.Status{State: supervise.StateServing, Generation: 1}},
		"replaced":            {func(f *folder) { f.write("a.wasm", ten("new")) }, true, "", supervise.Status{State: supervise.StateServing, Generation: 2}},
		"replaced, in secret": {func(f *folder) { f.write("a.wasm", ten("new")) }, false, "", supervise.Status{State: supervise.StateServing, Generation: 2}},
		"a manifest, in secret": {func(f *folder) { f.write("a.toml", "idle_timeout 1h") }, false, "",
			supervise.Status{State: supervise.StateServing, Generation: 2}},
		"spoilt":            {func(f *folder) { f.write("a.wasm", "bad") }, true, bad, supervise.Status{State: supervise.StateFailed, Generation: 1}},
		"spoilt, in secret": {func(f *folder) { f.write("a.wasm", "bad") }, false, bad, supervise.Status{State: supervise.StateFailed, Generation: 1}},
		"touched":           {func(f *folder) { f.write("a.wasm", ten("a")) }, true, "", supervise.Status{State: supervise.StateServing, Generation: 1}},
		"cannot be loaded any more": {func(f *folder) { f.loader.broken.Store(true) }, false, bad,
			supervise.Status{State: supervise.StateFailed, Generation: 1}},
		"gone, in secret": {func(f *folder) { f.remove("a.wasm") }, false,
			`app "a" generation 1: load: host: read a.wasm: `, supervise.Status{State: supervise.StateUnloaded, Generation: 1}},
		"gone":     {func(f *folder) { f.remove("a.wasm") }, true, "nobody answers", supervise.Status{}},
		"disabled": {func(f *folder) { f.write("a.toml", "disabled") }, true, "nobody answers", supervise.Status{State: supervise.StateDisabled, Generation: 1}},
		"disabled, in secret": {func(f *folder) { f.write("a.toml", "disabled") }, false,
			`app "a" generation 1: call: busy: the app was removed while it was being loaded again`,
			supervise.Status{State: supervise.StateDisabled, Generation: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := unloaded(t)
			c.change(f)
			if c.tell {
				f.settle("a.wasm", "a.toml")
			}
			for range 2 {
				err := f.ask("/a")
				if (err == nil) != (c.fault == "") || err != nil && !strings.HasPrefix(err.Error(), c.fault) && err.Error() != "nobody answers" {
					t.Errorf("the request ended in %v, want %q", err, c.fault)
				}
			}
			if s := f.status("a"); s.State != c.want.State || s.Generation != c.want.Generation {
				t.Errorf("%+v, want %+v", s, c.want)
			}
			// Whatever it was, a good version mends it.
			f.loader.broken.Store(false)
			_ = os.Remove(filepath.Join(f.dir, "a.toml"))
			f.write("a.wasm", ten("mended"))
			f.settle("a.wasm", "a.toml")
			if err := f.ask("/a"); err != nil || f.status("a").State != supervise.StateServing {
				t.Errorf("%v, %+v", err, f.status("a"))
			}
		})
	}
}

// An app whose loading again fails once is not lost: the next request tries again.
func TestWakingIsTriedAgain(t *testing.T) {
	t.Parallel()
	f := unloaded(t)
	f.loader.broken.Store(true)
	if err := f.ask("/a"); guest.KindOf(err) != guest.KindProtocol {
		t.Errorf("ask() = %v", err)
	}
	if s := f.status("a"); s.Err == nil || s.State != supervise.StateFailed || f.journal.count("app not loaded again") != 1 {
		t.Errorf("%+v", s)
	}
	f.loader.broken.Store(false)
	if err := f.ask("/a"); err != nil {
		t.Error(err)
	}
	if s := f.status("a"); s.Err != nil || s.State != supervise.StateServing || s.Generation != 1 {
		t.Errorf("%+v", s)
	}
}

// While an app is being loaded again, it may be removed, replaced, or the server closed: who waits is answered.
func TestWhileWaking(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*folder)
		fault  string
	}{
		"removed": {func(f *folder) { f.remove("a.wasm"); f.settle("a.wasm") },
			`app "a" generation 1: call: busy: the app was removed while it was being loaded again`},
		"replaced": {func(f *folder) { f.write("a.wasm", ten("new")); f.settle("a.wasm") }, ""},
		"closed": {func(f *folder) { _ = f.Close(context.Background()) },
			`app "a" generation 1: load: deadline: the server is shutting down`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := unloaded(t)
			begun, _ := f.hold(ten("a")) // never released
			answered := make(chan error, 1)
			go func() { answered <- f.ask("/a") }()
			f.await(begun)
			c.change(f)
			select {
			case err := <-answered:
				if (err == nil) != (c.fault == "") || err != nil && err.Error() != c.fault {
					t.Errorf("the request ended in %v, want %q", err, c.fault)
				}
			case <-time.After(hang):
				t.Fatal("the request hangs")
			}
		})
	}
}

// A request waits for no longer than queue_timeout, and the loading goes on for the next one.
func TestWakingIsTooSlow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := unloaded(t)
		_, release := f.hold(ten("a"))
		const want = `app "a" generation 1: call: busy: the app was unloaded, and not loaded again within queue_timeout; ` +
			`raise queue_timeout, or apps.memory`
		begin := time.Now()
		if err := f.ask("/a"); err == nil || err.Error() != want || time.Since(begin) != hang {
			t.Errorf("after %s: %v", time.Since(begin), err)
		}
		close(release)
		synctest.Wait()
		f.wantStates("a+ b-")
		f.request("/a")
		if n := f.loader.loads.Load(); n != 3 {
			t.Errorf("%d loads, want 3", n)
		}
	})
}

// An app that a request is inside, one whose file does not hold what it serves, and one that must not lose its instances stay.
func TestWhatIsNotUnloaded(t *testing.T) {
	t.Parallel()
	f := newFolderIn(t, 35, 1000, 2, &loader{})
	f.write("always.wasm", ten("always"))
	f.write("always.toml", "idle_timeout 0s")
	f.settle()
	f.write("bad.wasm", ten("good"))
	f.settle("bad.wasm")
	f.write("bad.wasm", "bad")
	f.settle("bad.wasm")
	f.write("busy.wasm", ten("busy"))
	f.settle("busy.wasm")
	target, _, _ := f.Routes().Lookup("", "/busy")
	inside := target.Enter()
	for _, name := range []string{"c", "d"} {
		f.write(name+".wasm", ten(name))
		f.settle(name + ".wasm")
	}
	f.wantStates("always+ bad failed busy+ c- d+")
	inside.Leave()
	f.request("/c")
	f.wantStates("always+ bad failed busy- c+ d-")
	f.request("/bad") // the version before serves
}

// Apps are asked for, unloaded, replaced and removed at once: each request is answered by a version that is as new as the newest
// that was seen, and nothing is left over.
func TestHammerUnloading(t *testing.T) {
	t.Parallel()
	f := newTight(t, 35, 8)
	var clients, vandals sync.WaitGroup
	stop := make(chan struct{})
	vandals.Go(func() {
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			default:
			}
			name := string(rune('a'+rand.IntN(4))) + ".wasm"
			path := filepath.Join(f.dir, name)
			if rand.IntN(4) == 0 {
				_ = os.Remove(path)
			} else if err := errors.Join(os.WriteFile(path+".new", []byte(ten(fmt.Sprint(n))), 0o600), os.Rename(path+".new", path)); err != nil {
				t.Error(err)
			}
			f.Reconcile([]string{name})
		}
	})
	for n := range 16 {
		clients.Go(func() {
			random := rand.New(rand.NewPCG(uint64(n), 1))
			for range 300 {
				name := string(rune('a' + random.IntN(8)))
				err := f.ask("/" + name)
				if kind := guest.KindOf(err); err != nil && (name >= "e" || kind != guest.KindBusy && kind != guest.KindHost && kind != guest.KindTrap) {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
	}
	clients.Wait()
	close(stop)
	vandals.Wait()
	f.settle("none")
	for _, s := range f.Status() {
		if err := f.ask("/" + s.Name); err != nil {
			t.Errorf("%+v: %v", s, err)
		}
	}
	if err := f.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if programs, live := f.loader.programs.Load(), f.loader.live.Load(); programs != 0 || live != 0 {
		t.Errorf("%d programs and %d instances are left over", programs, live)
	}
}
