package supervise_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"weak"

	"github.com/wasgi/wasgi/host/internal/guest"
	"github.com/wasgi/wasgi/host/internal/supervise"
)

// Each state, with all that an operator sees of it.
func TestStates(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.write("bad.wasm", "bad")
	f.write("off.wasm", "off")
	f.write("off.toml", "disabled")
	f.write("on.wasm", "0123456789")
	f.write("on.toml", "host one.example\nhost two.example")
	f.write("refused.wasm", "refused")
	f.write("refused.json", "mount /on\nhost TWO.example:8080")
	begun, release := f.hold("slow")
	f.write("slow.wasm", "slow")
	f.write("trap.wasm", "trap")
	f.Reconcile(nil)
	f.await(begun)
	loading := f.status("slow")
	close(release)
	f.settle("none")
	got := append(f.Status(), loading)
	var lines []string
	for _, s := range got {
		lines = append(lines, fmt.Sprint(s.Name, s.Mounts, s.Kind, " ", s.Size, " ", s.State, " ", s.Generation, " ", s.Err))
	}
	want := []string{
		`bad[] 0 failed 0 load: protocol: not loadable`,
		`off[/off] 3 disabled 0 <nil>`,
		`on[one.example/on two.example/on]fake 10 serving 1 <nil>`,
		`refused[two.example/on] 7 refused 0 mount "two.example/on" is taken by app "on": set another mount in the manifest of one of them`,
		`slow[/slow]fake 4 serving 1 <nil>`,
		`trap[] 0 failed 0 app "trap" generation 1: init: trap: unreachable`,
		`slow[/slow] 4 loading 0 <nil>`,
	}
	if !slices.Equal(lines, want) {
		t.Errorf("got\n%q\nwant\n%q", lines, want)
	}
	if n := f.journal.count("stack=[start]"); n != 1 {
		t.Errorf("the stack of a trap is logged %d times", n)
	}
}

// A mount moves with its manifest, and whoever was refused it gets it then.
func TestMountMoves(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.write("a.wasm", "a")
	f.write("b.wasm", "b")
	f.write("b.toml", "mount /a")
	f.write("c.wasm", "c")
	f.write("c.toml", "mount /a")
	f.settle()
	f.write("a.toml", "mount /elsewhere")
	f.settle("a.toml")
	if f.answers("", "/elsewhere") != "a" || f.answers("", "/a") != "b" || f.status("c").State != supervise.StateRefused {
		t.Errorf("%+v", f.Status())
	}
	f.write("b.toml", "mount /elsewhere") // taken: b stays where it is
	f.settle("b.toml")
	if s := f.status("b"); s.State != supervise.StateRefused || s.Generation != 1 || f.answers("", "/a") != "b" {
		t.Errorf("%+v", s)
	}
	f.write("b.toml", "mount /bad")
	f.write("b.wasm", "bad") // a claim that came to nothing
	f.settle("b.toml")
	f.write("c.toml", "mount /bad")
	f.settle("c.toml")
	if f.answers("", "/bad") != "c" || f.answers("", "/a") != "b" {
		t.Errorf("%+v", f.Status())
	}
}

// The claim of a version that fails goes to the next in line.
func TestFailedClaim(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	begun, release := f.hold("bad one")
	f.write("a.wasm", "bad one")
	f.write("b.wasm", "b")
	f.write("b.toml", "mount /a")
	f.Reconcile(nil)
	f.await(begun)
	if s := f.status("b"); s.State != supervise.StateRefused {
		t.Errorf("%+v", s)
	}
	close(release)
	f.settle("none")
	if f.answers("", "/a") != "b" || f.status("b").Err != nil || f.status("a").State != supervise.StateFailed {
		t.Errorf("%+v", f.Status())
	}
}

// Two spellings of a host are one host.
func TestHostSpellings(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.write("a.wasm", "a")
	f.write("a.toml", "mount /\nhost Example.com\nhost example.COM.\nhost [::1]\nhost 0:0:0:0:0:0:0:1")
	f.settle()
	if s := f.status("a"); !slices.Equal(s.Mounts, []string{"example.com/", "::1/"}) || s.State != supervise.StateServing {
		t.Errorf("%+v", s)
	}
	f.write("b.wasm", "b")
	f.write("b.toml", "mount /\nhost 0::1")
	f.settle("b.wasm")
	const want = `mount "::1/" is taken by app "a": set another mount in the manifest of one of them`
	if s := f.status("b"); s.State != supervise.StateRefused || s.Err.Error() != want || f.answers("[::1]:80", "/x") != "a" {
		t.Errorf("%+v", s)
	}
}

