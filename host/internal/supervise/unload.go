package supervise

import (
	"errors"
	"time"

	"github.com/wasgi/wasgi/host/internal/guest"
)

// guess is how many times its file a program takes in memory, where nobody knows better.
const guess = 3

var errChanged = errors.New("the file has changed since it was read")

// prospect returns the number of the generation that v becomes, and whether there is room for it in memory.
func (s *Supervisor) prospect(e *entry, v *version) (number uint64, room bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v.again {
		return e.number, true
	}
	room = s.options.Memory == 0 || s.loaded+guess*v.size <= s.options.Memory
	if !room {
		s.measure()
		room = s.loaded+guess*v.size <= s.options.Memory
	}
	return e.number + 1, room
}

// readAgain reads the module of a version whose bytes were dropped.
func (s *Supervisor) readAgain(v *version) error {
	same, err := s.read(v.found)
	if err == nil && same.digest != v.digest {
		err = errChanged
	}
	if err != nil {
		return unreadable(err)
	}
	v.file = same.file
	return nil
}

func unreadable(err error) error {
	return &guest.Fault{Phase: guest.PhaseLoad, Kind: guest.KindHost, Cause: err}
}

// makeRoom unloads the apps that were not used for longest until the rest fits the memory. keep is one that was loaded just now.
func (s *Supervisor) makeRoom(keep *entry) {
	if s.options.Memory == 0 || s.loaded <= s.options.Memory {
		return
	}
	now := time.Now()
	for _, e := range s.entries {
		if e.app.Used() {
			e.used, e.resting = now, false
		}
	}
	for s.measure(); s.loaded > s.options.Memory; s.measure() {
		oldest := s.oldest(keep)
		if oldest == nil {
			return
		}
		s.unload(oldest)
	}
}

// measure counts anew what all programs take: the share that each has in code that others use too changes with these.
func (s *Supervisor) measure() {
	s.loaded = 0
	for _, e := range s.entries {
		if e.generation != nil {
			e.bytes = e.generation.Bytes()
			s.loaded += e.bytes
		}
	}
}

// oldest returns the app that was not used for longest of those that can be loaded again as they are, or nil.
func (s *Supervisor) oldest(keep *entry) (oldest *entry) {
	for _, e := range s.entries {
		if e != keep && e.unloadable() && (oldest == nil || e.used.Before(oldest.used)) {
			oldest = e
		}
	}
	return oldest
}

// unloadable reports whether the app may lose its instances, serves what its file holds, and nobody is inside. A version whose
// file was replaced by one that cannot be loaded is the last of its kind.
func (e *entry) unloadable() bool {
	return e.state == StateServing && e.err == nil && !e.working && e.bytes > 0 &&
		e.version.expendable() && e.seen == e.version.digest && !e.app.Busy()
}

// expendable reports whether the app's instances may be closed while nobody uses them: an app that keeps something in them says
// that they may not.
func (v *version) expendable() bool { return v.settings.IdleTimeout > 0 }

// unload takes an app's program out of memory. Its mounts, its health and its number stay.
func (s *Supervisor) unload(e *entry) {
	s.options.Log.Debug("app unloaded", "app", e.app.Name(), "bytes", e.bytes)
	e.state = StateUnloaded
	s.swap(e, e.generation.Sleep(s.options.Log, func() error { return s.wake(e) }))
}

// wake loads an app again that was unloaded, and returns when that has been done, or why it cannot be. It may have been unloaded
// once more by then.
func (s *Supervisor) wake(e *entry) error {
	s.mu.Lock()
	version := e.version
	s.mu.Unlock()
	begun := false
	if version != nil {
		v, err := s.read(version.found)
		if begun, err = s.reload(e, v, err); err != nil {
			return err
		}
	}
	for {
		news, err := s.outcome(e, begun)
		if news == nil {
			return err
		}
		select {
		case <-news:
		case <-s.life.Done():
		}
	}
}

// reload begins to load an app that is unloaded as it was read, with that error, and reports whether it has begun. If its content
// has changed, it is a new version. What is being loaded already is no older.
func (s *Supervisor) reload(e *entry, v *version, err error) (begun bool, _ error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.life.Err() != nil || e.working || e.generation == nil || !e.generation.Asleep():
		return true, nil
	case err != nil:
		return false, unreadable(err)
	case v.digest == e.version.digest:
		v.again = true
		e.seen = v.digest
		s.want(e, v)
		return true, nil
	case v.digest != e.seen:
		s.accept(e, v, nil)
		return true, nil
	}
	return false, nil // it has failed before
}

// outcome tells how waking an app has ended, or returns a channel that is closed when there is more to tell.
func (s *Supervisor) outcome(e *entry, begun bool) (news <-chan struct{}, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.life.Err() != nil:
		return nil, guest.ErrShutdown
	case e.generation == nil || !e.generation.Asleep():
		return nil, nil
	case e.working:
		return e.news, nil
	case e.err != nil:
		if _, ok := errors.AsType[*guest.Fault](e.err); ok {
			return nil, e.err
		}
		return nil, unreadable(e.err)
	case !begun:
		return nil, unreadable(errChanged)
	}
	return nil, nil
}
