package watch_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wasgi/wasgi/host/internal/watch"
)

const (
	settle = 30 * time.Millisecond
	// hang is when a test gives up.
	hang = 10 * time.Second
)

// wasmOnly is the rule of the tests: files that end in .wasm, folders that do not start with a dot.
func wasmOnly(rel string, dir bool) bool {
	name := rel[strings.LastIndexByte(rel, '/')+1:]
	return dir && name[0] != '.' || !dir && strings.HasSuffix(name, ".wasm")
}

// events are the options under which the periodic scan is too rare to help; scans those under which it must.
func events(root string) watch.Options {
	return watch.Options{Root: root, Settle: settle, Rescan: time.Hour, Match: wasmOnly}
}

func scans(root string) watch.Options {
	o := events(root)
	o.Rescan = 20 * time.Millisecond
	return o
}

func start(t *testing.T, o watch.Options) *watch.Watcher {
	t.Helper()
	w, err := watch.Start(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// next returns the next batch.
func next(t *testing.T, w *watch.Watcher) []string {
	t.Helper()
	select {
	case batch, ok := <-w.Changes():
		if !ok {
			t.Fatal("the watcher has ended")
		}
		if !slices.IsSorted(batch) || len(slices.Compact(slices.Clone(batch))) != len(batch) {
			t.Errorf("batch %q is not sorted, or repeats a path", batch)
		}
		return batch
	case <-time.After(hang):
		t.Fatal("nothing was reported")
	}
	return nil
}

// want receives until every path was reported, in as many batches as it takes, and nothing else was.
func want(t *testing.T, w *watch.Watcher, paths ...string) {
	t.Helper()
	missing := slices.Clone(paths)
	for len(missing) > 0 {
		for _, p := range next(t, w) {
			if !slices.Contains(paths, p) {
				t.Fatalf("%q was reported; want %q", p, paths)
			}
			missing = slices.DeleteFunc(missing, func(m string) bool { return m == p })
		}
	}
}

// quiet changes a file of its own and asserts that it is the only one reported, so that nothing waits before it.
func quiet(t *testing.T, w *watch.Watcher, root string) {
	t.Helper()
	put(t, filepath.Join(root, "zz-sentinel.wasm"), time.Now().String())
	want(t, w, "zz-sentinel.wasm")
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func put(t *testing.T, name, text string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(name), 0o700))
	must(t, os.WriteFile(name, []byte(text), 0o600))
}

// Every way in which people change files, by events alone and by scans alone.
func TestWays(t *testing.T) {
	t.Parallel()
	for name, way := range ways {
		t.Run(name+"/events", func(t *testing.T) { t.Parallel(); way.run(t, events) })
		t.Run(name+"/scans", func(t *testing.T) { t.Parallel(); way.run(t, without) })
	}
}

// A folder that is not entered and counts as a file is one thing: what is in it is not looked at.
func TestFolderThatCounts(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]func(string) watch.Options{"events": events, "scans": scans} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root := t.TempDir()
			o := options(root)
			o.Match = func(rel string, dir bool) bool {
				if strings.HasSuffix(rel, ".public") {
					return !dir
				}
				return wasmOnly(rel, dir)
			}
			w := start(t, o)
			a := filepath.Join(root, "a.public")
			must(t, os.Mkdir(a, 0o700))
			want(t, w, "a.public")
			put(t, filepath.Join(a, "sub", "x.wasm"), "x")
			put(t, filepath.Join(a, "y.wasm"), "y")
			quiet(t, w, root)
			must(t, os.Mkdir(filepath.Join(root, ".b"), 0o700))
			must(t, os.Rename(a, filepath.Join(root, ".a")))
			must(t, os.Rename(filepath.Join(root, ".b"), a)) // another in its place
			want(t, w, "a.public")
			must(t, os.Remove(a))
			want(t, w, "a.public")
			quiet(t, w, root)
		})
	}
}

// way is one change of a folder and the paths that are to be reported.
type way struct {
	before, change func(t *testing.T, root, outside string)
	want           []string
}

