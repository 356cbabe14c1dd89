package compile

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// What a killed process has left behind is removed; what lives, or is too young to tell, is not.
func TestStale(t *testing.T) {
	t.Parallel()
	place := t.TempDir()
	old := time.Now().Add(-2 * settled)
	folder := func(name string) string {
		dir := filepath.Join(place, name)
		if err := errors.Join(os.Mkdir(dir, 0o700), os.WriteFile(filepath.Join(dir, "file"), nil, 0o600)); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	alive, err := newStaging(place)
	if err != nil {
		t.Fatal(err)
	}
	dead, young, other, bare := folder(stagingPrefix+"dead"), folder(stagingPrefix+"young"), folder("other"), folder(stagingPrefix+"bare")
	for _, dir := range []string{dead, young} {
		if err := os.WriteFile(filepath.Join(dir, lockName), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{dead, other, bare, alive.dir} {
		if err := os.Chtimes(dir, old, old); err != nil {
			t.Fatal(err)
		}
	}
	next, err := newStaging(place)
	if err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]bool{alive.dir: true, next.dir: true, young: true, other: true, dead: false, bare: false} {
		if _, err := os.Stat(dir); (err == nil) != want {
			t.Errorf("%s: there is %t, want %t", dir, err == nil, want)
		}
	}
	for range 2 {
		alive.close()
		next.close()
	}
	if left, _ := filepath.Glob(filepath.Join(place, stagingPrefix+"*")); len(left) != 1 {
		t.Errorf("left behind: %s", left)
	}
}

// Only the names that wazero gives become files.
func TestStagedNames(t *testing.T) {
	t.Parallel()
	s := &staging{code: t.TempDir()}
	for _, name := range []string{"../x", "x", "", "."} {
		if _, err := s.put(artifact{name: name}); err == nil {
			t.Errorf("%q was written", name)
		}
	}
}
