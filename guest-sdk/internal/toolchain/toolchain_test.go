package toolchain_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/wasgi/wasgi/guest-sdk/internal/toolchain"
)

// write makes a file with that text and returns its folder.
func write(t *testing.T, name, text string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// What was built is kept until an input changes; then it is built anew.
func TestBuildRunsAfterAChange(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	dir := write(t, "input", "one")
	recipe := toolchain.Recipe{
		Dir:     dir,
		Command: []string{toolchain.Find(t, "sh"), "-c", `echo run >>runs && cp input "$0"`, "{out}"},
		Inputs:  []string{"input"},
	}
	for n, text := range []string{"one", "one", "two", "two", "one"} {
		if err := os.WriteFile(filepath.Join(dir, "input"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(recipe.Build(t))
		if err != nil || string(got) != text {
			t.Errorf("build %d: %q, %v, want %q", n, got, err, text)
		}
	}
	if runs, err := os.ReadFile(filepath.Join(dir, "runs")); err != nil || string(runs) != "run\nrun\n" {
		t.Errorf("runs: %q, %v, want two", runs, err)
	}
}

// Tests that want the same at once all get the whole of it.
func TestBuildHammer(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	recipe := toolchain.Recipe{
		Dir:     write(t, "input", "content"),
		Command: []string{toolchain.Find(t, "sh"), "-c", `mkdir "$0" && cp input "$0/file"`, "{out}"},
		Inputs:  []string{"."},
	}
	var running sync.WaitGroup
	for range 16 {
		running.Go(func() {
			got, err := os.ReadFile(filepath.Join(recipe.Build(t), "file"))
			if err != nil || string(got) != "content" {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
	running.Wait()
}

// What nobody has asked for in a week is gone after the next run; the rest is not.
func TestBuildSweeps(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	build := func(text string) string {
		return toolchain.Recipe{Command: []string{toolchain.Find(t, "sh"), "-c", `echo ` + text + ` >"$0"`, "{out}"}}.Build(t)
	}
	old, used := build("old"), build("used")
	longAgo := time.Now().AddDate(0, 0, -8)
	for _, file := range []string{old, used} {
		if err := os.Chtimes(filepath.Dir(file), longAgo, longAgo); err != nil {
			t.Fatal(err)
		}
	}
	build("used")
	build("new")
	if _, err := os.Stat(old); err == nil {
		t.Error("what nobody asks for stays")
	}
	if _, err := os.Stat(used); err != nil {
		t.Error(err)
	}
}
