package app

import (
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/wasgi/wasgi/host/internal/guest"
)

// How long a quarantine lasts: the first, and the longest of those that double it.
const (
	firstQuarantine   = time.Second
	longestQuarantine = time.Minute
)

// Health is how a generation has been doing.
type Health struct {
	// Faults is how many requests, or instances in the making, have failed in a row, and by the app's own fault.
	Faults int64
	// LastFault is the last of them as text, even if all has gone well since; "" for none.
	LastFault string
	// Quarantined is when the next request will be let through as a probe; zero for an app that is not in quarantine.
	Quarantined time.Time
}

// health counts a generation's faults and keeps requests from one that does nothing but fail. While all goes well it costs two
// atomic loads a request. Its methods may be called concurrently.
type health struct {
	after int64 // faults in a row that begin a quarantine; 0 is never
	lease time.Duration
	log   *slog.Logger // names app and generation

	faults     atomic.Int64
	last       atomic.Pointer[error]
	quarantine atomic.Pointer[quarantine] // nil while requests are let through
}

// quarantine is a time in which no request is let through. It is immutable: its pointer names it.
type quarantine struct {
	lasts   time.Duration
	until   time.Time
	probing bool // one request is under way to find out; until is when it will be given up
}

// newHealth returns the health of a generation that has not run yet.
func newHealth(settings guest.Settings, log *slog.Logger) *health {
	return &health{
		after: int64(settings.QuarantineAfter),
		// A probe has failed by then, or its response has begun: one that streams for an hour must not keep others out.
		lease: settings.Timeout + firstQuarantine,
		log:   log,
	}
}

// admit lets a request through, or returns the fault that it is answered with. A request that is let through in a quarantine
// is its probe; settle must be told of it.
func (h *health) admit() (probe *quarantine, err error) {
	for {
		q := h.quarantine.Load()
		if q == nil {
			return nil, nil
		}
		now := time.Now()
		if now.Before(q.until) {
			return nil, h.refuse(q, now)
		}
		probe = &quarantine{lasts: q.lasts, until: now.Add(h.lease), probing: true}
		if h.quarantine.CompareAndSwap(q, probe) {
			return probe, nil
		}
	}
}

func (h *health) refuse(q *quarantine, now time.Time) error {
	wait := q.until.Sub(now)
	if q.probing {
		wait = 0 // it can end at any moment
	}
	return &guest.Fault{
		Phase:      guest.PhaseCall,
		Kind:       guest.KindQuarantined,
		Cause:      fmt.Errorf("the app is in quarantine after %d faults in a row, of which the last is %s", h.faults.Load(), h.lastFault()),
		RetryAfter: max(wait, time.Second),
	}
}

// settle notes how a request ended, or the making of an instance that no request waited for. probe is what admit returned.
// Of a probe whose lease is over nothing is concluded but its fault counted: another one is under way.
func (h *health) settle(probe *quarantine, err error) {
	switch {
	case err == nil && probe != nil:
		h.end(probe)
	case err == nil:
		if h.faults.Load() != 0 && h.quarantine.Load() == nil {
			h.faults.Store(0)
		}
	case !blames(err):
		if probe != nil {
			h.quarantine.CompareAndSwap(probe, &quarantine{lasts: probe.lasts, until: time.Now()})
		}
	default:
		last := err // of its own, or every call would allocate
		h.last.Store(&last)
		faults := h.faults.Add(1)
		if probe != nil {
			h.lengthen(probe)
		} else if h.after != 0 && faults >= h.after {
			h.begin(faults)
		}
	}
}

// blames reports whether an error speaks against the app. Clients that go away, a host that is busy or ends, and a stream that
// was long do not.
func blames(err error) bool {
	if errors.Is(err, guest.ErrShutdown) || errors.Is(err, guest.ErrMaxDuration) {
		return false
	}
	switch guest.KindOf(err) {
	case guest.KindTrap, guest.KindDeadline, guest.KindBudget, guest.KindMemory, guest.KindProtocol:
		return true
	}
	return false
}

func (h *health) begin(faults int64) {
	q := &quarantine{lasts: firstQuarantine, until: time.Now().Add(firstQuarantine)}
	if h.quarantine.CompareAndSwap(nil, q) {
		h.log.Warn("app quarantined: it fails again and again; requests get 503 until a probe succeeds",
			"faults", faults, "probe_in", q.lasts.String(), "cause", h.lastFault())
	}
}

func (h *health) lengthen(probe *quarantine) {
	lasts := min(2*probe.lasts, longestQuarantine)
	q := &quarantine{lasts: lasts, until: time.Now().Add(lasts)}
	if h.quarantine.CompareAndSwap(probe, q) {
		h.log.Warn("quarantine goes on: the probe failed", "probe_in", q.lasts.String(), "cause", h.lastFault())
	}
}

func (h *health) end(probe *quarantine) {
	if h.quarantine.Load() != probe {
		return
	}
	h.faults.Store(0) // first, so that the next fault does not find the old ones
	if h.quarantine.CompareAndSwap(probe, nil) {
		h.log.Info("quarantine ended: the probe succeeded")
	}
}

// lastFault leaves out what stands beside it anyway: the app and the generation.
func (h *health) lastFault() string {
	err := h.last.Load()
	if err == nil {
		return ""
	}
	if fault, ok := errors.AsType[*guest.Fault](*err); ok {
		return fmt.Sprintf("%s: %s: %v", fault.Phase, fault.Kind, fault.Cause)
	}
	return (*err).Error()
}

// read returns the state of one moment.
func (h *health) read() Health {
	out := Health{Faults: h.faults.Load(), LastFault: h.lastFault()}
	if q := h.quarantine.Load(); q != nil {
		out.Quarantined = q.until
	}
	return out
}
