package c_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/wasgi/wasgi/abi/abitest"
	"github.com/wasgi/wasgi/guest-sdk/c"
	"github.com/wasgi/wasgi/guest-sdk/internal/toolchain"
)

// The starter, copied with the headers beside it as its README says, builds and passes its test by its Makefile.
func TestStarterBuildsByItsMakefile(t *testing.T) {
	t.Parallel()
	tool := toolchain.Find(t, "make")
	build(t, reactor, sources(t, "starter")...) // skips without the compiler
	toolchain.Find(t, "cc")
	dir := t.TempDir()
	for _, files := range []fs.FS{os.DirFS("starter"), c.Headers} {
		if err := os.CopyFS(dir, files); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), tool, "app.wasm", "test")
	cmd.Dir = dir
	if messages, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, messages)
	}
	module, err := os.ReadFile(filepath.Join(dir, "app.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	abitest.RunGuest(t, module, abitest.GuestOptions{Timeout: patience})
}