func (x way) run(t *testing.T, options func(string) watch.Options) {
	root, outside := filepath.Join(t.TempDir(), "root"), t.TempDir()
	put(t, filepath.Join(root, "old.wasm"), "1")
	put(t, filepath.Join(root, "sub", "old.wasm"), "1")
	if x.before != nil {
		x.before(t, root, outside)
	}
	w := start(t, options(root))
	x.change(t, root, outside)
	want(t, w, x.want...)
	quiet(t, w, root)
}

var long = strings.Repeat("x", 250) + ".wasm"

var ways = map[string]way{
	"create": {change: func(t *testing.T, root, _ string) { put(t, filepath.Join(root, "new.wasm"), "1") }, want: []string{"new.wasm"}},
	"overwrite": {change: func(t *testing.T, root, _ string) { put(t, filepath.Join(root, "old.wasm"), "22") },
		want: []string{"old.wasm"}},
	"append": {change: func(t *testing.T, root, _ string) {
		f, err := os.OpenFile(filepath.Join(root, "old.wasm"), os.O_APPEND|os.O_WRONLY, 0)
		must(t, err)
		for range 20 {
			_, err = f.WriteString("more")
			must(t, err)
		}
		must(t, f.Close())
	}, want: []string{"old.wasm"}},
	"move over": {change: func(t *testing.T, root, outside string) {
		put(t, filepath.Join(outside, "x"), "2")
		must(t, os.Rename(filepath.Join(outside, "x"), filepath.Join(root, "old.wasm")))
	}, want: []string{"old.wasm"}},
	"write and rename": {change: func(t *testing.T, root, _ string) {
		put(t, filepath.Join(root, ".old.wasm.swp"), "2")
		must(t, os.Rename(filepath.Join(root, ".old.wasm.swp"), filepath.Join(root, "old.wasm")))
	}, want: []string{"old.wasm"}},
	"backup and write": {change: func(t *testing.T, root, _ string) {
		must(t, os.Rename(filepath.Join(root, "old.wasm"), filepath.Join(root, "old.wasm~")))
		put(t, filepath.Join(root, "old.wasm"), "2")
	}, want: []string{"old.wasm"}},
	"same size and time": {change: func(t *testing.T, root, outside string) {
		info, err := os.Stat(filepath.Join(root, "old.wasm"))
		must(t, err)
		x := filepath.Join(outside, "x")
		put(t, x, "2")
		must(t, os.Chtimes(x, info.ModTime(), info.ModTime()))
		must(t, os.Rename(x, filepath.Join(root, "old.wasm")))
	}, want: []string{"old.wasm"}},
	"remove": {change: func(t *testing.T, root, _ string) { must(t, os.Remove(filepath.Join(root, "old.wasm"))) }, want: []string{"old.wasm"}},
	"rename": {change: func(t *testing.T, root, _ string) {
		must(t, os.Rename(filepath.Join(root, "old.wasm"), filepath.Join(root, "b.wasm")))
	}, want: []string{"old.wasm", "b.wasm"}},
	"into a sub-folder": {change: func(t *testing.T, root, _ string) { put(t, filepath.Join(root, "sub", "old.wasm"), "2") },
		want: []string{"sub/old.wasm"}},
	"new folders": {change: func(t *testing.T, root, _ string) { put(t, filepath.Join(root, "a", "b", "c", "x.wasm"), "1") },
		want: []string{"a/b/c/x.wasm"}},
	"move a folder in": {change: func(t *testing.T, root, outside string) {
		put(t, filepath.Join(outside, "d", "x.wasm"), "1")
		must(t, os.Rename(filepath.Join(outside, "d"), filepath.Join(root, "d")))
	}, want: []string{"d/x.wasm"}},
	"rename a folder": {change: func(t *testing.T, root, _ string) {
		must(t, os.Rename(filepath.Join(root, "sub"), filepath.Join(root, "bus")))
	}, want: []string{"sub/old.wasm", "bus/old.wasm"}},
	"remove a folder": {change: func(t *testing.T, root, _ string) { must(t, os.RemoveAll(filepath.Join(root, "sub"))) },
		want: []string{"sub/old.wasm"}},
	"re-create a folder": {change: func(t *testing.T, root, _ string) {
		must(t, os.RemoveAll(filepath.Join(root, "sub")))
		put(t, filepath.Join(root, "sub", "old.wasm"), "2")
	}, want: []string{"sub/old.wasm"}},
	"odd names": {change: func(t *testing.T, root, _ string) {
		put(t, filepath.Join(root, "a\nb.wasm"), "1")
		put(t, filepath.Join(root, "\xff\x01 .wasm"), "1")
		put(t, filepath.Join(root, long), "1")
	}, want: []string{"a\nb.wasm", "\xff\x01 .wasm", long}},
	"what does not count": {change: func(t *testing.T, root, _ string) {
		put(t, filepath.Join(root, "x.txt"), "1")
		put(t, filepath.Join(root, ".git", "x.wasm"), "1")
		must(t, os.Mkdir(filepath.Join(root, "folder.wasm"), 0o700))
		put(t, filepath.Join(root, "yes.wasm"), "1")
	}, want: []string{"yes.wasm"}},
	"swap a link": {before: func(t *testing.T, root, outside string) {
		put(t, filepath.Join(outside, "1"), "1")
		put(t, filepath.Join(outside, "2"), "2")
		must(t, os.Symlink(filepath.Join(outside, "1"), filepath.Join(root, "link.wasm")))
	}, change: func(t *testing.T, root, outside string) {
		must(t, os.Symlink(filepath.Join(outside, "2"), filepath.Join(root, "tmp")))
		must(t, os.Rename(filepath.Join(root, "tmp"), filepath.Join(root, "link.wasm")))
	}, want: []string{"link.wasm"}},
	"ConfigMap": {before: func(t *testing.T, root, _ string) {
		put(t, filepath.Join(root, "..1", "x.wasm"), "1")
		must(t, os.Symlink("..1", filepath.Join(root, "..data")))
		must(t, os.Symlink(filepath.Join("..data", "x.wasm"), filepath.Join(root, "x.wasm")))
	}, change: func(t *testing.T, root, _ string) {
		put(t, filepath.Join(root, "..2", "x.wasm"), "2")
		must(t, os.Symlink("..2", filepath.Join(root, "..data_tmp")))
		must(t, os.Rename(filepath.Join(root, "..data_tmp"), filepath.Join(root, "..data")))
		must(t, os.RemoveAll(filepath.Join(root, "..1")))
	}, want: []string{"x.wasm"}},
	"swap a link to a folder": {before: func(t *testing.T, root, outside string) {
		put(t, filepath.Join(outside, "1", "x.wasm"), "1")
		put(t, filepath.Join(outside, "2", "x.wasm"), "2")
		must(t, os.Symlink(filepath.Join(outside, "1"), filepath.Join(root, "now")))
	}, change: func(t *testing.T, root, outside string) {
		must(t, os.Symlink(filepath.Join(outside, "2"), filepath.Join(root, ".tmp")))
		must(t, os.Rename(filepath.Join(root, ".tmp"), filepath.Join(root, "now")))
	}, want: []string{"now/x.wasm"}},
	"inside a linked folder": {before: func(t *testing.T, root, outside string) {
		must(t, os.Symlink(outside, filepath.Join(root, "far")))
	}, change: func(t *testing.T, _, outside string) { put(t, filepath.Join(outside, "x.wasm"), "1") }, want: []string{"far/x.wasm"}},
	"link becomes dangling": {before: func(t *testing.T, root, outside string) {
		put(t, filepath.Join(outside, "1"), "1")
		must(t, os.Symlink(filepath.Join(outside, "1"), filepath.Join(root, "link.wasm")))
	}, change: func(t *testing.T, root, outside string) {
		must(t, os.Remove(filepath.Join(root, "link.wasm")))
		must(t, os.Symlink(filepath.Join(outside, "none"), filepath.Join(root, "link.wasm")))
	}, want: []string{"link.wasm"}},
	"loops of links": {before: func(t *testing.T, root, _ string) {
		must(t, os.Symlink(".", filepath.Join(root, "self")))
		must(t, os.Symlink("me.wasm", filepath.Join(root, "me.wasm")))
		for _, a := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
			must(t, os.Mkdir(filepath.Join(root, a), 0o700))
			for _, b := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
				must(t, os.Symlink(filepath.Join("..", b), filepath.Join(root, a, "to-"+b)))
			}
		}
	}, change: func(t *testing.T, root, _ string) { put(t, filepath.Join(root, "x.wasm"), "1") }, want: []string{"x.wasm"}},
}

