// Package app holds what a mount leads to: an app and its generations. A generation is one version of an app, with its
// module, its settings and its pool of instances; an app swaps generations by one pointer, and the old one closes itself
// when the last request has left it. No lock is held across a request.
package app

import (
	"sync/atomic"

	"github.com/wasgi/wasgi/host/internal/pool"
	"github.com/wasgi/wasgi/host/internal/static"
)

// App is a named web application. Its methods may be called concurrently.
type App struct {
	name    string
	current atomic.Pointer[Generation]
	public  atomic.Pointer[static.Folder]
	used    atomic.Bool // since Used was called
	lines   lines
}

// New returns an app that serves nothing yet.
func New(name string) *App { return &App{name: name} }

// Name is the app's name, unique in its folder: "hello", "api/users".
func (a *App) Name() string { return a.name }

// Enter pins the current generation for one request, or returns nil if the app serves nothing. The caller must call
// [Generation.Leave].
func (a *App) Enter() *Generation {
	if !a.used.Load() { // else the line of memory need not be fetched for writing
		a.used.Store(true)
	}
	return a.pin()
}

// pin is Enter for those who look after the app, and do not use it.
func (a *App) pin() *Generation {
	for {
		g := a.current.Load()
		if g == nil || g.enter() {
			return g
		}
		// g was swapped out and drained between the load and the count: a newer one, or none, is there by now.
	}
}

// Used reports whether a request has entered since Used was called last, or is inside.
func (a *App) Used() bool { return a.used.Swap(false) || a.Busy() }

// Busy reports whether a request is inside the current generation.
func (a *App) Busy() bool {
	g := a.current.Load()
	return g != nil && g.users.Load() > 1
}

// Rest closes the instances that nobody uses, also those that are to be kept ready. The next request makes one again.
func (a *App) Rest() {
	a.awake(func(p *pool.Pool[*lodger]) { p.Empty() })
}

// Renew closes the instances that nobody uses and whose lifetime is over. Others take the place of those that are to be kept
// ready.
func (a *App) Renew() {
	a.awake(func(p *pool.Pool[*lodger]) { p.Renew((*lodger).old) })
}

// awake calls f with the current generation's pool, if there is one.
func (a *App) awake(f func(*pool.Pool[*lodger])) {
	g := a.pin()
	if g == nil {
		return
	}
	defer g.Leave()
	if g.asleep == nil {
		f(g.pool)
	}
}

// Health is how the current generation is doing; zero if the app serves nothing.
func (a *App) Health() Health {
	if g := a.current.Load(); g != nil {
		return g.health.read()
	}
	return Health{}
}

// Public is the folder of files that answer before the app does, or nil. It may be closed as soon as SetPublic has put another in
// its place.
func (a *App) Public() *static.Folder { return a.public.Load() }

// SetPublic makes next that folder, or none if it is nil, and returns the one before, or nil.
func (a *App) SetPublic(next *static.Folder) *static.Folder { return a.public.Swap(next) }

// Swap makes next the current generation, or none if it is nil, and retires the one before: it serves the requests that are
// in it, then closes. Swap returns that one, or nil.
func (a *App) Swap(next *Generation) *Generation {
	previous := a.current.Swap(next)
	if previous != nil {
		previous.Leave()
	}
	return previous
}
