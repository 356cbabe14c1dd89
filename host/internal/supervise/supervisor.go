// Package supervise brings what runs in line with what the apps folder holds: it reads, loads and proves new versions off
// to the side, swaps them in, and retires what is gone. A version that fails in any way leaves the one before it serving.
//
// Reconciling is a function of the folder and the current set. Events only say when to look, and which files to read again.
package supervise

import (
	"context"
	"log/slog"
	"maps"
	"path"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/wasgi/wasgi/host/internal/app"
	"github.com/wasgi/wasgi/host/internal/guest"
	"github.com/wasgi/wasgi/host/internal/route"
)

// Loader turns files into programs. It is called concurrently.
type Loader interface {
	// Settings reads an app's manifest. file is the zero File where the app has none.
	Settings(file guest.File) (Settings, error)
	// Load compiles and checks a module. log takes what its guests write while no request is theirs. It should return early when
	// ctx is done: the module is not wanted any more.
	Load(ctx context.Context, file guest.File, settings guest.Settings, log *slog.Logger) (guest.Program, error)
	// Check says what Load would refuse, as far as that can be told without compiling, and otherwise the kind of the program.
	Check(file guest.File, settings guest.Settings) (kind string, err error)
}

// Settings is what a manifest says.
type Settings struct {
	// Mount is the path prefix; "" is the one that follows from the file's name.
	Mount string
	// Hosts are the hosts that the app answers for; none is any.
	Hosts []string
	// Enabled is false for an app that is not to be served.
	Enabled bool
	// CacheControl is the value of that header with the app's public files; "" sends none.
	CacheControl string
	guest.Settings
}

// Options configures a Supervisor. All fields but Retired are needed.
type Options struct {
	// Dir is the apps folder.
	Dir string
	// Loader makes programs.
	Loader Loader
	// Max is how many apps there may be. Of more, those that came first are served, and of those that came together the first
	// in lexical order.
	Max int
	// Parallel is how many apps are loaded at once.
	Parallel int
	// Memory is how many bytes the programs of all apps may take, beside their instances; 0 is no bound. Those of apps that were
	// not used for longest are unloaded, until somebody asks for them. What is loaded just now may be too much for a moment.
	Memory int64
	Log    *slog.Logger
	// Retired is told the name of each app that serves nothing any more: it was removed or disabled, or the supervisor is closed.
	// It must not block. nil tells nobody.
	Retired func(name string)
}

// Supervisor owns the apps. Its methods may be called concurrently.
type Supervisor struct {
	options Options
	routes  atomic.Pointer[route.Table[*app.App]]
	// byName are the apps, and the middleware under the names of its files.
	byName  atomic.Pointer[map[string]*app.App]
	slots   chan struct{} // one for each app that is being loaded
	waking  chan struct{} // the same for those that were loaded before, and unloaded: they need not be compiled
	loading counter       // the workers
	sweeper sync.WaitGroup
	life    context.Context
	end     context.CancelFunc

	reconciling sync.Mutex // one reconciliation at a time
	started     bool       // the first reconciliation is over; guarded by reconciling

	mu      sync.Mutex // guards all below; never held while loading
	entries map[string]*entry
	claims  map[mount]*entry
	retired []*app.Generation // swapped out, perhaps not drained yet
	surplus []string          // the names of the apps beyond Max
	loaded  int64             // bytes of all programs together, not too few
	queued  int64             // bytes of what was read and not loaded yet
}

// New returns a supervisor that serves nothing yet. It must be closed.
func New(options Options) *Supervisor {
	s := &Supervisor{
		options: options,
		slots:   make(chan struct{}, options.Parallel),
		waking:  make(chan struct{}, 4*options.Parallel),
		entries: map[string]*entry{},
		claims:  map[mount]*entry{},
	}
	s.life, s.end = context.WithCancel(context.Background())
	s.routes.Store(must(route.New[*app.App](nil)))
	s.byName.Store(new(map[string]*app.App))
	s.sweeper.Go(s.sweep)
	return s
}

