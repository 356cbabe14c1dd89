package compile

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"
)

func newStore(t testing.TB, limit int64) *store {
	t.Helper()
	s, err := openStore(t.TempDir(), limit)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	return s
}

// put writes an entry of that many bytes, last used some hours ago.
func put(t testing.TB, s *store, n byte, size int, hours int) Key {
	t.Helper()
	key, a := sample()
	key[0], a.code = n, make([]byte, size-entryLeast)
	if err := s.put(key, a); err != nil {
		t.Fatal(err)
	}
	when := time.Now().Add(-time.Duration(hours) * time.Hour)
	if err := s.root.Chtimes(key.String(), when, when); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return key
}

func has(s *store, key Key) bool {
	_, err := s.root.Stat(key.String())
	return err == nil
}

// The store forgets what was not used for longest, and never what it has just been given.
func TestTrim(t *testing.T) {
	t.Parallel()
	s := newStore(t, 1000)
	old, used, young := put(t, s, 1, 300, 5), put(t, s, 2, 300, 6), put(t, s, 3, 300, 1)
	if _, err := s.get(used); err != nil {
		t.Fatal(err)
	}
	big := put(t, s, 4, 600, 9)
	if got := []bool{has(s, old), has(s, young), has(s, used), has(s, big)}; !slices.Equal(got, []bool{false, false, true, true}) {
		t.Errorf("kept: %t", got)
	}
	whole := put(t, s, 5, 1000, 1)
	if has(s, big) || has(s, used) || !has(s, whole) {
		t.Error("an entry that fills the store has not replaced the others")
	}
	if more := put(t, s, 6, 1001, 0); has(s, more) || !has(s, whole) {
		t.Error("an entry that is larger than the store was kept, or has cost another its place")
	}
}

// Unfinished files are removed when nobody can be writing them any more, folders never.
func TestAbandoned(t *testing.T) {
	t.Parallel()
	s := newStore(t, 1000)
	for name, hours := range map[string]int{newPrefix + "old": 2, newPrefix + "young": 0} {
		when := time.Now().Add(-time.Duration(hours) * time.Hour)
		if err := errors.Join(s.root.WriteFile(name, make([]byte, 400), 0o600), s.root.Chtimes(name, when, when)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.root.Mkdir("folder", 0o700); err != nil {
		t.Fatal(err)
	}
	key := put(t, s, 1, 700, 0)
	entries, _ := os.ReadDir(s.dir)
	if len(entries) != 3 || !has(s, key) {
		t.Errorf("there are %v", entries)
	}
}

// Only a file of the right form is read: no folder, no link, no pipe, nothing larger than the whole store.
func TestStrangeEntries(t *testing.T) {
	t.Parallel()
	s := newStore(t, 1000)
	good := put(t, s, 1, 200, 0)
	for name, make := range map[string]func(path string) error{
		"a folder":     func(path string) error { return os.MkdirAll(filepath.Join(path, "x"), 0o700) },
		"a link":       func(path string) error { return os.Symlink(filepath.Join(s.dir, good.String()), path) },
		"a wild link":  func(path string) error { return os.Symlink("/dev/zero", path) },
		"a large file": func(path string) error { return os.WriteFile(path, bytes.Repeat([]byte{1}, 1001), 0o600) },
		"an empty one": func(path string) error { return os.WriteFile(path, nil, 0o600) },
	} {
		key := Key{2}
		if err := make(filepath.Join(s.dir, key.String())); err != nil {
			t.Skip(err) // a platform without symbolic links
		}
		if _, err := s.get(key); err != errCorrupt {
			t.Errorf("%s: %v", name, err)
		}
		s.remove(key)
		if _, err := s.get(key); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: removed, and then %v", name, err)
		}
	}
	if _, err := s.get(good); err != nil {
		t.Error(err)
	}
}

// What lies in the folder is run as machine code, so nobody else may write there.
func TestForeignFolder(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("folders have no modes here")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, storeFolder)
	if err := errors.Join(os.Mkdir(path, 0o700), os.Chmod(path, 0o770)); err != nil {
		t.Fatal(err)
	}
	if _, err := openStore(dir, 1000); err == nil || err.Error() != path+": others may write to it (mode 770); make it 0700, or name another cache folder" {
		t.Errorf("openStore() = %v", err)
	}
	if err := os.Chmod(path, 0o700); err != nil {
		t.Fatal(err)
	}
	s, err := openStore(dir, 1000)
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	if key := put(t, s, 1, 200, 0); !has(s, key) {
		t.Error("nothing is kept")
	}
	if info, err := s.root.Stat((Key{1, 2, 3}).String()); err == nil && info.Mode().Perm() != 0o600 {
		t.Errorf("an entry has mode %o", info.Mode().Perm())
	}
	if err := os.Chown(path, 12345, -1); err != nil {
		t.Skip("only root can give a folder away")
	}
	if _, err := openStore(dir, 1000); err == nil {
		t.Error("a folder of another user is used")
	}
}