// A bad version is said once, however often it is looked at, and the one before goes on.
func TestBadVersionIsSaidOnce(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.write("a.wasm", "a")
	f.settle()
	target, _, _ := f.Routes().Lookup("", "/a")
	for _, text := range []string{"bad", "trap"} {
		f.write("a.wasm", text)
		for range 3 {
			f.settle("a.wasm")
		}
		g := target.Enter()
		if g == nil || g.Number() != 1 || g.Serve(t.Context(), nil) != nil {
			t.Fatal("the version before does not serve")
		}
		g.Leave()
	}
	if n := f.journal.count(`msg="new version not loaded; the one before keeps serving" app=a`); n != 2 {
		t.Errorf("said %d times, want once for each", n)
	}
	f.write("a.wasm", "a") // back to what serves anyway
	f.settle("a.wasm")
	if s := f.status("a"); s.State != supervise.StateServing || s.Err != nil || s.Generation != 2 {
		t.Errorf("%+v", s)
	}
}

// What has failed for no reason of its own is tried again when everything is.
func TestRetry(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.loader.broken.Store(true)
	f.write("a.wasm", "a")
	f.settle()
	f.loader.broken.Store(false)
	f.settle("a.wasm")
	if s := f.status("a"); s.State != supervise.StateFailed {
		t.Errorf("the same bytes were tried again: %+v", s)
	}
	f.settle()
	if s := f.status("a"); s.State != supervise.StateServing || s.Err != nil || s.Generation != 1 {
		t.Errorf("%+v", s)
	}
}

func TestDisabledAndEnabled(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.write("a.wasm", "a")
	f.settle()
	target, _, _ := f.Routes().Lookup("", "/a")
	inside := target.Enter()
	f.write("a.toml", "disabled")
	f.settle("a.toml")
	if target.Enter() != nil || f.answers("", "/a") != "" {
		t.Error("a disabled app takes requests")
	}
	if err := inside.Serve(t.Context(), nil); err != nil {
		t.Error(err)
	}
	inside.Leave()
	f.await(inside.Closed())
	f.remove("a.toml")
	f.settle("a.toml")
	if s := f.status("a"); s.State != supervise.StateServing || s.Generation != 2 || f.answers("", "/a") != "a" {
		t.Errorf("%+v", s)
	}
}

// The newest reading has the last word on an app's state, also while an older one is being loaded.
func TestNewestReadingIsShown(t *testing.T) {
	t.Parallel()
	for _, older := range []string{"good but slow", "bad and slow"} {
		f := newFolder(t)
		begun, release := f.hold(older)
		f.write("a.wasm", older)
		f.Reconcile(nil)
		f.await(begun)
		f.write("a.toml", "colour red")
		f.Reconcile([]string{"a.toml"})
		close(release)
		f.settle("none")
		s := f.status("a")
		if s.State != supervise.StateFailed || s.Err == nil || s.Err.Error() != "a.toml: colour: unknown key" {
			t.Errorf("%s: %+v", older, s)
		}
		if serves := f.answers("", "/a") == "a"; serves != (older == "good but slow") {
			t.Errorf("%s: it serves: %t", older, serves)
		}
	}
}

// Of the versions that come in while an app waits for its turn, only the last is loaded.
func TestWaitingVersionsAreForgotten(t *testing.T) {
	t.Parallel()
	f := newFolderWith(t, 1, &loader{})
	begun, release := f.hold("slow")
	f.write("a.wasm", "slow")
	f.Reconcile(nil)
	f.await(begun)
	for i := range 4 {
		f.write("b.wasm", fmt.Sprintf("version %d", i))
		f.Reconcile([]string{"b.wasm"})
	}
	f.write("c.wasm", "c")
	f.Reconcile([]string{"c.wasm"})
	f.remove("c.wasm")
	f.Reconcile([]string{"c.wasm"})
	close(release)
	f.settle("none")
	if n := f.loader.loads.Load(); n != 2 {
		t.Errorf("%d loads, want 2", n)
	}
	if s := f.status("b"); s.Generation != 1 || s.State != supervise.StateServing {
		t.Errorf("%+v", s)
	}
}

