//go:build unix

package supervise_test

import (
	"path/filepath"
	"slices"
	"syscall"
	"testing"
)

// A pipe would block whoever reads it. It is no file, and neither is a link to one.
func TestPipesAreNotRead(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.write("b.wasm", "b")
	for _, name := range []string{"a.wasm", "b.toml", "_pipe"} {
		if err := syscall.Mkfifo(filepath.Join(f.dir, name), 0o600); err != nil {
			t.Skip(err)
		}
	}
	f.link("_pipe", "c.wasm")
	f.link("/dev/zero", "d.wasm")
	f.settle()
	if want := []string{"b"}; !slices.Equal(f.names(), want) || f.answers("", "/b") != "b" {
		t.Errorf("apps %q, want %q", f.names(), want)
	}
}
