package host

import (
	"context"
	"log/slog"
	"time"

	"github.com/wasgi/wasgi/host/internal/watch"
)

// WatchOptions says what to watch.
type WatchOptions struct {
	// Dir is the folder. It may be removed and come back.
	Dir string
	// Settle is how long a file must have been still before its change is reported; 0 is a tenth of a second.
	Settle time.Duration
	// Match says which folders are entered and which files count, by their slash-separated path below Dir; nil is all of
	// them. A folder that is not entered and counts as a file is reported when it comes, goes or is replaced. It must be quick.
	Match func(rel string, dir bool) bool
	// Log takes what goes wrong; nothing of it is fatal. nil discards it.
	Log *slog.Logger
}

// Watcher reports settled changes below a folder.
type Watcher = watch.Watcher

// Watch follows a folder the way a Host follows its apps, for programs that build what they serve. What changes after it
// has returned is reported, in batches of sorted paths below Dir, until ctx is done or the Watcher is closed.
func Watch(ctx context.Context, options WatchOptions) (*Watcher, error) {
	return watch.Start(ctx, watch.Options{
		Root: options.Dir, Settle: options.Settle, Match: options.Match, Log: options.Log,
	})
}