// An app that was removed while it was being loaded does not stand in the way of its successor.
func TestAddedAgainWhileLoading(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	begun, release := f.hold("slow")
	f.write("a.wasm", "slow")
	f.Reconcile(nil)
	f.await(begun)
	f.remove("a.wasm")
	f.Reconcile([]string{"a.wasm"})
	begunAgain, releaseAgain := f.hold("again")
	f.write("a.wasm", "again")
	f.Reconcile([]string{"a.wasm"})
	if s := f.status("a"); s.State != supervise.StateLoading || s.Err != nil {
		t.Errorf("%+v", s)
	}
	f.await(begunAgain)
	close(releaseAgain)
	close(release)
	f.settle("none")
	if s := f.status("a"); s.State != supervise.StateServing || s.Size != int64(len("again")) || f.answers("", "/a") != "a" {
		t.Errorf("%+v", s)
	}
	if n := f.journal.count("level=ERROR"); n != 0 {
		t.Errorf("%d errors", n)
	}
}

func TestRemovedAndAddedAgain(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	for range 3 {
		f.write("a.wasm", "a")
		f.settle("a.wasm")
		target, _, ok := f.Routes().Lookup("", "/a")
		if !ok {
			t.Fatal("it does not answer")
		}
		g := target.Enter()
		f.remove("a.wasm")
		f.settle("a.wasm")
		if target.Enter() != nil || f.answers("", "/a") != "" || len(f.Status()) != 0 {
			t.Error("a removed app takes requests")
		}
		g.Leave()
		f.await(g.Closed())
	}
}

// A loaded version holds on to its module's code, not to the bytes of its file.
func TestBytesAreDropped(t *testing.T) {
	t.Parallel()
	var pointers []weak.Pointer[byte]
	l := &loader{seen: func(data []byte) { pointers = append(pointers, weak.Make(&data[0])) }}
	f := newFolderWith(t, 1, l)
	f.write("a.wasm", string(bytes.Repeat([]byte("a"), 1<<20)))
	f.write("b.wasm", string(bytes.Repeat([]byte("bad"), 1<<20)))
	f.settle()
	runtime.GC()
	for i, p := range pointers {
		if p.Value() != nil {
			t.Errorf("the bytes of app %d are still held", i)
		}
	}
	if s := f.status("a"); len(pointers) != 2 || s.Size != 1<<20 {
		t.Errorf("%d loads, %+v", len(pointers), s)
	}
}

// Changes come by channel; its end is the end of following.
func TestFollow(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	changes, ended := make(chan []string), make(chan struct{})
	go func() {
		f.Follow(changes)
		close(ended)
	}()
	f.write("a.wasm", "a")
	changes <- []string{"a.wasm"}
	f.write("b.wasm", "b")
	changes <- nil
	close(changes)
	f.await(ended)
	f.settle("none")
	if !slices.Equal(f.names(), []string{"a", "b"}) {
		t.Errorf("%+v", f.Status())
	}
}

// Close ends also with a load that does not, takes everything down, and has nothing to complain of.
func TestCloseWhileLoading(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.write("a.wasm", "a")
	f.settle()
	begun, release := f.hold("slow")
	f.write("b.wasm", "slow")
	f.Reconcile(nil)
	f.await(begun)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(http.ErrServerClosed)
	if err := f.Wait(ctx); !errors.Is(err, http.ErrServerClosed) {
		t.Errorf("Wait() = %v", err)
	}
	if err := f.Close(ctx); !errors.Is(err, http.ErrServerClosed) {
		t.Errorf("Close() = %v", err)
	}
	if f.answers("", "/a") != "" || len(f.Status()) != 0 {
		t.Error("a closed supervisor serves")
	}
	close(release)
	if err := f.Close(context.Background()); err != nil {
		t.Error(err)
	}
	f.write("c.wasm", "c")
	f.settle()
	if len(f.Status()) != 0 || f.answers("", "/c") != "" || f.loader.loads.Load() != 2 {
		t.Errorf("a closed supervisor loads: %+v", f.Status())
	}
	if n := f.journal.count("level=ERROR") + f.journal.count("app removed"); n != 0 {
		t.Errorf("%d complaints", n)
	}
}

