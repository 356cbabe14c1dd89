package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// tree makes a folder with these files.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const (
	app     = "package main\n"
	library = "package lib\n"
	appInC  = "// An app.\n#define WASGI_IMPLEMENTATION\n#include \"wasgi.h\"\n"
)

// below turns paths in dir into slash-separated ones relative to it.
func below(t *testing.T, dir string, paths []string) []string {
	t.Helper()
	var out []string
	for _, path := range paths {
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, filepath.ToSlash(rel))
	}
	return out
}

func TestFindSources(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		files map[string]string
		want  []string
	}{
		"apps":           {map[string]string{"b/main.go": app, "a/main.go": app, "hello.wasm": ""}, []string{"a", "b"}},
		"nested":         {map[string]string{"api/users/main.go": app}, []string{"api/users"}},
		"inside an app":  {map[string]string{"a/main.go": app, "a/cmd/main.go": app}, []string{"a"}},
		"itself":         {map[string]string{"main.go": app, "sub/main.go": app}, []string{"."}},
		"a library":      {map[string]string{"lib/lib.go": library, "lib/cmd/main.go": app, "a/main.go": app}, []string{"a"}},
		"library on top": {map[string]string{"lib.go": library, "a/main.go": app}, []string{"a"}},
		"does not parse": {map[string]string{"a/main.go": "pakage main"}, []string{"a"}},
		"tests only":     {map[string]string{"a/main_test.go": app}, nil},
		"other systems":  {map[string]string{"a/main_windows.go": app, "b/main_wasip1.go": app}, []string{"b"}},
		"skipped": {map[string]string{".git/main.go": app, "_old/main.go": app, "vendor/main.go": app, "node_modules/x/main.go": app,
			"x/testdata/main.go": app, "public/main.go": app, "x/a.public/main.go": app}, nil},
		"in C": {map[string]string{"a/app.c": appInC, "b/b.cpp": " # define  WASGI_IMPLEMENTATION\n", "c/part.c": "#define WASGI_IMPLEMENTATIONS",
			"d/app_test.c": appInC, "e/wasgi.h": appInC, "f/cgi.c": "int main(void) {}\n"}, []string{"a", "b", "f"}},
		"a library in C": {map[string]string{"lib/lib.c": "", "lib/app/app.c": appInC, "a/app.c": appInC}, []string{"a"}},
		"C beside Go":    {map[string]string{"a/main.go": app, "a/a.c": "", "b/lib.go": library, "b/b.c": appInC}, []string{"a"}},
		"none":           {map[string]string{"README.md": ""}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := tree(t, c.files)
			sources, err := findSources(dir)
			if got := below(t, dir, sources); err != nil || !slices.Equal(got, c.want) {
				t.Errorf("%q, %v; want %q", got, err, c.want)
			}
		})
	}
}

func TestFindSourcesErrors(t *testing.T) {
	t.Parallel()
	dir := tree(t, map[string]string{"main.go": app})
	for path, want := range map[string]string{
		filepath.Join(dir, "none"):    `: does not exist; create it or name another`,
		filepath.Join(dir, "main.go"): `: is a file; name the folder of the source`,
	} {
		if _, err := findSources(path); err == nil || err.Error() != "folder \""+path+"\""+want {
			t.Errorf("%v", err)
		}
	}
}

// A linked app is one; links that lead in circles are not followed.
func TestFindSourcesLinks(t *testing.T) {
	t.Parallel()
	project := tree(t, map[string]string{"main.go": app})
	dir := tree(t, map[string]string{"sub/keep": ""})
	for name, to := range map[string]string{"linked": project, "sub/up": dir, "gone": filepath.Join(dir, "none")} {
		if err := os.Symlink(to, filepath.Join(dir, name)); err != nil {
			t.Skip(err) // a platform without symbolic links
		}
	}
	sources, err := findSources(dir)
	if got := below(t, dir, sources); err != nil || !slices.Equal(got, []string{"linked"}) {
		t.Errorf("%q, %v", got, err)
	}
	top := filepath.Join(t.TempDir(), "top")
	if err := os.Symlink(dir, top); err != nil {
		t.Fatal(err)
	}
	if sources, err = findSources(top); err != nil || len(sources) != 1 {
		t.Errorf("a linked folder: %q, %v", sources, err)
	}
}

