package supervise

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/wasgi/wasgi/host/internal/app"
	"github.com/wasgi/wasgi/host/internal/guest"
)

// errSuperseded ends the loading of what nobody wants any more.
var errSuperseded = errors.New("superseded by what the folder holds now")

// supersede ends what the worker does, so that the next thing it does is what is wanted.
func (e *entry) supersede() {
	if e.cancel != nil {
		e.cancel(errSuperseded)
	}
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
	slots := s.slotsFor(e)
	slots <- struct{}{}
	defer func() { <-slots }()
	ctx, v := s.take(e)
	if v == nil {
		return false
	}
	started := time.Now()
	generation, err := s.build(ctx, e, v)
	s.publish(ctx, e, v, generation, err, time.Since(started))
	return true
}

// slotsFor returns where the worker has to wait for its turn: what has been unloaded must not wait for new versions to be
// compiled, for requests wait for it.
func (s *Supervisor) slotsFor(e *entry) chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.wanted != nil && e.wanted.again {
		return s.waking
	}
	return s.slots
}

// take returns what the worker is to load next, with a context that ends when it is not wanted any more, or nil, which ends the
// worker. publish must follow.
func (s *Supervisor) take(e *entry) (context.Context, *version) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.current = e.wanted
	s.drop(e)
	e.working = e.current != nil
	if !e.working {
		e.tell()
		return nil, nil
	}
	var ctx context.Context
	ctx, e.cancel = context.WithCancelCause(s.life)
	return ctx, e.current
}

// build loads a version and proves that it runs. It returns nil and no error for one that is disabled, or has no module.
func (s *Supervisor) build(ctx context.Context, e *entry, v *version) (*app.Generation, error) {
	if !v.settings.Enabled || v.found.module == "" {
		return nil, nil
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if v.file.Data == nil {
		if err := s.readAgain(v); err != nil {
			return nil, err
		}
	}
	number, room := s.prospect(e, v)
	if v.first && !room && v.expendable() {
		kind, err := s.options.Loader.Check(v.file, v.settings.Settings)
		if err != nil {
			return nil, unloadable(err)
		}
		return app.NewAsleep(e.app, number, kind, v.settings.Settings, s.options.Log, func() error { return s.wake(e) }), nil
	}
	log := e.app.Log(s.options.Log, v.settings.LogLines)
	program, err := s.options.Loader.Load(ctx, v.file, v.settings.Settings, log)
	if err != nil {
		return nil, unloadable(err)
	}
	if wrapping, ok := program.(guest.Wrapping); isMiddleware(e.app.Name()) && (!ok || !wrapping.Wraps()) {
		return nil, unloadable(errors.Join(errNoMiddleware, program.Close()))
	}
	return app.NewGeneration(ctx, e.app, number, program, v.settings.Settings, s.options.Log)
}

func unloadable(err error) error {
	return &guest.Fault{Phase: guest.PhaseLoad, Kind: guest.KindProtocol, Cause: err}
}

// publish swaps the new generation in, or says why there is none. What a newer reading has failed with stays said. One that was
// ready before it was superseded is good, and serves until the newest is.
func (s *Supervisor) publish(ctx context.Context, e *entry, v *version, generation *app.Generation, err error, took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer e.tell()
	abandoned := ctx.Err() != nil
	e.cancel(nil)
	e.current, e.cancel, v.file.Data = nil, nil, nil
	outdated := v.digest != e.seen && e.wanted == nil // by a reading that failed or waits for its mount
	state, cause := e.state, e.err
	switch {
	case e.removed:
		if generation != nil {
			generation.Leave()
			s.retired = append(s.retired, generation)
		}
	case err != nil && abandoned:
		s.options.Log.Debug("loading given up", "app", e.app.Name(), "cause", context.Cause(ctx))
	case err != nil:
		s.fail(e, StateFailed, err)
	case generation == nil:
		s.publishNone(e, v)
	default:
		s.publishGood(e, v, generation, took)
	}
	if outdated {
		e.state, e.err = state, cause
	}
	s.furnish(e)
	if !v.again { // else its mounts are what they were, and so is the table, which takes longer the more apps there are
		s.release()
	}
}

// publishNone makes a version serve that has no module, or take down the app whose manifest says so.
func (s *Supervisor) publishNone(e *entry, v *version) {
	e.version, e.err = v, nil
	e.kind, e.kept = KindStatic, isolation{}
	s.swap(e, nil)
	if !v.settings.Enabled {
		e.kind, e.state = "", StateDisabled
		s.options.Log.Info("app disabled by its manifest", "app", e.app.Name())
		return
	}
	e.state = StateServing
	s.options.Log.Info("public files served", "app", e.app.Name(), "mount", v.mount())
}

// publishGood makes a generation serve.
func (s *Supervisor) publishGood(e *entry, v *version, generation *app.Generation, took time.Duration) {
	e.version, e.state, e.err = v, StateServing, nil
	e.number, e.kind = generation.Number(), generation.Kind()
	e.used, e.resting = time.Now(), false
	e.kept.Isolation, e.kept.why = generation.Isolation()
	s.swap(e, generation)
	message, level := "app loaded", slog.LevelInfo
	switch {
	case generation.Asleep():
		message, e.state = "app checked; it is loaded when it is asked for, since apps.memory is used up", StateUnloaded
	case v.again:
		message, level = "app loaded again", slog.LevelDebug
	}
	s.options.Log.Log(context.Background(), level, message, "app", e.app.Name(), "mount", v.mount(),
		"generation", e.number, "kind", e.kind, "size", v.size, "took_ms", took.Milliseconds())
	if e.kept.why != "" && !v.again {
		s.options.Log.Warn("the app cannot run under the isolation that was asked for", "app", e.app.Name(),
			"asked", v.settings.Isolation, "isolation", e.kept.Isolation, "cause", e.kept.why)
	}
	s.makeRoom(e)
}

// fail notes why the newest version does not serve. What served before goes on.
func (s *Supervisor) fail(e *entry, state State, err error) {
	e.state, e.err = state, err
	message := "app not loaded"
	switch {
	case e.generation == nil:
	case !e.generation.Asleep():
		message = "new version not loaded; the one before keeps serving"
	case e.seen == e.version.digest:
		message = "app not loaded again"
	default:
		message = "new version not loaded; the one before was unloaded, and its file is gone"
	}
	attributes := []any{"app", e.app.Name(), "cause", oneLine(err)}
	var fault *guest.Fault
	if errors.As(err, &fault) && len(fault.Stack) > 0 {
		attributes = append(attributes, "stack", fault.Stack)
	}
	s.options.Log.Error(message, attributes...)
}