// Routes returns the current mount table. It never blocks.
func (s *Supervisor) Routes() *route.Table[*app.App] { return s.routes.Load() }

// Reconcile looks at the folder and starts to load what is new. changed holds the paths, relative to the folder, whose content
// is to be read again; nil is all of them, and retries what has failed. It does not wait for the loading: see Wait.
func (s *Supervisor) Reconcile(changed []string) {
	s.reconciling.Lock()
	defer s.reconciling.Unlock()
	apps, err := scan(s.options.Dir)
	if err != nil {
		// A listing with holes says what is there, not what is gone.
		s.options.Log.Warn("the apps folder could not be read whole; nothing is removed until it can", "error", oneLine(err))
	} else {
		s.retire(apps)
	}
	apps, middleware := split(apps)
	s.takeUp(s.admit(apps), changed, err)
	s.takeUp(s.named(middleware), changed, err) // after those that name it have been read
	s.started = true
}

// takeUp reads what is new of what was found by a scan that has ended with err.
func (s *Supervisor) takeUp(apps []found, changed []string, err error) {
	for _, f := range apps {
		if err != nil && f.module == "" && s.known(f.name) {
			continue // its module may be in a hole
		}
		if s.touched(f, changed) {
			s.consider(f, changed == nil)
		}
		if err == nil || len(f.public) > 0 {
			s.offer(f)
		}
	}
}

// Wait returns when nothing is being loaded any more, or with ctx's cause.
func (s *Supervisor) Wait(ctx context.Context) error {
	select {
	case <-s.loading.none():
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Follow reconciles whenever paths arrive, until the channel is closed.
func (s *Supervisor) Follow(changes <-chan []string) {
	for changed := range changes {
		s.Reconcile(changed)
	}
}

// Close retires all apps and waits until they have drained, or until ctx is done.
func (s *Supervisor) Close(ctx context.Context) error {
	s.end()
	s.sweeper.Wait()
	s.retire(nil)
	if err := s.Wait(ctx); err != nil { // they may still give up what they have made
		return err
	}
	s.mu.Lock()
	retired := s.retired
	s.mu.Unlock()
	for _, g := range retired {
		select {
		case <-g.Closed():
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// touched reports whether an app must be read: it is new, or one of its files has changed, come or gone.
func (s *Supervisor) touched(f found, changed []string) bool {
	return !s.known(f.name) || changed == nil ||
		slices.ContainsFunc(changed, func(rel string) bool { return AppName(rel) == f.name && !isPublic(path.Base(rel)) })
}

// known reports whether an app was found before.
func (s *Supervisor) known(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.entries[name] != nil
}

// retire takes down the apps that the folder no longer holds.
func (s *Supervisor) retire(apps []found) {
	s.mu.Lock()
	defer s.mu.Unlock()
	gone := maps.Clone(s.entries)
	for _, f := range apps {
		delete(gone, f.name)
	}
	for name, e := range gone {
		delete(s.entries, name)
		s.drop(e)
		e.removed, e.version = true, nil
		e.supersede()
		s.swap(e, nil)
		e.public = nil
		s.furnish(e)
		e.tell()
		if s.life.Err() == nil { // else it is the server that goes
			s.options.Log.Info("app removed", "app", name)
		}
	}
	if len(gone) > 0 {
		s.release()
	}
}

// swap makes next the app's generation, and remembers the one before until it has drained.
func (s *Supervisor) swap(e *entry, next *app.Generation) {
	s.loaded -= e.bytes
	e.generation, e.bytes = next, 0
	if next != nil {
		e.bytes = next.Bytes()
	}
	s.loaded += e.bytes
	s.retired = slices.DeleteFunc(s.retired, func(g *app.Generation) bool {
		select {
		case <-g.Closed():
			return true
		default:
			return false
		}
	})
	if previous := e.app.Swap(next); previous != nil {
		s.retired = append(s.retired, previous)
		if next == nil && s.options.Retired != nil {
			s.options.Retired(e.app.Name())
		}
	}
}

// must is for tables that cannot be invalid.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