func TestAffected(t *testing.T) {
	t.Parallel()
	dir := tree(t, map[string]string{
		"a/main.go": app, "ab/main.go": app, "lib/lib.go": library, "lib/assets/x.css": "", "docs/readme.md": "", "a/style.css": "",
	})
	sources, err := findSources(dir)
	if err != nil {
		t.Fatal(err)
	}
	both := []string{"a", "ab"}
	for name, c := range map[string]struct{ changed, want []string }{
		"code":             {[]string{"a/main.go"}, []string{"a"}},
		"embedded":         {[]string{"a/style.css"}, []string{"a"}},
		"the folder":       {[]string{"ab"}, []string{"ab"}},
		"two files of one": {[]string{"a/main.go", "a/style.css"}, []string{"a"}},
		"both":             {[]string{"ab/main.go", "a/main.go"}, []string{"ab", "a"}},
		"a library":        {[]string{"lib/lib.go"}, both},
		"what it embeds":   {[]string{"lib/assets/x.css"}, both},
		"removed code":     {[]string{"gone/gone.go"}, both},
		"versions":         {[]string{"go.mod"}, both},
		"prose":            {[]string{"docs/readme.md", "README.md"}, nil},
		"a manifest":       {[]string{"a.toml"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := below(t, dir, affected(dir, sources, c.changed)); !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestIsSource(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]bool{
		".": true, "a/main.go": true, "a/style.css": true, "a.wasm": false, "a/.main.go.swp": false, "vendor/a/a.go": false,
		"a/node_modules/x.js": false, "_old/main.go": false, "a/testdata/page.html": true, "a/public/page.html": true, "a.public/page.html": false,
	} {
		if got := isSource(path, false); got != want {
			t.Errorf("%s: %t", path, got)
		}
	}
	if !isSource("a.wasm", true) || isSource(".git", true) {
		t.Error("folders are told by their names")
	}
}

func TestLocated(t *testing.T) {
	t.Parallel()
	messages := "# example.org/a\n./main.go:3:14: undefined: x\n\thave (int)\n../lib/lib.go:4:1: no\r\n/abs/x.go:1:1: far\nnote: see a b.go:1\n"
	want := "  " + filepath.FromSlash("apps/a/main.go") + ":3:14: undefined: x\n  \thave (int)\n  " + filepath.FromSlash("apps/lib/lib.go") +
		":4:1: no\n  /abs/x.go:1:1: far\n  note: see a b.go:1"
	if got := located(filepath.Join("apps", "a"), []byte(messages), []string{".go"}); got != want {
		t.Errorf("%q\nwant %q", got, want)
	}
}

// What was built is moved over what was there in one step, unless it is the same.
func TestReplace(t *testing.T) {
	t.Parallel()
	dir := tree(t, map[string]string{"old": "1", "same": "1", "new": "2"})
	old := filepath.Join(dir, "old")
	if changed, err := replace(filepath.Join(dir, "same"), old); changed || err != nil {
		t.Errorf("same: %t, %v", changed, err)
	}
	if changed, err := replace(filepath.Join(dir, "new"), old); !changed || err != nil {
		t.Errorf("new: %t, %v", changed, err)
	}
	if data, err := fs.ReadFile(os.DirFS(dir), "old"); err != nil || string(data) != "2" {
		t.Errorf("%q, %v", data, err)
	}
	if _, err := replace(filepath.Join(dir, "none"), old); err == nil {
		t.Error("a file that is not there is no error")
	}
}