// What was there at first is not reported, and what changes after Start has returned always is.
func TestBaseline(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for range 20 {
		put(t, filepath.Join(root, "a.wasm"), "1")
		w := start(t, events(root))
		must(t, os.WriteFile(filepath.Join(root, "a.wasm"), []byte("2"), 0o600))
		want(t, w, "a.wasm")
		must(t, w.Close())
	}
	w := start(t, scans(root))
	quiet(t, w, root)
}

func TestRootComesAndGoes(t *testing.T) {
	t.Parallel()
	root := filepath.Join(t.TempDir(), "root")
	w := start(t, scans(root))
	put(t, filepath.Join(root, "a.wasm"), "1")
	want(t, w, "a.wasm")
	must(t, os.RemoveAll(root))
	want(t, w, "a.wasm")
	put(t, filepath.Join(root, "b.wasm"), "1")
	want(t, w, "b.wasm")
	must(t, os.Rename(root, root+".away"))
	want(t, w, "b.wasm")
	put(t, filepath.Join(root, "c.wasm"), "1")
	want(t, w, "c.wasm")
	quiet(t, w, root)
}

// After the root was replaced its watches are those of the new folder: events alone must do from then on.
func TestReplacedRootIsWatchedAgain(t *testing.T) {
	t.Parallel()
	root := filepath.Join(t.TempDir(), "root")
	put(t, filepath.Join(root, "a.wasm"), "1")
	o := events(root)
	o.Rescan = 500 * time.Millisecond
	w := start(t, o)
	must(t, os.Rename(root, root+".away"))
	put(t, filepath.Join(root, "b.wasm"), "1")
	want(t, w, "a.wasm", "b.wasm")
	quiet(t, w, root)
}

