// Package gosdk_test holds the SDK to what TinyGo can compile, as far as that can be told without it.
package gosdk_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// packages are those that an app for TinyGo may be made of, with all that they import of the project.
var packages = []string{"wasgi", "wasgiws", "internal/buffer", "../../abi", "../../abi/wire"}

// TestTinyGoBuild compiles the packages as TinyGo would select their files: by its tag, for WASI. Its pointers and its int have 32 bits
// there, while those of Go's own wasm have 64, so that they are compiled for a machine with 32 bits as well.
func TestTinyGoBuild(t *testing.T) {
	t.Parallel()
	for _, run := range []struct{ command, system, processor string }{{"vet", "wasip1", "wasm"}, {"build", "linux", "386"}} {
		args := []string{run.command, "-tags", "tinygo"}
		for _, dir := range packages {
			args = append(args, "./"+dir)
		}
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+run.system, "GOARCH="+run.processor)
		if messages, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s for %s/%s: %v\n%s", cmd, run.system, run.processor, err, messages)
		}
	}
}

// TestTinyGoLanguage: no goroutines, which need a scheduler, and no channels; functions that cross the border have types that both
// compilers take; runtime has few functions, and reflect is left alone.
func TestTinyGoLanguage(t *testing.T) {
	t.Parallel()
	for _, dir := range packages {
		for name, file := range parse(t, dir) {
			for _, problem := range problems(file) {
				t.Errorf("%s: %s", name, problem)
			}
		}
	}
}

// The rules can be broken: each of these lines does.
func TestTinyGoRulesFindProblems(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		"func f() { go f() }":                 "starts a goroutine",
		"var c chan int":                      "has a channel",
		"func f() { select {} }":              "selects",
		"//go:wasmexport f\nfunc f(x int) {}": "f crosses the border with int",
		"//go:wasmexport f\nfunc f(x, y int32) []byte { return nil }": "f crosses the border with another type",
		"//go:wasmimport m f\nfunc f(x *int32)":                       "f crosses the border with another type",
		"//go:wasmimport m f\nfunc f() string":                        "f crosses the border with string",
		"import \"reflect\"":                                          "imports reflect",
		"import \"net/http\"":                                         "imports net/http",
		"import \"runtime\"\nfunc f() { runtime.Stack(nil, true) }":   "calls runtime.Stack",
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "x.go", "package x\n"+source, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		if got := problems(file); !slices.Equal(got, []string{want}) {
			t.Errorf("%s: %q, want %q", source, got, want)
		}
	}
}

// parse reads what is built of a package for a guest: no tests, nothing for other systems.
func parse(t *testing.T, dir string) map[string]*ast.File {
	t.Helper()
	parsed := map[string]*ast.File{}
	matches, err := fs.Glob(os.DirFS(dir), "*.go")
	if err != nil || len(matches) == 0 {
		t.Fatalf("%s: no files: %v", dir, err)
	}
	for _, name := range matches {
		if strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, "_other.go") {
			continue
		}
		path := filepath.Join(dir, name)
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		parsed[path] = file
	}
	return parsed
}

// library is what is imported of the standard library. All of it is pure Go but for runtime and sync, which TinyGo has of its own.
var library = []string{"errors", "fmt", "io", "iter", "math", "math/rand/v2", "runtime", "strconv", "strings", "sync", "unsafe", "encoding/binary"}

// ofRuntime are the functions of package runtime that are called.
var ofRuntime = []string{"GC", "KeepAlive"}

// crossing are the types that a function may have on its way out of a module or into it; string only as a parameter.
var crossing = []string{"int32", "uint32", "int64", "uint64", "float32", "float64", "bool", "uintptr", "Pointer"}

func problems(file *ast.File) (found []string) {
	for _, imported := range file.Imports {
		path, _ := strconv.Unquote(imported.Path.Value)
		if !strings.HasPrefix(path, "github.com/wasgi/wasgi/") && !slices.Contains(library, path) {
			found = append(found, "imports "+path)
		}
	}
	ast.Inspect(file, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.GoStmt:
			found = append(found, "starts a goroutine")
		case *ast.ChanType:
			found = append(found, "has a channel")
		case *ast.SelectStmt:
			found = append(found, "selects")
		case *ast.FuncDecl:
			found = append(found, border(n)...)
		case *ast.SelectorExpr:
			if of, ok := n.X.(*ast.Ident); ok && of.Name == "runtime" && !slices.Contains(ofRuntime, n.Sel.Name) {
				found = append(found, "calls runtime."+n.Sel.Name)
			}
		}
		return true
	})
	return found
}

// border checks a function that is exported from a module or imported into it.
func border(f *ast.FuncDecl) (found []string) {
	if f.Doc == nil || !slices.ContainsFunc(f.Doc.List, func(c *ast.Comment) bool { return strings.HasPrefix(c.Text, "//go:wasm") }) {
		return nil
	}
	check := func(list *ast.FieldList, more ...string) {
		if list == nil {
			return
		}
		for _, field := range list.List {
			if name := typeName(field.Type); !slices.Contains(append(more, crossing...), name) {
				found = append(found, f.Name.Name+" crosses the border with "+name)
			}
		}
	}
	check(f.Type.Params, "string")
	check(f.Type.Results)
	return found
}

func typeName(expression ast.Expr) string {
	switch e := expression.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return "another type"
}
