package watch

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"time"
)

const (
	// restPeriodic and restWoken are how many times as long as the last scan took the pause before the next one is: 50 for
	// one that nothing asked for, 10 for one that an event or a pending change did. They bound the share of one
	// processor that scans use to 2% and 9%.
	restPeriodic = 50
	restWoken    = 10
)

// loop is everything that one goroutine owns.
type loop struct {
	o       Options
	changes chan<- []string
	scanner *scanner
	settler *settler
	// folders and hints are nil where there are no events.
	folders *folders
	hints   chan hints

	// batch is what has settled and was not received yet, ready its sorted form.
	batch map[string]bool
	ready []string
	// began and took are those of the last scan; wake is when the settler wants the next.
	began, wake time.Time
	took        time.Duration
	// asked says that an event came since the last scan.
	asked bool
	// said holds the complaints that were logged, so that each is logged once until it is over.
	said map[string]bool
}

// newLoop scans the baseline.
func newLoop(o Options, changes chan<- []string) *loop {
	l := &loop{o: o, changes: changes, batch: map[string]bool{}, said: map[string]bool{}}
	l.scanner = &scanner{root: o.Root, match: o.Match, enter: l.enter}
	if n, err := o.notify(); err != nil {
		o.Log.Warn("watch: no events from the system, scanning only", "folder", o.Root, "every", o.Rescan, "error", err)
	} else {
		l.folders = &folders{notifier: n, watched: map[string]fs.FileInfo{}}
		l.hints = make(chan hints)
		go pump(n, l.hints)
	}
	l.settler = newSettler(o.Settle, l.look().files)
	return l
}

// run is the life of the watcher: wait for a reason to scan, scan, hand out what has settled.
func (l *loop) run(ctx context.Context) error {
	timer := time.NewTimer(time.Until(l.next()))
	defer timer.Stop()
	for {
		var out chan<- []string
		if len(l.ready) > 0 {
			out = l.changes
		}
		select {
		case <-ctx.Done():
			return l.close()
		case out <- l.ready:
			l.batch, l.ready = map[string]bool{}, nil
		case h, ok := <-l.hints:
			l.take(h, ok)
			timer.Reset(time.Until(l.next()))
		case <-timer.C:
			l.scan()
			timer.Reset(time.Until(l.next()))
		}
	}
}

// next is when to scan again.
func (l *loop) next() time.Time {
	ended := l.began.Add(l.took)
	at := ended.Add(max(l.o.Rescan, restPeriodic*l.took))
	rested := ended.Add(restWoken * l.took)
	if l.asked && rested.Before(at) {
		at = rested
	}
	if !l.wake.IsZero() {
		if wake := later(l.wake, rested); wake.Before(at) {
			at = wake
		}
	}
	return at
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// take notes which paths events named. open is false when the notifier has ended by itself.
func (l *loop) take(h hints, open bool) {
	l.asked = true
	if !open {
		l.hints = nil
		l.o.Log.Warn("watch: events have ended, scanning only", "folder", l.o.Root, "every", l.o.Rescan)
		return
	}
	if h.err != nil {
		l.o.Log.Warn("watch: events may be lost, scanning again", "folder", l.o.Root, "error", h.err)
	}
	now := time.Now()
	for name := range h.names {
		if rel, err := filepath.Rel(l.o.Root, name); err == nil {
			if rel = filepath.ToSlash(rel); l.o.Match(rel, false) {
				l.settler.touch(now, rel)
			}
		}
	}
}

// scan looks at everything, and adds what has settled to the batch.
func (l *loop) scan() {
	result := l.look()
	settled, wake := l.settler.observe(l.began, result)
	l.wake = wake
	for _, path := range settled {
		l.batch[path] = true
	}
	if len(settled) > 0 {
		l.ready = slices.Sorted(maps.Keys(l.batch))
	}
}

// look scans once, sets the watches that are missing, and logs what went wrong.
func (l *loop) look() scanResult {
	l.asked, l.began = false, time.Now()
	if l.folders != nil {
		l.folders.begin()
	}
	result := l.scanner.scan()
	errs := result.errs
	if l.folders != nil {
		l.folders.end()
		if err := l.folders.err; err != nil {
			errs = append(errs, fmt.Errorf("no events for some folders, which are scanned only: %w", err))
		}
	}
	l.took = time.Since(l.began)
	l.complain(errs)
	return result
}

// enter is called for each folder of a scan.
func (l *loop) enter(dir string, info fs.FileInfo) {
	if l.folders != nil {
		l.folders.enter(dir, info)
	}
}

// complain logs each error once, and once again if it returns after it was gone.
func (l *loop) complain(errs []error) {
	now := map[string]bool{}
	for _, err := range errs {
		text := err.Error()
		if !now[text] && !l.said[text] {
			l.o.Log.Warn("watch: "+text, "folder", l.o.Root)
		}
		now[text] = true
	}
	l.said = now
}

// close ends the notifier, and waits for its pump.
func (l *loop) close() error {
	if l.folders == nil {
		return nil
	}
	err := l.folders.notifier.Close()
	if l.hints != nil {
		for range l.hints {
			// Nobody is left to act on them.
		}
	}
	return err
}