// A slow receiver finds everything merged, each path once.
func TestSlowReceiver(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	w := start(t, events(root))
	put(t, filepath.Join(root, "a.wasm"), "1")
	want(t, w, "a.wasm")
	for i := range 5 {
		put(t, filepath.Join(root, "a.wasm"), strings.Repeat("x", i+2))
		put(t, filepath.Join(root, string(rune('b'+i))+".wasm"), "1")
	}
	want(t, w, "a.wasm", "b.wasm", "c.wasm", "d.wasm", "e.wasm", "f.wasm")
}

func TestStartErrors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		o    watch.Options
		want string
	}{
		{watch.Options{}, "watch: no folder given"},
		{watch.Options{Root: "x", Settle: -1}, `watch "x": settle -1ns and rescan 0s must not be negative`},
	} {
		if _, err := watch.Start(context.Background(), test.o); err == nil || err.Error() != test.want {
			t.Errorf("%+v: got %v, want %s", test.o, err, test.want)
		}
	}
}

func TestEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	w, err := watch.Start(ctx, watch.Options{Root: t.TempDir(), Log: slog.New(slog.DiscardHandler)})
	must(t, err)
	cancel()
	select {
	case _, ok := <-w.Changes():
		if ok {
			t.Error("a change was reported")
		}
	case <-time.After(hang):
		t.Fatal("the channel stays open")
	}
	must(t, w.Close())
	must(t, w.Close())
}
