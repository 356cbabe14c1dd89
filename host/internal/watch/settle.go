package watch

import (
	"maps"
	"slices"
	"time"
)

// patience is how many times the settle time a file that never stands still is waited for.
const patience = 10

// settler decides which paths have changed and stand still. It is pure: time and what is on disk come in as arguments, so
// that it is tested without either. It is not safe for concurrent use.
type settler struct {
	settle time.Duration
	// known is what was last reported, or was there at first. Absent paths are not in it.
	known map[string]identity
	// pending holds the paths that differ from known, or were touched, and have not settled.
	pending map[string]*change
}

// change is a path that has not settled.
type change struct {
	// last is what was there when the path was looked at last.
	last identity
	// first is when it was found to have changed, since when it has been still.
	first, since time.Time
	// touched says that an event named the path: it is reported even if its identity is the known one.
	touched bool
}

func newSettler(settle time.Duration, baseline map[string]identity) *settler {
	return &settler{settle: settle, known: maps.Clone(baseline), pending: map[string]*change{}}
}

// touch says that an event named the path: it was not still just now, whatever the next scan finds.
func (s *settler) touch(now time.Time, path string) {
	c := s.pending[path]
	if c == nil {
		c = &change{last: s.known[path], first: now}
		s.pending[path] = c
	}
	c.since, c.touched = now, true
}

// observe takes the result of a scan that began at now. It returns the paths that have settled, sorted, and when to scan
// next at the latest; the zero time is when nothing is pending.
func (s *settler) observe(now time.Time, seen scanResult) (settled []string, wake time.Time) {
	for path, id := range seen.files {
		s.look(now, path, id)
	}
	for path := range s.known {
		if _, ok := seen.files[path]; !ok && !seen.blindTo(path) {
			s.look(now, path, identity{})
		}
	}
	for path, c := range s.pending {
		id, ok := seen.files[path]
		if !ok && seen.blindTo(path) {
			// Nothing is known, so nothing has been still.
			c.first, c.since = now, now
			continue
		}
		if s.done(now, path, c, id) {
			settled = append(settled, path)
		}
	}
	slices.Sort(settled)
	return settled, s.wake()
}

// look compares what is at a path now with what was there.
func (s *settler) look(now time.Time, path string, id identity) {
	if s.pending[path] == nil && id != s.known[path] {
		s.pending[path] = &change{last: id, first: now, since: now}
	}
}

// done brings one pending path up to date, and reports whether it is to be reported. It forgets those that are not pending
// any more.
func (s *settler) done(now time.Time, path string, c *change, id identity) bool {
	if id != c.last {
		c.last, c.since = id, now
	}
	if now.Before(s.due(c)) {
		return false
	}
	delete(s.pending, path)
	known := s.known[path]
	if id.there {
		s.known[path] = id
		return id != known || c.touched
	}
	delete(s.known, path)
	return known.there
}

// due is when a path is reported at the latest if it stays as it is. Patience ends for files only: a path that is replaced
// all the time must not be reported in the moment between a delete and a create.
func (s *settler) due(c *change) time.Time {
	still := c.since.Add(s.settle)
	if end := c.first.Add(patience * s.settle); c.last.there && end.Before(still) {
		return end
	}
	return still
}

// wake is the first time that a pending path may be due.
func (s *settler) wake() time.Time {
	var first time.Time
	for _, c := range s.pending {
		if due := s.due(c); first.IsZero() || due.Before(first) {
			first = due
		}
	}
	return first
}
