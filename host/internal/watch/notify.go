package watch

import (
	"errors"
	"io/fs"
	"os"

	"github.com/fsnotify/fsnotify"
)

// maxHints is how many names are kept for a loop that is busy. Beyond it the names are dropped: the scan finds what they
// would have said.
const maxHints = 4096

// notifier is what is used of fsnotify, so that tests can break it.
type notifier interface {
	Add(dir string) error
	Remove(dir string) error
	WatchList() []string
	Close() error
	// Channels returns events and errors. Both are closed by Close.
	Channels() (<-chan fsnotify.Event, <-chan error)
}

// system is the notifier of the operating system.
type system struct{ *fsnotify.Watcher }

// Channels implements notifier.
func (s system) Channels() (<-chan fsnotify.Event, <-chan error) { return s.Events, s.Errors }

func newSystem() (notifier, error) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	return system{w}, nil
}

// hints are events that came since the last ones were taken.
type hints struct {
	// names are the paths that events named.
	names map[string]bool
	// err is the first error of the notifier; events may have been lost.
	err error
}

// pump takes events as they come and hands them on together. It never stops taking: fsnotify holds its lock while it
// delivers an error, and then Add and Close, which need that lock, would wait for ever. It ends, and closes out, when the
// notifier is closed.
func pump(n notifier, out chan<- hints) {
	defer close(out)
	events, errs := n.Channels()
	var next hints
	var ready chan<- hints
	for events != nil || errs != nil {
		select {
		case e, ok := <-events:
			if !ok {
				events = nil
				continue
			}
			next.add(e.Name)
			ready = out
		case err, ok := <-errs:
			if !ok {
				errs = nil
				continue
			}
			if next.err == nil {
				next.err = err
			}
			ready = out
		case ready <- next:
			next, ready = hints{}, nil
		}
	}
}

func (h *hints) add(name string) {
	if h.names == nil {
		h.names = map[string]bool{}
	}
	if len(h.names) < maxHints {
		h.names[name] = true
	}
}

// folders keeps one watch on every folder that a scan enters.
type folders struct {
	notifier notifier
	// watched is the folder that each path led to when its watch was set.
	watched map[string]fs.FileInfo
	// alive are the paths that the notifier still watches, and entered those of the present scan.
	alive, entered map[string]bool
	// err is why the last watch could not be set.
	err error
}

// begin starts a scan.
func (f *folders) begin() {
	f.entered, f.alive, f.err = map[string]bool{}, map[string]bool{}, nil
	for _, dir := range f.notifier.WatchList() {
		f.alive[dir] = true
	}
}

// enter sees to it that the folder is watched. A folder that was replaced has the same path and is another one.
func (f *folders) enter(dir string, info fs.FileInfo) {
	f.entered[dir] = true
	old, ok := f.watched[dir]
	if ok && f.alive[dir] && os.SameFile(old, info) {
		return
	}
	if f.alive[dir] {
		f.drop(dir)
	}
	delete(f.watched, dir)
	if err := f.notifier.Add(dir); err == nil {
		f.watched[dir] = info
	} else if !errors.Is(err, fs.ErrNotExist) {
		f.err = err
	}
}

// end drops the watches of the folders that were not entered.
func (f *folders) end() {
	for dir := range f.watched {
		if !f.entered[dir] {
			f.drop(dir)
			delete(f.watched, dir)
		}
	}
}

// drop removes a watch. The error says that the folder went first, which is why it is dropped.
func (f *folders) drop(dir string) { _ = f.notifier.Remove(dir) }
