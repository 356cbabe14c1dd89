package supervise

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/wasgi/wasgi/host/internal/app"
	"github.com/wasgi/wasgi/host/internal/guest"
	"github.com/wasgi/wasgi/host/internal/route"
)

// entry is one app of the folder. The supervisor's mu guards it.
type entry struct {
	app     *app.App
	number  uint64                  // of the newest generation
	wanted  *version                // read, and not taken by the worker yet
	current *version                // what the worker loads
	cancel  context.CancelCauseFunc // ends the loading of current; nil while nothing is loaded
	version *version                // what serves, or was disabled
	refused *version                // what waits for a mount
	seen    [32]byte                // digest of the newest reading
	kind    string
	kept    isolation // what keeps requests apart in the newest generation
	state   State
	err     error
	// generation is what serves version, and bytes what that takes in memory: 0 while it is asleep.
	generation *app.Generation
	bytes      int64
	news       chan struct{} // closed when something was published, or the worker has ended
	working    bool          // a worker runs
	removed    bool
	public     *public    // the folder of files that was found last
	furnished  *furniture // what of it answers
	closedTo   *version   // whose middleware keeps the folder from answering, as the log has it
	used       time.Time  // when the last request was seen, or the version published
	resting    bool       // all instances are closed, since nobody has used the app
}

// isolation is what [guest.Program] says of it.
type isolation struct {
	guest.Isolation
	why string
}

// consider reads an app and, if its content is new, queues it for its worker. The newest reading wins: one that the worker
// has not taken yet is forgotten.
func (s *Supervisor) consider(f found, retry bool) {
	v, err := s.read(f)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.life.Err() != nil {
		return // Close has retired everything
	}
	e := s.entries[f.name]
	if e == nil {
		e = &entry{app: app.New(f.name), state: StateLoading, news: make(chan struct{})}
		s.entries[f.name] = e
	}
	if v.digest == e.seen && v.digest != ([32]byte{}) && !(retry && e.err != nil && !e.loads(v)) {
		return
	}
	v.first = !s.started
	s.accept(e, v, err)
}

// accept makes v, which was read with that error, the newest reading.
func (s *Supervisor) accept(e *entry, v *version, err error) {
	s.drop(e)
	e.seen, e.refused = v.digest, nil
	if err != nil {
		s.fail(e, StateFailed, err)
	} else {
		s.queue(e, v)
	}
	if e.err != nil {
		s.release() // what the forgotten reading had claimed
	}
}

// loads reports whether the worker is loading that very content: what it has failed with before is not known to be so now.
func (e *entry) loads(v *version) bool { return e.current != nil && e.current.digest == v.digest }

// queue claims the version's mounts and wakes the worker, or takes it off what it loads. A version that cannot be queued leaves
// it alone: a good one must not be lost to one that cannot even be read.
func (s *Supervisor) queue(e *entry, v *version) {
	if err := s.claim(e, v); err != nil {
		e.refused = v
		s.fail(e, StateRefused, err)
		return
	}
	s.want(e, v)
	e.supersede()
}

// want gives the worker a version to load.
func (s *Supervisor) want(e *entry, v *version) {
	s.drop(e)
	e.wanted = v
	if s.queued += v.size; s.queued > maxQueued {
		s.queued -= v.size
		v.file.Data = nil
	}
	if !e.working {
		e.working = true
		s.loading.begin()
		go s.work(e)
	}
}

// maxQueued bounds what is kept in memory of versions that wait to be loaded, in bytes. What is more is read again.
const maxQueued = 64 << 20

// drop forgets the version that is wanted.
func (s *Supervisor) drop(e *entry) {
	if e.wanted != nil && e.wanted.file.Data != nil {
		s.queued -= e.wanted.size
	}
	e.wanted = nil
}

// tell wakes those who wait for something to be published.
func (e *entry) tell() {
	close(e.news)
	e.news = make(chan struct{})
}

// claim gives the version's mounts to e, or names the app that has one of them.
func (s *Supervisor) claim(e *entry, v *version) error {
	if !v.settings.Enabled {
		return nil
	}
	for _, m := range v.mounts {
		if owner := s.claims[m]; owner != nil && owner != e {
			return fmt.Errorf("mount %q is taken by app %q: set another mount in the manifest of one of them",
				m, owner.app.Name())
		}
	}
	for _, m := range v.mounts {
		s.claims[m] = e
	}
	return nil
}

// release gives up the mounts that no version needs any more, rebuilds the table, and lets those try again that were
// refused.
func (s *Supervisor) release() {
	freed := false
	for m, e := range s.claims {
		if !e.needs(m) {
			delete(s.claims, m)
			freed = true
		}
	}
	s.rebuild()
	if !freed {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(s.entries)) {
		e := s.entries[name]
		if v := e.refused; v != nil && s.claim(e, v) == nil {
			e.refused = nil
			s.queue(e, v)
		}
	}
}

func (e *entry) needs(m mount) bool {
	for _, v := range []*version{e.version, e.current, e.wanted} {
		if v != nil && v.settings.Enabled && !e.removed && slices.Contains(v.mounts, m) {
			return true
		}
	}
	return false
}

// rebuild makes the mount table anew from what serves.
func (s *Supervisor) rebuild() {
	var mounts []route.Mount[*app.App]
	named := make(map[string]*app.App, len(s.entries))
	for name, e := range s.entries {
		named[name] = e.app
		if e.version == nil || !e.version.settings.Enabled {
			continue
		}
		for _, m := range e.version.mounts {
			mounts = append(mounts, route.Mount[*app.App]{Host: m.host, Path: m.path, Target: e.app})
		}
	}
	s.byName.Store(&named)
	s.routes.Store(must(route.New(mounts))) // each was checked when it was read, and claimed by one app alone
}
