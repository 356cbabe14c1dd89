package main

import (
	"errors"
	"fmt"
	"go/build"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// findSources lists the folders below dir, or dir itself, that hold the source of an app. They begin with dir as it was given.
func findSources(dir string) ([]string, error) {
	switch info, err := os.Stat(dir); {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("folder %q: does not exist; create it or name another", dir)
	case err != nil:
		return nil, err
	case !info.IsDir():
		return nil, fmt.Errorf("folder %q: is a file; name the folder of the source", dir)
	}
	if isApp, _ := inspectSource(dir); isApp {
		return []string{filepath.Clean(dir)}, nil
	}
	return sourcesBelow(dir)
}

// sourcesBelow lists the sources below a folder. A link to a folder is an app's source or nothing: links inside links could
// go round in circles.
func sourcesBelow(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // removed since it was seen
		return nil, err
	}
	var sources []string
	for _, entry := range entries {
		name, path := entry.Name(), filepath.Join(dir, entry.Name())
		info, err := os.Stat(path)
		if err != nil || !info.IsDir() || skipped(name) || name == "testdata" || name == "public" {
			continue
		}
		switch isApp, holdsCode := inspectSource(path); {
		case isApp:
			sources = append(sources, path)
		case holdsCode || entry.Type()&fs.ModeSymlink != 0: // a library of the apps
		default:
			below, err := sourcesBelow(path)
			if err != nil {
				return nil, err
			}
			sources = append(sources, below...)
		}
	}
	return sources, nil
}

// skipped reports the folders that neither build nor watch enters.
func skipped(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "node_modules" || name == "vendor" ||
		strings.HasSuffix(name, ".public")
}

// inspectSource reports whether a folder is the source of an app, in any language that is built here, and whether it holds code at
// all. Where there is Go, C belongs to it, and where there is a Cargo package, both do.
func inspectSource(dir string) (isApp, holdsCode bool) {
	if isApp, isPackage := inspectCargo(dir); isPackage {
		return isApp, true
	}
	if isMain, holdsGo := inspectGo(dir); holdsGo {
		return isMain, true
	}
	return inspectC(dir)
}

// inspectGo reports whether a folder's Go files, as the guest's platform selects them, are a package main, and whether
// it holds Go files at all. A file with a syntax error counts, so that the compiler can say what is wrong.
func inspectGo(dir string) (isMain, holdsGo bool) {
	guest := build.Default
	guest.GOOS, guest.GOARCH, guest.CgoEnabled = "wasip1", "wasm", false
	pkg, err := guest.ImportDir(dir, 0)
	var none *build.NoGoError
	if errors.As(err, &none) {
		return false, len(pkg.IgnoredGoFiles)+len(pkg.TestGoFiles)+len(pkg.XTestGoFiles) > 0
	}
	code := len(pkg.GoFiles) + len(pkg.CgoFiles) + len(pkg.InvalidGoFiles) // and no tests
	return pkg.Name == "main" && code > 0 || pkg.Name == "" && err != nil, true
}

// contains reports whether a path lies in a folder or is it.
func contains(dir, path string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel)
}

// affected returns the sources that changed paths below dir belong to; all of them if a path is one that they share.
func affected(dir string, sources, changed []string) []string {
	var out []string
	for _, rel := range changed {
		path := filepath.Join(dir, filepath.FromSlash(rel))
		i := slices.IndexFunc(sources, func(source string) bool { return contains(source, path) })
		switch {
		case i < 0 && shared(dir, path):
			return sources
		case i >= 0 && !slices.Contains(out, sources[i]):
			out = append(out, sources[i])
		}
	}
	return out
}

// versions are the files that say which versions of others' code are built.
var versions = []string{"go.mod", "go.sum", "go.work", "go.work.sum", "Cargo.toml", "Cargo.lock"}

// shared reports whether a file that is in no app's source can be part of several: a library's code or what that embeds, or
// what says which versions of others' code is built.
func shared(dir, path string) bool {
	if ending := filepath.Ext(path); ending == ".go" || ending == ".rs" || isCFile(path) || slices.Contains(versions, filepath.Base(path)) {
		return true
	}
	for folder := filepath.Dir(path); folder != filepath.Clean(dir) && contains(dir, folder); folder = filepath.Dir(folder) {
		if _, holdsCode := inspectSource(folder); holdsCode {
			return true
		}
	}
	return false
}
