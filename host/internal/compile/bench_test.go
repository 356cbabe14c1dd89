package compile

import (
	"os"
	"testing"

	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// BenchmarkLoad shows what a child costs beside compiling in process, and what a kept module costs.
//
//	go test -run '^$' -bench Load -benchtime 20x ./host/internal/compile
func BenchmarkLoad(b *testing.B) {
	for name, data := range map[string][]byte{"small": page(b, 0), "go": guesttest.Go(b, "../../../plugins/hello")} {
		c, _ := newCompiler(b, Options{Dir: b.TempDir()})
		b.Run(name+"/child", func(b *testing.B) {
			for b.Loop() {
				c.store.remove(c.key(data))
				bench(b, c, data)
			}
		})
		b.Run(name+"/in-process", func(b *testing.B) {
			for b.Loop() {
				folder, err := os.MkdirTemp(b.TempDir(), "")
				if err != nil {
					b.Fatal(err)
				}
				if err := fill(folder, data); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"/kept", func(b *testing.B) {
			bench(b, c, data)
			for b.Loop() {
				if module := c.fromStore(c.key(data), data); module == nil {
					b.Fatal("not kept")
				} else if err := module.Module.Close(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func bench(b *testing.B, c *Compiler, data []byte) {
	module, err := c.Load(b.Context(), data, Bounds{})
	if err != nil {
		b.Fatal(err)
	}
	closeModule(b, module)
}
