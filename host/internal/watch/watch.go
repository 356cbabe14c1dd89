// Package watch turns a folder into a channel of settled changes.
//
// Truth is what a scan finds; events only say when to scan. So a lost event, a full queue, a folder without events (NFS)
// or a system without watches costs time and nothing else. A change is reported when the file has been still for a while.
//
// Symbolic links are followed, to files and to folders, inside the root or out of it, and what counts is where they lead:
// swapping a link, as Kubernetes does with ..data, changes every path that goes through it. A folder that is reached
// through a link is entered unless it holds itself, and links to folders inside it are not followed further: without that
// rule a few links that lead to one another would make endlessly many paths.
package watch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"
)

const (
	// DefaultSettle is the Settle of Options that give none.
	DefaultSettle = 100 * time.Millisecond
	// DefaultRescan is the Rescan of Options that give none.
	DefaultRescan = 2 * time.Second
)

// Options say what to watch.
type Options struct {
	// Root is the folder. It need not exist, and may be removed and come back.
	Root string
	// Settle is how long a path must show the same file, or none, before it is reported. A file that never stands still
	// is reported after 10 times as long. 0 is [DefaultSettle].
	Settle time.Duration
	// Rescan is how often everything is looked at without any event. 0 is [DefaultRescan]. Scans that take long come less
	// often: the pause is at least 50 times what the last one took.
	Rescan time.Duration
	// Match says which folders are entered and which files count, by their path from the root with slashes. A folder that is not
	// entered and counts as a file is reported when it comes, goes or is replaced. Match is called from one goroutine at a time, must
	// be quick, and is asked both ways for a symbolic link and for such a folder. nil is everything.
	Match func(rel string, dir bool) bool
	// Log takes what goes wrong; nothing of that is fatal. nil is nowhere.
	Log *slog.Logger

	// notify makes the notifier; nil is the operating system's.
	notify func() (notifier, error)
}

// Watcher watches one folder. Its methods may be called concurrently.
type Watcher struct {
	changes chan []string
	cancel  context.CancelFunc
	done    chan struct{}
	// err is what closing the notifier returned; it is set before done is closed.
	err error
}

// Start scans the folder once and watches it from then on. That first scan is the baseline and is not reported. Whatever
// changes after Start has returned is: so start first, and then read the folder; nothing can fall between the two.
//
// The Watcher ends with ctx or Close, whichever is first.
func Start(ctx context.Context, o Options) (*Watcher, error) {
	if o.Root == "" {
		return nil, errors.New("watch: no folder given")
	}
	if o.Settle < 0 || o.Rescan < 0 {
		return nil, fmt.Errorf("watch %q: settle %v and rescan %v must not be negative", o.Root, o.Settle, o.Rescan)
	}
	root, err := filepath.Abs(o.Root)
	if err != nil {
		return nil, fmt.Errorf("watch %q: %w", o.Root, err)
	}
	o.Root = root
	o = o.withDefaults()
	ctx, cancel := context.WithCancel(ctx)
	w := &Watcher{changes: make(chan []string), cancel: cancel, done: make(chan struct{})}
	l := newLoop(o, w.changes)
	go func() {
		defer close(w.done)
		defer close(w.changes)
		w.err = l.run(ctx)
	}()
	return w, nil
}

func (o Options) withDefaults() Options {
	if o.Settle == 0 {
		o.Settle = DefaultSettle
	}
	if o.Rescan == 0 {
		o.Rescan = DefaultRescan
	}
	if o.Match == nil {
		o.Match = func(string, bool) bool { return true }
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.notify == nil {
		o.notify = newSystem
	}
	return o
}

// Changes returns the paths of what counts, was added, changed or removed, and has settled: from the root, with slashes,
// sorted, each once. What is not received in time is merged into the next batch, so that a slow receiver misses nothing
// and holds nothing up. It is closed when the Watcher has ended.
func (w *Watcher) Changes() <-chan []string { return w.changes }

// Close ends the Watcher and waits until it has. Every call returns the same.
func (w *Watcher) Close() error {
	w.cancel()
	<-w.done
	return w.err
}
