//go:build linux || darwin

package compile

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// A full disk: in a process whose files may not grow, modules load all the same, are freed all the same, and what was kept
// before stays kept.
func TestFullDisk(t *testing.T) {
	if os.Getenv(roleVariable) != "full" {
		t.Parallel()
		dir := t.TempDir()
		c, _ := newCompiler(t, Options{Dir: dir})
		closeModule(t, load(t, c, page(t, 0)))
		mustRun(t, play(t, "full", "DIR="+dir))
		if c.fromStore(c.key(page(t, 0)), page(t, 0)) == nil {
			t.Error("what was kept is gone")
		}
		return
	}
	c, log := newCompiler(t, Options{Dir: os.Getenv("DIR")})
	empty, err := c.staging.folder()
	if err != nil {
		t.Fatal(err)
	}
	limit(syscall.RLIMIT_FSIZE, 64)
	for _, data := range [][]byte{page(t, 0), page(t, 1), page(t, 0), page(t, 1)} {
		module := load(t, c, data)
		twin := load(t, c, data)
		closeModule(t, module)
		runs(t, c, twin.Module)
		closeModule(t, twin)
		if _, err := c.open(data); !errors.Is(err, errMissed) {
			t.Errorf("a closed module is still there: %v", err)
		}
	}
	if _, err := c.Load(t.Context(), []byte("\x00asm\x01\x00\x00\x00\x03"), Bounds{}); kindOf(err) != KindInvalid {
		t.Errorf("Load() = %v", err)
	}
	warnedOnce(t, log, "file too large")
	// What a child would have to say about it.
	for _, dir := range []string{empty, filepath.Join(c.staging.dir, lockName)} {
		if err := fill(dir, page(t, 2)); err == nil || kindOf(err) != "" {
			t.Errorf("fill(%s) = %v", dir, err)
		}
	}
	if err := (answer{Unkept: "why"}).err(Bounds{}); err == nil || kindOf(err) != "" {
		t.Errorf("an answer stands for %v", err)
	}
}
