package watch_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/wasgi/wasgi/host/internal/watch"
)

// without are the options of a system that has no events.
func without(root string) watch.Options {
	return watch.WithNotifier(scans(root), func() (watch.Notifier, error) { return nil, syscall.EMFILE })
}

// journal is a log that a test reads while it is written.
type journal struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.Write(p)
}

func (j *journal) count(text string) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Count(j.buf.String(), text)
}

func (j *journal) logger() *slog.Logger { return slog.New(slog.NewTextHandler(j, nil)) }

// fake is a notifier that a test plays.
type fake struct {
	events chan watch.Event
	errs   chan error
	add    error
	close  sync.Once
}

func newFake() *fake { return &fake{events: make(chan watch.Event), errs: make(chan error)} }

func (f *fake) Add(string) error                             { return f.add }
func (f *fake) Remove(string) error                          { return nil }
func (f *fake) WatchList() []string                          { return nil }
func (f *fake) Channels() (<-chan watch.Event, <-chan error) { return f.events, f.errs }
func (f *fake) make() (watch.Notifier, error)                { return f, nil }
func (f *fake) Close() error {
	f.close.Do(func() { close(f.events); close(f.errs) })
	return nil
}

// An overflow means that events are lost: it is logged and answered by a scan.
func TestOverflow(t *testing.T) {
	t.Parallel()
	root, f, j := t.TempDir(), newFake(), &journal{}
	o := events(root)
	o.Log = j.logger()
	w := start(t, watch.WithNotifier(o, f.make))
	put(t, filepath.Join(root, "a.wasm"), "1")
	f.errs <- watch.ErrOverflow
	want(t, w, "a.wasm")
	if j.count("events may be lost") != 1 {
		t.Errorf("log: %s", j.buf.String())
	}
}

// An event that names a path reports it even if nothing about it looks different.
func TestEventWithoutDifference(t *testing.T) {
	t.Parallel()
	root, f := t.TempDir(), newFake()
	put(t, filepath.Join(root, "a.wasm"), "1")
	w := start(t, watch.WithNotifier(events(root), f.make))
	f.events <- watch.Event{Name: filepath.Join(root, "a.wasm")}
	want(t, w, "a.wasm")
}

// More events than are kept, about files that are not there: the loop goes on.
func TestFloodOfEvents(t *testing.T) {
	t.Parallel()
	root, f := t.TempDir(), newFake()
	w := start(t, watch.WithNotifier(events(root), f.make))
	put(t, filepath.Join(root, "a.wasm"), "1")
	for i := range 20_000 {
		f.events <- watch.Event{Name: filepath.Join(root, fmt.Sprint(i, ".wasm"))}
	}
	want(t, w, "a.wasm")
}

func TestEventsEnd(t *testing.T) {
	t.Parallel()
	root, f, j := t.TempDir(), newFake(), &journal{}
	o := scans(root)
	o.Log = j.logger()
	w := start(t, watch.WithNotifier(o, f.make))
	must(t, f.Close())
	quiet(t, w, root)
	quiet(t, w, root)
	if j.count("events have ended") != 1 {
		t.Errorf("log: %s", j.buf.String())
	}
}

// No room for watches, or for the watcher itself: said once, and scans do.
func TestNoWatches(t *testing.T) {
	t.Parallel()
	full := newFake()
	full.add = syscall.ENOSPC
	for name, test := range map[string]struct {
		notify func() (watch.Notifier, error)
		text   string
	}{
		"watches": {full.make, "no events for some folders"},
		"watcher": {func() (watch.Notifier, error) { return nil, syscall.EMFILE }, "no events from the system"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			root, j := t.TempDir(), &journal{}
			o := scans(root)
			o.Log = j.logger()
			w := start(t, watch.WithNotifier(o, test.notify))
			for range 5 {
				quiet(t, w, root)
			}
			if n := j.count(test.text); n != 1 {
				t.Errorf("said %d times: %s", n, j.buf.String())
			}
		})
	}
}

