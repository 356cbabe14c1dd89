package supervise_test

import (
	"testing"

	"github.com/wasgi/wasgi/host/internal/supervise"
)

// newHeedful returns a folder whose loader can be told to stop, and which loads one app at a time.
func newHeedful(t *testing.T) *folder {
	t.Helper()
	return newFolderWith(t, 1, &loader{heeds: true})
}

// What nobody wants any more is not loaded to its end, so that what is wanted need not wait for it. It costs no error.
func TestSupersededLoadEnds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*folder)
		want   supervise.Status
	}{
		"the module changed": {
			func(f *folder) { f.write("a.wasm", "newer") },
			supervise.Status{State: supervise.StateServing, Generation: 2},
		},
		"the manifest changed": {
			func(f *folder) { f.write("a.toml", "mount /c"); f.loader.gates.Delete("slow") },
			supervise.Status{State: supervise.StateServing, Generation: 2},
		},
		"the manifest disables it": {
			func(f *folder) { f.write("a.toml", "disabled") },
			supervise.Status{State: supervise.StateDisabled, Generation: 1},
		},
		"it came back as it was": {
			func(f *folder) { f.write("a.wasm", "first") },
			supervise.Status{State: supervise.StateServing, Generation: 2},
		},
		"the app was removed": {
			func(f *folder) { f.remove("a.wasm") },
			supervise.Status{},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newHeedful(t)
			f.write("a.wasm", "first")
			f.settle()
			begun, _ := f.hold("slow") // never released
			f.write("a.wasm", "slow")
			f.Reconcile([]string{"a.wasm"})
			f.await(begun)
			c.change(f)
			f.write("b.wasm", "b") // needs the one place
			f.settle("a.wasm", "a.toml")
			if s := f.status("a"); s.State != c.want.State || s.Generation != c.want.Generation || s.Err != nil {
				t.Errorf("%+v", s)
			}
			if f.answers("", "/b") != "b" {
				t.Error("the app beside it does not serve")
			}
			if n := f.journal.count("level=ERROR"); n != 0 {
				t.Errorf("%d errors were logged", n)
			}
		})
	}
}

// The loading of a good version goes on where what came after it cannot be loaded at all: it may be the last good one.
func TestLoadOutlivesWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*folder){
		"a manifest with a mistake": func(f *folder) { f.write("a.toml", "colour red") },
		"a mount that is taken":     func(f *folder) { f.write("a.toml", "mount /b") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newHeedful(t)
			f.write("b.wasm", "b")
			f.settle()
			begun, release := f.hold("slow")
			f.write("a.wasm", "slow")
			f.Reconcile([]string{"a.wasm"})
			f.await(begun)
			change(f)
			f.Reconcile([]string{"a.toml"})
			close(release)
			f.settle("none")
			if s := f.status("a"); f.answers("", "/a") != "a" || s.Generation != 1 || s.Err == nil {
				t.Errorf("%+v", s)
			}
		})
	}
}

// To be asked to load everything again is no reason to begin again with what is being loaded.
func TestReloadLeavesTheNewestLoading(t *testing.T) {
	t.Parallel()
	f := newHeedful(t)
	f.write("a.wasm", "bad")
	f.settle()
	begun, release := f.hold("slow")
	f.write("a.wasm", "slow")
	f.Reconcile([]string{"a.wasm"})
	f.await(begun)
	f.Reconcile(nil)
	close(release)
	f.settle("none")
	if n := f.loader.loads.Load(); n != 2 {
		t.Errorf("%d loads, want 2", n)
	}
	if s := f.status("a"); s.State != supervise.StateServing || s.Generation != 1 {
		t.Errorf("%+v", s)
	}
}

// Close ends what is being loaded, without a word about it.
func TestCloseEndsLoading(t *testing.T) {
	t.Parallel()
	f := newHeedful(t)
	begun, _ := f.hold("slow")
	f.write("a.wasm", "slow")
	f.Reconcile(nil)
	f.await(begun)
	if err := f.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if n := f.journal.count("level=ERROR"); n != 0 {
		t.Errorf("%d errors were logged", n)
	}
}
