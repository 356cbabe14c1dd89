package engine_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/wasgi/wasgi/host/internal/wasm"
)

// TestRewrittenShapes runs modules both ways that are written for the places where a rewriter goes wrong.
func TestRewrittenShapes(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob(filepath.Join("testdata", "shapes", "*.wat"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no shapes: %v", err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			var c compared
			c.compareTraces(t, path, assemble(t, string(text)), asItIs)
		})
	}
}

// paddedInit is a function that copies from its second segment, with instruction numbers that are longer than they need be.
const paddedInit = "\x00asm\x01\x00\x00\x00" +
	"\x01\x04\x01\x60\x00\x00\x03\x02\x01\x00\x05\x03\x01\x00\x01\x07\x05\x01\x01f\x00\x00\x0c\x01\x02" +
	"\x0a\x11\x01\x0f\x00\x41\x08\x41\x00\x41\x03\xfc\x88\x80\x00\x81\x00\x00\x0b" +
	"\x0b\x0a\x02\x01\x01x\x01\x04abcd"

func TestRewrittenPadding(t *testing.T) {
	t.Parallel()
	m, err := wasm.Parse([]byte(paddedInit), wasm.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	var c compared
	c.compareTraces(t, "padded memory.init", m, asItIs)
	if c.calls == 0 {
		t.Error("nothing was called")
	}
}
