package supervise

import (
	"context"
	"errors"
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
	number  uint64   // of the newest generation
	wanted  *version // read, and not taken by the worker yet
	current *version // what the worker loads
	version *version // what serves, or was disabled
	refused *version // what waits for a mount
	seen    [32]byte // digest of the newest reading
	kind    string
	state   State
	err     error
	working bool // a worker runs
	removed bool
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
		e = &entry{app: app.New(f.name), state: StateLoading}
		s.entries[f.name] = e
	}
	if v.digest == e.seen && v.digest != ([32]byte{}) && !(retry && e.err != nil) {
		return
	}
	e.seen, e.wanted, e.refused = v.digest, nil, nil
	if err != nil {
		s.fail(e, StateFailed, err)
	} else {
		s.queue(e, v)
	}
	if e.err != nil {
		s.release() // what the forgotten reading had claimed
	}
}

// queue claims the version's mounts and wakes the worker.
func (s *Supervisor) queue(e *entry, v *version) {
	if err := s.claim(e, v); err != nil {
		e.refused = v
		s.fail(e, StateRefused, err)
		return
	}
	e.wanted = v
	if !e.working {
		e.working = true
		s.loading.begin()
		go s.work(e)
	}
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
	for _, e := range s.entries {
		if e.version == nil || !e.version.settings.Enabled {
			continue
		}
		for _, m := range e.version.mounts {
			mounts = append(mounts, route.Mount[*app.App]{Host: m.host, Path: m.path, Target: e.app})
		}
	}
	s.routes.Store(must(route.New(mounts))) // each was checked when it was read, and claimed by one app alone
}

// work loads one version after the other until none is wanted. One worker an app.
func (s *Supervisor) work(e *entry) {
	defer s.loading.end()
	for s.loadOne(e) {
	}
}

// loadOne waits for its turn before it takes a version, so that of those that come in meanwhile only the newest is loaded. It
// reports false where none is wanted.
func (s *Supervisor) loadOne(e *entry) bool {
	s.slots <- struct{}{}
	defer func() { <-s.slots }()
	v := s.take(e)
	if v == nil {
		return false
	}
	started := time.Now()
	generation, err := s.build(e, v)
	s.publish(e, v, generation, err, time.Since(started))
	return true
}

// take returns what the worker is to load next, or nil, which ends the worker.
func (s *Supervisor) take(e *entry) *version {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.current, e.wanted = e.wanted, nil
	e.working = e.current != nil
	return e.current
}

// build loads a version and proves that it runs. It returns nil and no error for one that is disabled.
func (s *Supervisor) build(e *entry, v *version) (*app.Generation, error) {
	if !v.settings.Enabled {
		return nil, nil
	}
	if s.life.Err() != nil {
		return nil, context.Cause(s.life)
	}
	log := e.app.Log(s.options.Log, v.settings.LogLines)
	program, err := s.options.Loader.Load(s.life, v.file, v.settings.Settings, log)
	if err != nil {
		return nil, &guest.Fault{Phase: guest.PhaseLoad, Kind: guest.KindProtocol, Cause: err}
	}
	s.mu.Lock()
	number := e.number + 1
	s.mu.Unlock()
	return app.NewGeneration(s.life, e.app, number, program, v.settings.Settings, s.options.Log)
}

// publish swaps the new generation in, or says why there is none. What a newer reading has failed with stays said.
func (s *Supervisor) publish(e *entry, v *version, generation *app.Generation, err error, took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.current, v.file.Data = nil, nil
	superseded := v.digest != e.seen && e.wanted == nil // by a reading that failed or waits for its mount
	state, cause := e.state, e.err
	switch {
	case e.removed:
		if generation != nil {
			generation.Leave()
			s.retired = append(s.retired, generation)
		}
	case err != nil:
		s.fail(e, StateFailed, err)
	case generation == nil:
		e.version, e.state, e.err = v, StateDisabled, nil
		s.swap(e, nil)
		s.options.Log.Info("app disabled by its manifest", "app", e.app.Name())
	default:
		e.version, e.state, e.err = v, StateServing, nil
		e.number, e.kind = generation.Number(), generation.Kind()
		s.swap(e, generation)
		s.options.Log.Info("app loaded", "app", e.app.Name(), "mount", v.mounts[0].String(), "generation", e.number,
			"kind", e.kind, "size", v.size, "took_ms", took.Milliseconds())
	}
	if superseded {
		e.state, e.err = state, cause
	}
	s.release()
}

// fail notes why the newest version does not serve. What served before goes on.
func (s *Supervisor) fail(e *entry, state State, err error) {
	e.state, e.err = state, err
	message := "app not loaded"
	if e.version != nil && e.version.settings.Enabled {
		message = "new version not loaded; the one before keeps serving"
	}
	attributes := []any{"app", e.app.Name(), "cause", oneLine(err)}
	var fault *guest.Fault
	if errors.As(err, &fault) && len(fault.Stack) > 0 {
		attributes = append(attributes, "stack", fault.Stack)
	}
	s.options.Log.Error(message, attributes...)
}
