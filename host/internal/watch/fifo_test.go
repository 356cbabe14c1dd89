//go:build unix

package watch_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Pipes and links to devices are neither reported nor opened, which for a pipe without a writer would wait for ever.
func TestPipesAndDevices(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	must(t, syscall.Mkfifo(filepath.Join(root, "before.wasm"), 0o600))
	w := start(t, events(root))
	must(t, syscall.Mkfifo(filepath.Join(root, "after.wasm"), 0o600))
	must(t, os.Symlink("/dev/zero", filepath.Join(root, "zero.wasm")))
	must(t, os.Symlink("after.wasm", filepath.Join(root, "link.wasm")))
	quiet(t, w, root)
	// A pipe that takes the place of a file is the file's removal.
	must(t, os.Remove(filepath.Join(root, "zz-sentinel.wasm")))
	must(t, syscall.Mkfifo(filepath.Join(root, "zz-sentinel.wasm"), 0o600))
	want(t, w, "zz-sentinel.wasm")
}
