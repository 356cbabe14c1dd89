package engine_test

import (
	"testing"

	"github.com/wasgi/wasgi/host/internal/guesttest"
	"github.com/wasgi/wasgi/host/internal/wasm"
)

// FuzzRewrittenModule rewrites what the validator accepts: the compiler takes it if it takes the original, and it does the same.
func FuzzRewrittenModule(f *testing.F) {
	n := 0
	corpus(f, func(path string, data []byte) {
		if n++; n%20 == 0 && len(data) < 2000 {
			f.Add(data)
		}
	})
	for seed := range uint64(40) {
		f.Add(controlModule(seed))
	}
	f.Add([]byte(paddedInit))
	f.Add(guesttest.Wasm(f, "echo"))
	compiler := bareRuntime(f)
	limits := wasm.DefaultLimits()
	limits.FunctionCost, limits.BodySize, limits.AllLocals = 20_000, 20_000, 20_000
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := wasm.Parse(data, limits)
		if err != nil || compileBare(compiler, data) != nil {
			return
		}
		if err := compileBare(compiler, m.Rewrite(true).Data); err != nil {
			t.Fatalf("the compiler refuses it rewritten: %v", err)
		}
		if m.Start >= 0 && m.DataCount > 0 {
			return // see faithful
		}
		var c compared
		c.compareTraces(t, "it", m, faithful(m))
	})
}