// What cannot be asked for is not removed: nothing is known about it.
func TestUnknownIsNotRemoved(t *testing.T) {
	t.Parallel()
	root, j := t.TempDir(), &journal{}
	name := filepath.Join(root, "link.wasm")
	put(t, filepath.Join(root, "target"), "1")
	must(t, os.Symlink("target", name))
	o := scans(root)
	o.Log = j.logger()
	w := start(t, o)
	must(t, os.Symlink(strings.Repeat("x", 300), name+".tmp"))
	must(t, os.Rename(name+".tmp", name))
	// Only the first batch may lack the path by chance: by the second one it would have settled.
	quiet(t, w, root)
	quiet(t, w, root)
	if n := j.count("file name too long"); n != 1 {
		t.Errorf("said %d times: %s", n, j.buf.String())
	}
	must(t, os.Remove(name))
	want(t, w, "link.wasm")
}

// A folder that cannot be read for a while is no thousand removals.
func TestUnreadableFolder(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 {
		t.Skip("the superuser reads everything; the settler's tables cover what is blind")
	}
	root, j := t.TempDir(), &journal{}
	put(t, filepath.Join(root, "sub", "a.wasm"), "1")
	o := scans(root)
	o.Log = j.logger()
	w := start(t, o)
	must(t, os.Chmod(filepath.Join(root, "sub"), 0))
	quiet(t, w, root)
	quiet(t, w, root)
	must(t, os.Chmod(filepath.Join(root, "sub"), 0o700))
	quiet(t, w, root)
	if n := j.count("permission denied"); n != 1 {
		t.Errorf("said %d times", n)
	}
}

// A file that is written without pause is reported all the same.
func TestNeverStill(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	w := start(t, events(root))
	stop, done := make(chan struct{}), make(chan error, 1)
	go func() {
		tick := time.NewTicker(settle / 6)
		defer tick.Stop()
		for i := 0; ; i++ {
			select {
			case <-stop:
				done <- nil
				return
			case <-tick.C:
				if err := os.WriteFile(filepath.Join(root, "a.wasm"), []byte(fmt.Sprint(i)), 0o600); err != nil {
					done <- err
					return
				}
			}
		}
	}()
	want(t, w, "a.wasm")
	want(t, w, "a.wasm")
	close(stop)
	must(t, <-done)
	put(t, filepath.Join(root, "a.wasm"), "at rest")
	want(t, w, "a.wasm")
}

// Many goroutines change 500 files at once. Who reads each file when it is reported ends up with what is on disk.
func TestHammer(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	o := scans(root)
	o.Rescan = 200 * time.Millisecond
	w := start(t, o)
	errs := make(chan error, 10)
	for d := range 10 {
		go func() { errs <- churn(root, d) }()
	}
	read := map[string]string{}
	late := time.After(3 * hang)
	for count(read, "2") < 500 {
		select {
		case batch := <-w.Changes():
			for _, p := range batch {
				// What is not there now was removed or will be reported again.
				data, _ := os.ReadFile(filepath.Join(root, p))
				read[p] = string(data)
			}
		case <-late:
			t.Fatalf("%d of 500 files are up to date", count(read, "2"))
		}
	}
	for range 10 {
		must(t, <-errs)
	}
	if len(read) != 500 {
		t.Errorf("%d paths were reported", len(read))
	}
}

func count(read map[string]string, text string) int {
	n := 0
	for _, r := range read {
		if r == text {
			n++
		}
	}
	return n
}

// churn creates, rewrites, renames and removes the 50 files of one folder, and leaves all of them there.
func churn(root string, d int) error {
	dir := filepath.Join(root, fmt.Sprintf("d%d", d))
	var errs []error
	for round := range 3 {
		errs = append(errs, os.MkdirAll(dir, 0o700))
		for i := d; i < 500; i += 10 {
			name, tmp := filepath.Join(dir, fmt.Sprintf("f%d.wasm", i)), filepath.Join(dir, fmt.Sprintf(".t%d", i))
			errs = append(errs, os.WriteFile(tmp, []byte(fmt.Sprint(round)), 0o600), os.Rename(tmp, name))
		}
		if round == 1 {
			errs = append(errs, os.RemoveAll(dir))
		}
	}
	return errors.Join(errs...)
}

// Many goroutines close one watcher, with events in flight.
func TestCloseHammer(t *testing.T) {
	t.Parallel()
	for i := range 20 {
		root := t.TempDir()
		w := start(t, scans(root))
		for n := range 20 {
			put(t, filepath.Join(root, fmt.Sprint(i, "-", n, ".wasm")), "1")
		}
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if err := w.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
}
