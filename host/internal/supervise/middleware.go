package supervise

import (
	"errors"
	"path"
	"slices"
	"strings"

	"github.com/wasgi/wasgi/host/internal/app"
)

// middlewareMark begins the names of the files of middleware. Such a file is loaded when an app's manifest names it: what nobody names
// may be anything.
const middlewareMark = "_"

// errNoMiddleware is for a file that an app names, and that cannot stand before it.
var errNoMiddleware = errors.New("an app's manifest names this module as middleware, and it is none: it does not have another app called")

// isMiddleware reports whether an app, or the file of one, is middleware: it stands before apps, and answers at no path of its own.
func isMiddleware(name string) bool {
	name, marked := strings.CutPrefix(path.Base(name), middlewareMark)
	return marked && name != "" && !hidden(name)
}

// middlewareApp is the name under which the middleware of that name is found: "shared/_auth" for "shared/auth".
func middlewareApp(name string) string {
	folder, base := path.Split(name)
	return folder + middlewareMark + base
}

// Middleware returns the middleware of that name, as manifests have it, or nil. It never blocks.
func (s *Supervisor) Middleware(name string) *app.App {
	return (*s.byName.Load())[middlewareApp(name)]
}

// App returns the app of that name, or nil. Middleware is none. It never blocks.
func (s *Supervisor) App(name string) *app.App {
	if isMiddleware(name) {
		return nil
	}
	return (*s.byName.Load())[name]
}

// split tells apps from middleware. Both keep their order.
func split(all []found) (apps, middleware []found) {
	for _, f := range all {
		if isMiddleware(f.name) {
			middleware = append(middleware, f)
		} else {
			apps = append(apps, f)
		}
	}
	return apps, middleware
}

// named leaves out the middleware that no app's manifest names. What was loaded once stays.
func (s *Supervisor) named(middleware []found) []found {
	s.mu.Lock()
	defer s.mu.Unlock()
	names := map[string]bool{}
	for name, e := range s.entries {
		names[name] = true
		for _, v := range []*version{e.version, e.current, e.wanted, e.refused} {
			if v != nil {
				for _, middleware := range v.settings.Middleware {
					names[middlewareApp(middleware)] = true
				}
			}
		}
	}
	return slices.DeleteFunc(middleware, func(f found) bool { return !names[f.name] })
}
