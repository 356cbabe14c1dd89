package supervise_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wasgi/wasgi/host/internal/supervise"
)

// Of too many apps those that came first are served; the others are named, and take the places that become free.
func TestTooManyApps(t *testing.T) {
	t.Parallel()
	f := newFolderOf(t, 3, 2, &loader{})
	for _, name := range []string{"b", "d", "f", "g"} {
		f.write(name+".wasm", name)
	}
	f.settle()
	f.write("a.wasm", "a") // before the others in the alphabet, but too late
	f.settle("a.wasm")
	f.settle("a.wasm")
	want := map[string]supervise.State{
		"a": supervise.StateRefused, "b": supervise.StateServing, "d": supervise.StateServing, "f": supervise.StateServing,
		"g": supervise.StateRefused,
	}
	if names := []string{"a", "b", "d", "f", "g"}; !slices.Equal(f.names(), names) {
		t.Errorf("apps %q, want %q", f.names(), names)
	}
	for name, state := range want {
		s := f.status(name)
		if s.State != state || (f.answers("", "/"+name) == name) != (state == supervise.StateServing) {
			t.Errorf("%s is %s, want %s", name, s.State, state)
		}
		if state == supervise.StateRefused && (s.Err == nil || s.Err.Error() != "there are more than 3 apps; raise apps.max") {
			t.Errorf("%s: %v", name, s.Err)
		}
	}
	for text, times := range map[string]int{
		`count=1 apps=g cause="there are more than 3 apps; raise apps.max"`: 1,
		`count=2 apps="a, g"`: 1, // said once, though it was seen twice
	} {
		if n := f.journal.count(text); n != times {
			t.Errorf("%s: said %d times, want %d", text, n, times)
		}
	}
	f.remove("d.wasm")
	f.settle("d.wasm")
	if f.answers("", "/a") != "a" || f.answers("", "/g") != "" || f.status("g").State != supervise.StateRefused {
		t.Errorf("%+v", f.Status())
	}
	f.remove("b.wasm")
	f.remove("f.wasm")
	f.settle("b.wasm", "f.wasm")
	if got, names := f.names(), []string{"a", "g"}; !slices.Equal(got, names) || f.answers("", "/g") != "g" {
		t.Errorf("apps %q, want %q", got, names)
	}
}

// However many are too many, a record names a few.
func TestFarTooManyApps(t *testing.T) {
	t.Parallel()
	f := newFolderOf(t, 1, 2, &loader{})
	for i := range 30 {
		f.write(fmt.Sprintf("app%02d.wasm", i), "x")
	}
	f.settle()
	const want = `msg="too many apps; these are not loaded" count=29 apps="app01, app02, app03, app04, app05, app06, app07, app08, app09, app10" cause=`
	if f.journal.count(want) != 1 || len(f.Status()) != 30 {
		t.Errorf("%d apps are known", len(f.Status()))
	}
}

// A module that is too large is refused by its size, before a byte of it is read; the manifest can allow it.
func TestMaxModule(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.write("a.toml", "max_module 10")
	f.write("a.wasm", "0123456789")
	f.settle()
	if s := f.status("a"); s.State != supervise.StateServing {
		t.Fatalf("%+v", s)
	}
	f.write("a.wasm", "0123456789+")
	f.settle("a.wasm")
	const want = "read a.wasm: has 11 bytes and may have 10; raise max_module in the app's manifest"
	if s := f.status("a"); s.Err == nil || s.Err.Error() != want || s.Generation != 1 || f.answers("", "/a") != "a" {
		t.Errorf("%+v", s)
	}
	// A terabyte that takes no room on disk.
	path := filepath.Join(f.dir, "b.wasm")
	f.write("b.wasm", "")
	if err := os.Truncate(path, 1<<40); err == nil {
		f.settle("b.wasm")
		if s := f.status("b"); s.Err == nil || !strings.HasPrefix(s.Err.Error(), "read b.wasm: has 1099511627776 bytes") {
			t.Errorf("%+v", s)
		}
	}
	f.write("a.toml", "max_module 11")
	f.settle("a.toml")
	if s := f.status("a"); s.Err != nil || s.Generation != 2 {
		t.Errorf("%+v", s)
	}
}

func TestReadFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	name := filepath.Join(dir, "file")
	for _, size := range []int{0, 1, 511, 512, 513, 100_000} {
		text := strings.Repeat("x", size)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if data, err := supervise.ReadModule(name, int64(size)); err != nil || string(data) != text {
			t.Errorf("%d bytes: %d were read, %v", size, len(data), err)
		}
		if data, err := supervise.ReadModule(name, int64(size)-1); err == nil {
			t.Errorf("%d bytes of %d were allowed", len(data), size-1)
		}
	}
	if err := os.Truncate(name, 1<<20+1); err != nil {
		t.Fatal(err)
	}
	var pathError *fs.PathError
	_, err := supervise.ReadManifest(name)
	if !errors.As(err, &pathError) || pathError.Err.Error() != "has 1048577 bytes and may have 1048576" {
		t.Errorf("ReadManifest() = %v", err)
	}
	if _, err := supervise.ReadManifest(dir); !errors.As(err, &pathError) {
		t.Errorf("ReadManifest of a folder = %v", err)
	}
	if _, err := supervise.ReadManifest(filepath.Join(dir, "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("ReadManifest of nothing = %v", err)
	}
}

// A file that grows while it is read, and that has no size at all, is read up to the limit.
func TestFilesWithoutSize(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat("/dev/zero"); err != nil {
		t.Skip(err)
	}
	_, err := supervise.ReadModule("/dev/zero", 1000)
	if err == nil || !strings.HasSuffix(err.Error(), "and may have 1000; raise max_module in the app's manifest") {
		t.Errorf("ReadModule() = %v", err)
	}
}
