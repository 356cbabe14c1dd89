package supervise

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/wasgi/wasgi/host/internal/app"
	"github.com/wasgi/wasgi/host/internal/guest"
)

// State says how an app is doing.
type State string

const (
	StateLoading  State = "loading"  // its first version is being loaded
	StateServing  State = "serving"  // it answers
	StateUnloaded State = "unloaded" // it answers, and will be loaded when it is asked
	StateFailed   State = "failed"   // its newest version could not be loaded; an older one may serve
	StateRefused  State = "refused"  // its mount belongs to another app, or there are too many apps
	StateDisabled State = "disabled" // its manifest says so
)

// KindStatic is the kind of an app that is a folder of public files, and no module.
const KindStatic = "static"

// Status is one app as operators see it.
type Status struct {
	Name       string
	Mounts     []string // host and path, the host empty for any
	Kind       string
	Public     string // the folder of public files, relative to the apps folder; "" for none
	Size       int64  // bytes of the module's file
	State      State
	Generation uint64
	// Isolation is what one request of the newest version that was loaded may see of another; Why says what is in the way of what
	// its manifest asks for, if anything is.
	Isolation guest.Isolation
	Why       string
	Err       error // why the newest version does not serve
	app.Health
}

// Status lists the apps in lexical order.
func (s *Supervisor) Status() []Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Status, 0, len(s.entries))
	for name, e := range s.entries {
		status := Status{Name: name, Kind: e.kind, State: e.state, Generation: e.number, Err: e.err, Health: e.app.Health()}
		status.Isolation, status.Why = e.kept.Isolation, e.kept.why
		if e.furnished != nil {
			status.Public = e.furnished.public.rel
		}
		if shown := cmp.Or(e.version, e.current, e.wanted, e.refused); shown != nil {
			status.Size = shown.size
			for _, m := range shown.mounts {
				status.Mounts = append(status.Mounts, m.String())
			}
		}
		out = append(out, status)
	}
	for _, name := range s.surplus {
		out = append(out, Status{Name: name, State: StateRefused, Err: s.tooMany()})
	}
	slices.SortFunc(out, func(a, b Status) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// maxNamed is how many apps a record names that are too many: there may be any number.
const maxNamed = 10

// admit leaves out the apps that are too many. Those that are known stay; of the others the first take the free places.
func (s *Supervisor) admit(apps []found) []found {
	s.mu.Lock()
	defer s.mu.Unlock()
	free := s.options.Max - len(s.entries)
	var surplus []string
	admitted := slices.DeleteFunc(apps, func(f found) bool {
		if s.entries[f.name] != nil {
			return false
		}
		if free--; free >= 0 {
			return false
		}
		surplus = append(surplus, f.name)
		return true
	})
	if len(surplus) > 0 && !slices.Equal(surplus, s.surplus) {
		named := surplus[:min(len(surplus), maxNamed)]
		s.options.Log.Error("too many apps; these are not loaded", "count", len(surplus),
			"apps", strings.Join(named, ", "), "cause", s.tooMany())
	}
	s.surplus = surplus
	return admitted
}

func (s *Supervisor) tooMany() error {
	return fmt.Errorf("there are more than %d apps; raise apps.max", s.options.Max)
}
