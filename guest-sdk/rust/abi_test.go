package rust_test

import (
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/wasgi/wasgi/abi"
)

var (
	rustConstant = regexp.MustCompile(`(?m)^pub const (\w+): [&\w]+ = "?([^";]+)"?;$`)
	rustCode     = regexp.MustCompile(`(?m)^\s*Code::(\w+) => (\d+),$`)
	rustText     = regexp.MustCompile(`(?m)^\s*Code::(\w+) => "(.*)",$`)
	capitals     = regexp.MustCompile(`([a-z])([A-Z])`)
)

// TestConstants holds src/abi.rs to package abi. Names of functions are not there: what they are is seen in every module.
func TestConstants(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile(filepath.Join("src", "abi.rs"))
	if err != nil {
		t.Fatal(err)
	}
	want, got, texts := map[string]string{}, map[string]string{}, map[string]string{}
	for name, value := range abiConstants(t) {
		if code, ok := strings.CutPrefix(name, "Code"); ok {
			want[code] = value
			number, _ := strconv.Atoi(value)
			texts[code] = abi.Code(number).Error()
		} else if name != "Module" && !strings.HasPrefix(name, "Export") && !strings.HasPrefix(name, "Import") {
			want[strings.ToUpper(capitals.ReplaceAllString(name, "${1}_${2}"))] = value
		}
	}
	for _, match := range append(rustConstant.FindAllStringSubmatch(string(source), -1), rustCode.FindAllStringSubmatch(string(source), -1)...) {
		got[match[1]] = match[2]
	}
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s is %q, want %q", name, got[name], value)
		}
	}
	if len(got) != len(want) {
		t.Errorf("there are %d, want %d: %v", len(got), len(want), got)
	}
	for _, match := range rustText.FindAllStringSubmatch(string(source), -1) {
		if texts[match[1]] != match[2] {
			t.Errorf("%s says %q, want %q", match[1], match[2], texts[match[1]])
		}
		delete(texts, match[1])
	}
	if len(texts) > 0 {
		t.Errorf("without a text: %v", texts)
	}
}

// abiConstants are those of the first version's text, without the module of WebSockets.
func abiConstants(t *testing.T) map[string]string {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, filepath.Join("..", "..", "abi", "abi.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	pkg, err := new(types.Config).Check("abi", fset, []*ast.File{file}, nil)
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]string{}
	for _, name := range pkg.Scope().Names() {
		c, ok := pkg.Scope().Lookup(name).(*types.Const)
		switch {
		case !ok || !c.Exported():
		case c.Val().Kind() == constant.String:
			values[name] = constant.StringVal(c.Val())
		default:
			values[name] = c.Val().ExactString()
		}
	}
	return values
}
