package watch

import "github.com/fsnotify/fsnotify"

// Notifier is what a test puts in the place of the operating system's events.
type Notifier = notifier

// Event is one event of a Notifier.
type Event = fsnotify.Event

// ErrOverflow is what the system reports when it has dropped events.
var ErrOverflow = fsnotify.ErrEventOverflow

// WithNotifier returns o with another source of events.
func WithNotifier(o Options, f func() (Notifier, error)) Options {
	o.notify = f
	return o
}