// Nothing is loading when Wait returns, though reconciling goes on beside it.
func TestWaitSideBySide(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	var group sync.WaitGroup
	for worker := range 4 {
		group.Go(func() {
			rel := fmt.Sprintf("app%d.wasm", worker)
			for i := range 100 {
				if err := os.WriteFile(filepath.Join(f.dir, rel), fmt.Appendf(nil, "%d", i), 0o600); err != nil {
					t.Error(err)
				}
				f.Reconcile([]string{rel})
				if err := f.Wait(context.Background()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	for worker := range 4 {
		if s := f.status(fmt.Sprintf("app%d", worker)); s.State != supervise.StateServing || s.Size != 2 {
			t.Errorf("%+v", s)
		}
	}
}

// Apps quarrel over mounts while requests go through: no request meets a fault, and in the end each mount is served by one
// that wants it, and refused to the others.
func TestQuarrelHammer(t *testing.T) {
	t.Parallel()
	f := newFolderWith(t, 2, &loader{})
	const apps, mounts = 8, 3
	var writers, readers sync.WaitGroup
	stop := make(chan struct{})
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				for m := range mounts {
					if target, _, ok := f.Routes().Lookup("", fmt.Sprintf("/m%d", m)); ok {
						if g := target.Enter(); g != nil {
							if err := g.Serve(context.Background(), nil); err != nil {
								t.Error(err)
							}
							g.Leave()
						}
					}
				}
				f.Status()
				runtime.Gosched()
			}
		})
	}
	for worker := range 4 {
		writers.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(worker)))
			for i := range 80 {
				name := fmt.Sprintf("app%d", random.IntN(apps))
				module, manifest := filepath.Join(f.dir, name+".wasm"), filepath.Join(f.dir, name+".toml")
				switch random.IntN(6) {
				case 0:
					_ = os.Remove(module)
				case 1:
					_ = os.WriteFile(module, fmt.Appendf(nil, "bad %d.%d", worker, i), 0o600)
				case 2:
					_ = os.WriteFile(manifest, []byte("disabled"), 0o600)
				case 3:
					_ = os.WriteFile(manifest, []byte("nonsense"), 0o600)
				default:
					_ = os.WriteFile(manifest, fmt.Appendf(nil, "mount /m%d", random.IntN(mounts)), 0o600)
					_ = os.WriteFile(module, fmt.Appendf(nil, "%d.%d", worker, i), 0o600)
				}
				f.Reconcile([]string{name + ".wasm", name + ".toml"})
			}
		})
	}
	writers.Wait()
	close(stop)
	readers.Wait()
	for i := range apps { // apps that hold one another's mounts would all be refused
		f.write(fmt.Sprintf("app%d.wasm", i), "between")
		f.write(fmt.Sprintf("app%d.toml", i), "disabled")
	}
	f.settle()
	wanted := map[string][]string{} // mount -> apps
	for i := range apps {
		name, m := fmt.Sprintf("app%d", i), fmt.Sprintf("/m%d", i%mounts)
		f.write(name+".wasm", "last of "+name)
		f.write(name+".toml", "mount "+m)
		wanted[m] = append(wanted[m], name)
	}
	f.settle()
	for m, names := range wanted {
		serving := f.answers("", m)
		if !slices.Contains(names, serving) {
			t.Errorf("%s: %q answers, wanted by %q", m, serving, names)
		}
		for _, name := range names {
			s := f.status(name)
			if want := map[bool]supervise.State{true: supervise.StateServing, false: supervise.StateRefused}[name == serving]; s.State != want {
				t.Errorf("%s on %s, where %s answers: %+v", name, m, serving, s)
			}
		}
	}
}

// A reading that fails is one app's trouble, with its file's name.
func TestUnreadableManifest(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.write("a.wasm", "a")
	f.write("b.wasm", "b")
	f.write("b.toml", "mount nowhere")
	f.settle()
	const want = `mount "nowhere": a path begins with a slash; set mount and hosts in the app's manifest`
	if s := f.status("b"); s.State != supervise.StateFailed || s.Err == nil || s.Err.Error() != want {
		t.Errorf("%+v", s)
	}
	var fault *guest.Fault
	if s := f.status("b"); errors.As(s.Err, &fault) {
		t.Errorf("what a manifest says is no fault of a guest: %v", s.Err)
	}
	if f.answers("", "/a") != "a" {
		t.Error("its neighbour does not answer")
	}
}
