package app_test

import (
	"context"
	"strings"
	"testing"

	"github.com/wasgi/wasgi/host/internal/app"
)

// A request that came for a version without middleware is not played on one that has some, which has not seen it.
func TestAwakeWithOtherMiddleware(t *testing.T) {
	t.Parallel()
	a := app.New("fake")
	s := settings()
	asleep := app.NewAsleep(a, 1, "fake", s, discard(), func() error {
		guarded := s
		guarded.Middleware = []string{"auth"}
		g, err := app.NewGeneration(t.Context(), a, 2, newMade(t, func(context.Context, int64) error { return nil }), guarded, discard())
		if err == nil {
			a.Swap(g)
		}
		return err
	})
	a.Swap(asleep)
	g := a.Enter()
	err := g.Serve(t.Context(), nil)
	g.Leave()
	if err == nil || !strings.Contains(err.Error(), "the app has other middleware than it had when the request came") {
		t.Errorf("Serve() = %v", err)
	}
	last := a.Enter()
	a.Swap(nil)
	last.Leave()
	wait(t, last.Closed())
}
