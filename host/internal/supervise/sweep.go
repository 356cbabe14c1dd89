package supervise

import (
	"time"

	"github.com/wasgi/wasgi/host/internal/app"
)

// sweepEvery is how often somebody looks after the instances of apps: what idle_timeout and max_lifetime say is late by up to
// twice as much.
const sweepEvery = time.Second

// sweep closes what nobody uses, until the supervisor is closed. There is one sweeper for all apps.
func (s *Supervisor) sweep() {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-s.life.Done():
			return
		}
		idle, aging := s.look(time.Now())
		for _, a := range idle {
			s.options.Log.Debug("instances closed: the app is idle", "app", a.Name())
			a.Rest()
		}
		for _, a := range aging {
			a.Renew()
		}
	}
}

// look notes which apps are used. It returns those that have become idle, and those whose instances have a lifetime. Closing
// their instances is left to the caller, since it takes a while.
func (s *Supervisor) look(now time.Time) (idle, aging []*app.App) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.entries {
		if e.generation == nil || e.generation.Asleep() {
			continue
		}
		if e.app.Used() {
			e.used, e.resting = now, false
		}
		settings := e.version.settings
		if e.version.expendable() && !e.resting && now.Sub(e.used) >= settings.IdleTimeout {
			e.resting = true
			idle = append(idle, e.app)
		}
		if settings.MaxLifetime > 0 {
			aging = append(aging, e.app)
		}
	}
	return idle, aging
}
