package watch

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"syscall"
)

const (
	// maxDepth is how many folders deep a scan goes.
	maxDepth = 32
	// maxFolders is how many folders a scan enters. Folders that are reached by links count for each path to them.
	maxFolders = 10_000
	// maxErrors is how many errors of one scan are kept.
	maxErrors = 8
)

// errTooLarge is reported when a scan reaches a bound.
var errTooLarge = errors.New("the folder is deeper than 32 or holds more than 10000 folders; the rest is not watched")

// scanResult is what a scan found.
type scanResult struct {
	// files are the regular files that count, and folders that count like one, by path from the root, with slashes.
	files map[string]identity
	// blind are the paths that could not be read, with everything below them: nothing is known about them. A full table of
	// descriptors must not look like a thousand removed files.
	blind map[string]bool
	// errs say why; the first few of them.
	errs []error
}

// blindTo reports whether nothing is known about the path.
func (r *scanResult) blindTo(rel string) bool {
	for ; rel != "."; rel = path.Dir(rel) {
		if r.blind[rel] {
			return true
		}
	}
	return r.blind["."]
}

// scanner walks the root. It opens folders only; files and whatever else lies there are asked for their status alone.
type scanner struct {
	root  string
	match func(rel string, dir bool) bool
	// enter is called before a folder is read, so that a watch which it sets misses nothing that the scan does not find.
	enter func(dir string, info fs.FileInfo)

	result  scanResult
	folders int
}

// scan walks everything once.
func (s *scanner) scan() scanResult {
	s.result, s.folders = scanResult{files: map[string]identity{}, blind: map[string]bool{}}, 0
	info, err := os.Stat(s.root)
	switch {
	case err != nil:
		s.failed(".", err)
	case info.IsDir():
		s.folder(".", info, nil, false)
	}
	return s.result
}

// folder reads one folder. above are those it lies in, outermost first; linked says that one of them, or it, was reached
// by a symbolic link.
func (s *scanner) folder(rel string, info fs.FileInfo, above []fs.FileInfo, linked bool) {
	if s.folders++; s.folders > maxFolders || len(above) >= maxDepth {
		s.refuse(rel, errTooLarge)
		return
	}
	dir := filepath.Join(s.root, filepath.FromSlash(rel))
	s.enter(dir, info)
	entries, err := os.ReadDir(dir)
	if err != nil {
		s.failed(rel, err)
		return
	}
	above = append(above[:len(above):len(above)], info)
	for _, entry := range entries {
		s.entry(path.Join(rel, entry.Name()), entry, above, linked)
	}
}

// entry looks at one name in a folder.
func (s *scanner) entry(rel string, entry fs.DirEntry, above []fs.FileInfo, linked bool) {
	kind := entry.Type()
	link := kind&fs.ModeSymlink != 0
	asDir := (link || kind.IsDir()) && s.match(rel, true)
	asFile := (link || kind.IsRegular() || kind.IsDir() && !asDir) && s.match(rel, false)
	if !asDir && !asFile {
		return
	}
	info, err := os.Stat(filepath.Join(s.root, filepath.FromSlash(rel)))
	switch {
	case err != nil:
		s.failed(rel, err)
	case info.Mode().IsRegular() && asFile:
		s.result.files[rel] = identityOf(info)
	case info.IsDir() && asDir:
		if !(link && linked) && !contains(above, info) {
			s.folder(rel, info, above, link || linked)
		}
	case info.IsDir() && asFile:
		s.result.files[rel] = identityOfFolder(info)
	}
}

// failed notes what could not be read. What is not there is simply absent, and a link that leads nowhere or in circles is
// as good as not there.
func (s *scanner) failed(rel string, err error) {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ELOOP) {
		return
	}
	s.refuse(rel, err)
}

func (s *scanner) refuse(rel string, err error) {
	s.result.blind[rel] = true
	if len(s.result.errs) < maxErrors {
		s.result.errs = append(s.result.errs, err)
	}
}

// contains reports whether the folder is one of those it lies in: a link that leads upwards.
func contains(above []fs.FileInfo, info fs.FileInfo) bool {
	for _, a := range above {
		if os.SameFile(a, info) {
			return true
		}
	}
	return false
}
