package compile

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// store keeps entries in a folder, one file each, named by their keys. Several processes may share it: an entry is written
// beside its place and renamed, and whoever reads one checks all of it. A checksum is no signature: the folder must be ours.
type store struct {
	dir   string
	root  *os.Root
	limit int64 // of all entries together, in bytes

	trimming sync.Mutex
}

const (
	storeFolder = "modules"
	newPrefix   = ".new-"
	// abandoned is how old a file must be that was being written, to be taken for one that will never be finished.
	abandoned = time.Hour
)

// openStore opens the folder of entries below dir, and makes both where they are missing.
func openStore(dir string, limit int64) (*store, error) {
	path := filepath.Join(dir, storeFolder)
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, err
	}
	// Looked at through the handle that is used from here on: what is at the path may change.
	info, err := root.Stat(".")
	if err == nil {
		err = onlyOurs(info)
	}
	if err != nil {
		_ = root.Close() // the first error is the one that matters
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &store{dir: path, root: root, limit: limit}, nil
}

// get returns [fs.ErrNotExist] for an entry that is not there, and another error for one that is not right in every way.
func (s *store) get(key Key) (artifact, error) {
	name := key.String()
	info, err := s.root.Lstat(name)
	if err != nil {
		return artifact{}, err
	}
	if !info.Mode().IsRegular() || info.Size() > s.limit {
		return artifact{}, errCorrupt
	}
	data, err := s.root.ReadFile(name)
	if err != nil {
		return artifact{}, err
	}
	a, err := decode(key, data)
	if err == nil {
		now := time.Now()
		_ = s.root.Chtimes(name, now, now) // an entry that cannot be touched is only removed earlier
	}
	return a, err
}

// put writes an entry and makes room for it. A crash of the machine may leave a part of it, which get finds out: syncing would
// only cost time.
func (s *store) put(key Key, a artifact) error {
	data, err := encode(key, a)
	if err != nil || int64(len(data)) > s.limit {
		return err
	}
	temporary := fmt.Sprintf("%s%016x", newPrefix, rand.Uint64())
	if err = s.write(temporary, data); err == nil {
		err = s.root.Rename(temporary, key.String())
	}
	if err != nil {
		_ = s.root.Remove(temporary) // else it is removed as abandoned
		return err
	}
	return s.trim(key.String())
}

func (s *store) write(name string, data []byte) error {
	file, err := s.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	return err
}

func (s *store) remove(key Key) { _ = s.root.RemoveAll(key.String()) } // one that stays is refused again

// trim removes what was not used for longest until all fits the limit, but never the entry that was just written. Files that
// vanish meanwhile were removed by another process.
func (s *store) trim(keep string) error {
	s.trimming.Lock()
	defer s.trimming.Unlock()
	entries, total, err := s.list()
	if err != nil {
		return err
	}
	for _, entry := range entries {
		remove := total > s.limit && entry.Name() != keep
		if strings.HasPrefix(entry.Name(), newPrefix) {
			remove = time.Since(entry.ModTime()) > abandoned
		}
		if remove && s.root.Remove(entry.Name()) == nil {
			total -= entry.Size()
		}
	}
	return nil
}

// list returns the files, without folders, oldest first, and the sum of their sizes.
func (s *store) list() (files []fs.FileInfo, total int64, err error) {
	entries, err := fs.ReadDir(s.root.FS(), ".")
	if err != nil {
		return nil, 0, err
	}
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil && info.Mode().IsRegular() {
			files = append(files, info)
			total += info.Size()
		}
	}
	slices.SortFunc(files, func(a, b fs.FileInfo) int { return a.ModTime().Compare(b.ModTime()) })
	return files, total, nil
}

func (s *store) close() { _ = s.root.Close() } // nothing is open for writing
