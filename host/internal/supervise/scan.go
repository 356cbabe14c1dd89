package supervise

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

const (
	moduleExt = ".wasm"
	indexName = "index" // of the app that answers for its folder
)

// ManifestExts are the endings of a manifest's name. Read only.
var ManifestExts = []string{".toml", ".yaml", ".yml", ".json"}

// sourceFiles are what makes a folder one of source: it is for building, and what lies in it is not served.
var (
	sourceNames = []string{"go.mod", "Cargo.toml", "package.json", "Makefile", "CMakeLists.txt"}
	sourceExts  = []string{".go", ".c", ".cc", ".cpp", ".rs", ".zig"}
)

// Relevant reports whether a folder is to be entered, or whether a file can be an app or its manifest. A folder of public files is
// one that counts as a file and is not entered. rel is slash-separated, relative to the apps folder.
func Relevant(rel string, dir bool) bool {
	for name := range strings.SplitSeq(path.Dir(rel), "/") {
		if name != "." && hidden(name) || isPublic(name) {
			return false
		}
	}
	switch base := path.Base(rel); {
	case !dir && isMiddleware(rel):
		return path.Ext(rel) == moduleExt || isManifest(rel)
	case base != "." && hidden(base):
		return false
	case isPublic(base):
		return !dir
	}
	return dir || path.Ext(rel) == moduleExt || isManifest(rel)
}

const (
	publicName = "public"
	publicExt  = ".public"
)

// isPublic reports whether a name is that of a folder of public files.
func isPublic(name string) bool { return name == publicName || strings.HasSuffix(name, publicExt) }

// hidden reports whether a name is one that the server leaves alone: "_" and "." begin those of the user, "@" belongs to
// later versions of an app.
func hidden(name string) bool {
	return strings.HasPrefix(name, "_") || strings.HasPrefix(name, ".") || strings.Contains(name, "@")
}

func isManifest(name string) bool { return slices.Contains(ManifestExts, path.Ext(name)) }

// IsSourceDir reports whether a folder holds source. One that cannot be read does not.
func IsSourceDir(dir string) bool {
	entries, err := os.ReadDir(dir)
	return err == nil && isSource(entryNames(entries))
}

// isSource reports whether a folder with entries of these names holds source.
func isSource(names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		return slices.Contains(sourceNames, name) || slices.Contains(sourceExts, path.Ext(name))
	})
}

// AppName is the name of the app that a file belongs to, as its module, its manifest or its public files: "api/users" for
// "api/users.wasm" and "api/users.public", "api/index" for "api/public".
func AppName(rel string) string {
	if path.Base(rel) == publicName {
		return path.Join(path.Dir(rel), indexName)
	}
	return strings.TrimSuffix(rel, path.Ext(rel))
}

// found is one app as the folder shows it: slash-separated paths relative to the folder, and no content yet.
type found struct {
	name      string
	module    string // "" for one that has public files alone
	manifests []string
	public    []public
}

// public is a folder of public files.
type public struct {
	rel  string
	info fs.FileInfo // tells the folder from another in its place
}

// scan lists the apps below dir, in lexical order. What cannot be read is reported beside what can.
func scan(dir string) ([]found, error) {
	s := scanner{root: dir, apps: map[string]*found{}}
	s.enter(".", nil, false)
	apps := make([]found, 0, len(s.apps))
	for _, app := range s.apps {
		if app.module != "" || len(app.public) > 0 {
			apps = append(apps, *app)
		}
	}
	slices.SortFunc(apps, func(a, b found) int { return strings.Compare(a.name, b.name) })
	return apps, errors.Join(s.problems...)
}

// maxFolders is how many folders a scan enters: links make a folder count once for each path to it.
const maxFolders = 10_000

var errTooLarge = errors.New("more than 10000 folders; the rest is not served")

type scanner struct {
	root     string
	apps     map[string]*found
	folders  int
	problems []error
}

// enter lists one folder. parents are the folders above it: a link that leads back up is not followed. linked says that one
// of them, or it, was reached by a link.
func (s *scanner) enter(rel string, parents []os.FileInfo, linked bool) {
	if s.folders++; s.folders > maxFolders {
		if s.folders == maxFolders+1 {
			s.problem(rel, errTooLarge)
		}
		return
	}
	full := filepath.Join(s.root, filepath.FromSlash(rel))
	info, err := os.Stat(full)
	if err != nil {
		s.problem(rel, err)
		return
	}
	if slices.ContainsFunc(parents, func(p os.FileInfo) bool { return os.SameFile(p, info) }) {
		return
	}
	entries, err := os.ReadDir(full)
	if err != nil {
		s.problem(rel, err)
		return
	}
	if rel != "." && isSource(entryNames(entries)) {
		return
	}
	parents = append(parents[:len(parents):len(parents)], info)
	for _, entry := range entries {
		s.visit(path.Join(rel, entry.Name()), entry.Type(), parents, linked)
	}
}

// visit looks at one name in a folder. A linked folder's own links to folders are not followed: a few folders that link to one
// another have more paths than anyone can walk.
func (s *scanner) visit(rel string, kind fs.FileMode, parents []os.FileInfo, linked bool) {
	link := kind&fs.ModeSymlink != 0
	asDir := (link && !linked || kind.IsDir()) && Relevant(rel, true)
	asFile := (link || kind.IsRegular() || kind.IsDir() && !asDir) && Relevant(rel, false)
	if !asDir && !asFile {
		return
	}
	info, err := os.Stat(filepath.Join(s.root, filepath.FromSlash(rel)))
	switch {
	case err != nil:
		s.problem(rel, err)
	case asDir && info.IsDir():
		s.enter(rel, parents, linked || link)
	case asFile && info.IsDir() && isPublic(path.Base(rel)):
		app := s.app(rel)
		app.public = append(app.public, public{rel, info})
	case asFile && info.Mode().IsRegular() && isManifest(rel):
		app := s.app(rel)
		app.manifests = append(app.manifests, rel)
	case asFile && info.Mode().IsRegular() && path.Ext(rel) == moduleExt:
		s.app(rel).module = rel
	}
}

// app returns the app that a file belongs to.
func (s *scanner) app(rel string) *found {
	name := AppName(rel)
	if s.apps[name] == nil {
		s.apps[name] = &found{name: name}
	}
	return s.apps[name]
}

// problem notes what could not be read. What is gone by now is none: it has simply been removed. A link that leads nowhere,
// or in circles, is as good as gone.
func (s *scanner) problem(rel string, err error) {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ELOOP) {
		return
	}
	s.problems = append(s.problems, fmt.Errorf("scan %s: %w", path.Join(filepath.ToSlash(s.root), rel), err))
}

func entryNames(entries []os.DirEntry) []string {
	names := make([]string, len(entries))
	for i, entry := range entries {
		names[i] = entry.Name()
	}
	return names
}

// defaultMount is where an app answers whose manifest says nothing: "index" stands for its folder.
func defaultMount(name string) string {
	if path.Base(name) == indexName {
		name = path.Dir(name)
	}
	return path.Join("/", name)
}
