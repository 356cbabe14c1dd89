package engine_test

import (
	"log/slog"
	"sync"
	"testing"

	"github.com/wasgi/wasgi/host/internal/engine"
)

// atOnce lets goroutines compile and run a module that is in the cache of new engines.
func atOnce(t *testing.T, dir string, data []byte) {
	t.Helper()
	for range 30 {
		e := newEngine(t, dir, slog.New(slog.DiscardHandler))
		quietLink(t, e)
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				if err := runIn(t, e, data); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
	}
}

// runIn compiles a module and runs it once.
func runIn(t *testing.T, e *engine.Engine, data []byte) error {
	module, err := e.Compile(t.Context(), data)
	if err != nil {
		return err
	}
	i, err := module.Instantiate(t.Context(), config(), "")
	if err != nil {
		return err
	}
	defer i.Close()
	return call(t, i)
}
