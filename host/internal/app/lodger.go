package app

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/wasgi/wasgi/host/internal/guest"
)

// lodger is an instance in its generation's pool, with what is left of its life. One goroutine uses it at a time.
type lodger struct {
	guest.Instance
	left int       // requests; below 0 there is no bound
	ends time.Time // zero for never
}

// newLodger gives an instance a life within the bounds of the settings: up to a tenth shorter, so that those which were made
// together do not all have to be replaced at once.
func newLodger(instance guest.Instance, settings guest.Settings) *lodger {
	l := &lodger{Instance: instance, left: -1}
	if n := settings.MaxRequests; n > 0 {
		l.left = n - rand.IntN(n/10+1)
	}
	if d := settings.MaxLifetime; d > 0 {
		l.ends = time.Now().Add(d - rand.N(d/10+1))
	}
	return l
}

var errNoWrapper = errors.New("it is no middleware and cannot stand before an app")

// serve plays one exchange, before what next plays if that is not nil.
func (l *lodger) serve(ctx context.Context, exchange guest.Exchange, next guest.Next) error {
	if next == nil {
		return l.Serve(ctx, exchange)
	}
	wrapper, ok := l.Instance.(guest.Wrapper)
	if !ok {
		return &guest.Fault{Phase: guest.PhaseCall, Kind: guest.KindProtocol, Cause: errNoWrapper}
	}
	return wrapper.ServeNext(ctx, exchange, next)
}

// spent counts a request that was served, and reports whether it was the last one.
func (l *lodger) spent() bool {
	l.left--
	return l.left == 0 || l.old()
}

// old reports whether the instance's time is over.
func (l *lodger) old() bool { return !l.ends.IsZero() && !time.Now().Before(l.ends) }
