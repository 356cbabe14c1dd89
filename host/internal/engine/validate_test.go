package engine_test

import (
	"testing"
	"time"

	"github.com/wasgi/wasgi/host/internal/guesttest"
	"github.com/wasgi/wasgi/host/internal/wasm"
)

// FuzzAcceptedModule gives the compiler what the validator accepts: it may refuse it, and must neither panic nor take long.
func FuzzAcceptedModule(f *testing.F) {
	n := 0
	corpus(f, func(path string, data []byte) {
		if n++; n%40 == 0 && len(data) < 2000 {
			f.Add(data)
		}
	})
	compiler := bareRuntime(f)
	limits := wasm.DefaultLimits()
	limits.FunctionCost, limits.BodySize, limits.AllLocals = 100_000, 50_000, 100_000
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := wasm.Parse(data, limits); err != nil {
			return
		}
		begin := time.Now()
		_ = compileBare(compiler, data)
		if took := time.Since(begin); took > 20*time.Second {
			t.Errorf("%d bytes compiled for %s", len(data), took)
		}
	})
}

// BenchmarkCompile is to be read beside BenchmarkParse of package wasm, which reads the same module.
func BenchmarkCompile(b *testing.B) {
	data := guesttest.Go(b, "../../../plugins/hello")
	compiler := bareRuntime(b)
	b.SetBytes(int64(len(data)))
	b.Run("parse", func(b *testing.B) {
		for b.Loop() {
			if _, err := wasm.Parse(data, wasm.DefaultLimits()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("compile", func(b *testing.B) {
		for b.Loop() {
			if err := compileBare(compiler, data); err != nil {
				b.Fatal(err)
			}
		}
	})
}
