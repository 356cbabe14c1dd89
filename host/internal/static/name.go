package static

import (
	"io/fs"
	"path/filepath"
	"runtime"
	"strings"
	"unicode"
)

// maxName bounds a path, in bytes: Linux knows no longer one.
const maxName = 4096

// wellKnown is the one name with a dot in front that is served: RFC 8615 says what lies there.
const wellKnown = ".well-known"

// nameOf returns the name of the file that a decoded path asks for, as the system writes it, or false where it cannot be one that
// is served.
func nameOf(path string) (string, bool) {
	if len(path) > maxName {
		return "", false
	}
	if path == "" {
		path = "/"
	}
	if strings.HasSuffix(path, "/") {
		path += indexName
	}
	name := path[1:]
	if !fs.ValidPath(name) {
		return "", false
	}
	for segment := range strings.SplitSeq(name, "/") {
		if !servable(segment) {
			return "", false
		}
	}
	name, err := filepath.Localize(name)
	return name, err == nil
}

// servable reports whether a segment may be served: none that begins with a dot, also where a file system does not see what stands
// before it (HFS+), and on Windows no short name that it gives to another (GIT~1 for .git), and none that it takes for no name.
func servable(segment string) bool {
	if runtime.GOOS == "windows" && strings.ContainsAny(segment, `~<>"|?*`) {
		return false
	}
	visible := strings.TrimLeftFunc(segment, func(r rune) bool { return unicode.Is(unicode.Cf, r) })
	return !strings.HasPrefix(visible, ".") || segment == wellKnown
}
