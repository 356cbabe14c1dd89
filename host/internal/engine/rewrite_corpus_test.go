package engine_test

import (
	"testing"

	"github.com/wasgi/wasgi/host/internal/wasm"
)

// TestRewrittenCorpus runs each module of the corpus both ways, whatever it was made for.
func TestRewrittenCorpus(t *testing.T) {
	skipUnderRace(t)
	t.Parallel()
	runtime := bareRuntime(t)
	var c compared
	corpus(t, func(path string, data []byte) {
		m, err := wasm.Parse(data, wasm.DefaultLimits())
		if err != nil || compileBare(runtime, data) != nil {
			return
		}
		c.compareTraces(t, path, m, asItIs)
	})
	t.Logf("%v", &c)
	if c.calls < 1000 {
		t.Error("too few to show anything")
	}
}
