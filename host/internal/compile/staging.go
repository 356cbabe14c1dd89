package compile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// staging is the folder that the runtime reads compiled code from. It belongs to this Compiler alone, and holds a file only
// while that is read. Whoever could put one there would run machine code in this process.
type staging struct {
	dir  string // only we may enter it
	code string // the folder in it that the runtime looks into, set by New
	lock *os.File

	mu    sync.Mutex
	made  fs.FileInfo // of dir
	users int         // loads that are under way
}

const (
	stagingPrefix = "wasgi-compile-"
	lockName      = "lock"
	// settled is how old a folder must be to be taken for left behind: a younger one may not have its lock yet.
	settled = time.Minute
)

// newStaging makes the folder below place, and removes those of processes that were killed.
func newStaging(place string) (*staging, error) {
	if err := sheltered(place); err != nil {
		return nil, err
	}
	removeStale(place)
	dir, err := os.MkdirTemp(place, stagingPrefix)
	if err != nil {
		return nil, err
	}
	s := &staging{}
	if s.dir, err = filepath.Abs(dir); err == nil {
		s.made, err = os.Lstat(s.dir)
	}
	if err == nil {
		s.lock, err = lockFile(filepath.Join(s.dir, lockName))
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return s, nil
}

// sheltered reports why others could put their own folder in the place of one that we make there: nobody can where only we may
// write, or where everybody may but the sticky bit keeps what each has made.
func sheltered(place string) error {
	info, err := os.Stat(place)
	if err != nil || info.Mode()&fs.ModeSticky != 0 {
		return err
	}
	if err := onlyOurs(info); err != nil {
		return fmt.Errorf("%s: %w", place, err)
	}
	return nil
}

// removeStale removes staging folders whose locks nobody holds. What cannot be removed is somebody else's.
func removeStale(place string) {
	found, _ := filepath.Glob(filepath.Join(place, stagingPrefix+"*")) // the pattern is good
	for _, dir := range found {
		info, err := os.Lstat(dir)
		if err == nil && info.IsDir() && time.Since(info.ModTime()) > settled && unlocked(filepath.Join(dir, lockName)) {
			_ = os.RemoveAll(dir)
		}
	}
}

// enter makes sure of the folder before a load. Of those that are under way the last one to leave empties it: the runtime
// leaves behind what it has compiled itself.
func (s *staging) enter() (leave func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.restore(); err != nil {
		return nil, fmt.Errorf("the folder that hands compiled modules over is not ours any more: %w; restart the program", err)
	}
	s.users++
	return s.leave, nil
}

func (s *staging) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users--; s.users > 0 {
		return
	}
	entries, _ := os.ReadDir(s.code) // what cannot be read cannot be emptied either
	for _, entry := range entries {
		_ = os.RemoveAll(filepath.Join(s.code, entry.Name()))
	}
}

// restore makes the folder again where somebody who cleans up has removed it, with all around it if need be. It fails where
// another one stays in its place: one that Mkdir makes is ours.
func (s *staging) restore() error {
	info, err := os.Lstat(s.dir)
	if err == nil && !os.SameFile(info, s.made) {
		err = errors.Join(os.RemoveAll(s.dir), fs.ErrNotExist)
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = s.remake()
	}
	if err != nil {
		return err
	}
	if info, err := os.Lstat(s.code); err == nil && !info.IsDir() {
		_ = os.Remove(s.code)
	}
	_ = os.MkdirAll(s.code, 0o700) // without it there are no files to read or write, which is noticed then
	return nil
}

func (s *staging) remake() error {
	place := filepath.Dir(s.dir)
	_ = os.MkdirAll(place, 0o700) // what is wrong with it is said at once
	err := sheltered(place)
	if err == nil {
		err = os.Mkdir(s.dir, 0o700)
	}
	if err == nil {
		s.made, err = os.Lstat(s.dir)
	}
	return err
}

// put shows the runtime one file, until remove is called.
func (s *staging) put(a artifact) (remove func(), err error) {
	if _, ok := rawName(a.name); !ok {
		return nil, fmt.Errorf("%q is no name of compiled code", a.name)
	}
	path := filepath.Join(s.code, a.name)
	if err := os.WriteFile(path, a.code, 0o600); err != nil {
		_ = os.Remove(path) // it may hold a part
		return nil, err
	}
	return func() { _ = os.Remove(path) }, nil // the last to leave tries again
}

// folder makes an empty folder for one module to be compiled into.
func (s *staging) folder() (string, error) { return os.MkdirTemp(s.dir, "build-") }

// close removes everything. It may be called twice.
func (s *staging) close() {
	_ = s.lock.Close()
	_ = os.RemoveAll(s.dir) // what cannot be removed is the next one's to remove
}

// collect reads what was compiled into a folder: exactly one file.
func collect(folder string) (artifact, error) {
	found, err := filepath.Glob(filepath.Join(folder, "*", "*"))
	if err != nil || len(found) != 1 {
		return artifact{}, fmt.Errorf("compiling left %d files, want one: %w", len(found), errors.Join(err, fs.ErrInvalid))
	}
	code, err := os.ReadFile(found[0])
	return artifact{name: filepath.Base(found[0]), code: code}, err
}
