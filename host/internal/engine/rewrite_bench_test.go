package engine_test

import (
	"testing"
	"time"

	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// BenchmarkRewrite rewrites an app of Go's compiler. Its figures are ratios: what rewriting costs of what compiling the original
// costs, must be below 0.1; how much longer compiling takes afterwards; how much larger the binary is.
func BenchmarkRewrite(b *testing.B) {
	m := parse(b, guesttest.Go(b, "../../../plugins/hello"))
	compiler := bareRuntime(b)
	best := map[string]time.Duration{}
	size := 0
	for b.Loop() {
		for range 3 {
			measure(best, "rewrite", func() { size = len(m.Rewrite(true).Data) })
		}
		data := m.Rewrite(true).Data
		measure(best, "compile", func() { must(b, compileBare(compiler, m.Data)) })
		measure(best, "compile rewritten", func() { must(b, compileBare(compiler, data)) })
	}
	ratio := float64(best["rewrite"]) / float64(best["compile"])
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(ratio, "rewrite/compile")
	b.ReportMetric(float64(best["compile rewritten"])/float64(best["compile"]), "compile-rewritten/compile")
	b.ReportMetric(float64(size)/float64(len(m.Data)), "bytes/bytes")
	if ratio > 0.1 {
		b.Errorf("rewriting takes %v, compiling %v", best["rewrite"], best["compile"])
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
