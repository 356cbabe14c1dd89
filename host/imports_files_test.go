package host_test

import (
	"go/ast"
	"go/build/constraint"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
)

// source is what the rules need to know of one Go file.
type source struct {
	name       string // path inside the module, slashes
	dir        string // import path of the package
	kind       fileKind
	imports    []string
	documented bool
}

// sourceFiles reads all Go files of the module. They are parsed and not asked of the go command, so that files for other
// systems, such as a guest's, count as well.
func sourceFiles(t *testing.T) []source {
	t.Helper()
	files, err := readModule(os.DirFS(".."))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal("no Go file found")
	}
	return files
}

// readModule parses the Go files of the module whose root fsys is. What the go command skips is skipped: hidden folders,
// those that begin with an underscore, testdata, and modules within the module.
func readModule(fsys fs.FS) ([]source, error) {
	var files []source
	err := fs.WalkDir(fsys, ".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != "." && skipped(fsys, path):
			return fs.SkipDir
		case entry.IsDir() || filepath.Ext(path) != ".go" || strings.HasPrefix(entry.Name(), "_") || strings.HasPrefix(entry.Name(), "."):
			return nil
		}
		text, err := fs.ReadFile(fsys, path)
		if err != nil {
			return err
		}
		file, ok, err := readSource(path, text)
		if ok {
			files = append(files, file)
		}
		return err
	})
	return files, err
}

func skipped(fsys fs.FS, dir string) bool {
	name := filepath.Base(dir)
	if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "testdata" || name == "vendor" {
		return true
	}
	_, err := fs.Stat(fsys, dir+"/go.mod")
	return err == nil
}

// readSource parses one file; ok is false for one that is never built.
func readSource(path string, text []byte) (file source, ok bool, err error) {
	parsed, err := parser.ParseFile(token.NewFileSet(), path, text, parser.ImportsOnly|parser.ParseComments)
	if err != nil {
		return source{}, false, err
	}
	if neverBuilt(parsed) {
		return source{}, false, nil
	}
	file = source{name: path, dir: module, documented: parsed.Doc != nil}
	if dir := filepath.ToSlash(filepath.Dir(path)); dir != "." {
		file.dir += "/" + dir
	}
	if strings.HasSuffix(path, "_test.go") {
		file.kind = inside
		if strings.HasSuffix(parsed.Name.Name, "_test") {
			file.kind = external
		}
	}
	for _, spec := range parsed.Imports {
		to, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return source{}, false, err
		}
		file.imports = append(file.imports, to)
	}
	return file, true, nil
}

func neverBuilt(file *ast.File) bool {
	for _, group := range file.Comments {
		for _, line := range group.List {
			if expr, err := constraint.Parse(line.Text); err == nil && expr.String() == "ignore" {
				return true
			}
		}
	}
	return false
}

func TestReadModule(t *testing.T) {
	t.Parallel()
	text := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	fsys := fstest.MapFS{
		"go.mod":                text("module x"),
		"root.go":               text("// Package x is documented.\npackage x\n"),
		"a/a.go":                text("package a\n\nimport (\n\t\"fmt\"\n\tother \"example.com/b\"\n)\n\nvar _ = 1\n"),
		"a/a_wasip1.go":         text("//go:build wasip1\n\npackage a\n\nimport _ \"unsafe\"\n"),
		"a/in_test.go":          text("package a\n\nimport \"testing\"\n"),
		"a/ex_test.go":          text("package a_test\n"),
		"a/gen.go":              text("//go:build ignore\n\npackage main\n\nimport \"example.com/tool\"\n"),
		"a/_off.go":             text("not Go"),
		"a/testdata/x.go":       text("not Go"),
		"_drafts/x.go":          text("not Go"),
		".hidden/x.go":          text("not Go"),
		"plugins/inner/go.mod":  text("module inner"),
		"plugins/inner/main.go": text("not Go"),
		"README.md":             text("not Go"),
	}
	got, err := readModule(fsys)
	if err != nil {
		t.Fatal(err)
	}
	want := []source{
		{name: "a/a.go", dir: module + "/a", imports: []string{"fmt", "example.com/b"}},
		{name: "a/a_wasip1.go", dir: module + "/a", imports: []string{"unsafe"}},
		{name: "a/ex_test.go", dir: module + "/a", kind: external},
		{name: "a/in_test.go", dir: module + "/a", kind: inside, imports: []string{"testing"}},
		{name: "root.go", dir: module, documented: true},
	}
	if !slices.EqualFunc(got, want, func(a, b source) bool {
		return a.name == b.name && a.dir == b.dir && a.kind == b.kind && a.documented == b.documented && slices.Equal(a.imports, b.imports)
	}) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	fsys["broken.go"] = text("not Go")
	if _, err := readModule(fsys); err == nil || err.Error() != "broken.go:1:1: expected 'package', found not" {
		t.Errorf("a broken file: got %v", err)
	}
}
