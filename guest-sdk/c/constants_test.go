package c_test

import (
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"regexp"
	"strings"
	"testing"

	"github.com/wasgi/wasgi/guest-sdk/c"
)

// header is the text of a file of the SDK.
func header(t *testing.T, name string) string {
	t.Helper()
	text, err := c.Headers.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// contract returns the constants of package abi that are of version 1, by their names in C.
func contract(t *testing.T) map[string]string {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "../../abi/abi.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	pkg, err := new(types.Config).Check("abi", fset, []*ast.File{file}, nil)
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]string{}
	for _, name := range pkg.Scope().Names() {
		if c, ok := pkg.Scope().Lookup(name).(*types.Const); ok && c.Exported() {
			value := c.Val().ExactString()
			if c.Val().Kind() == constant.Int {
				value = c.Val().String()
			}
			values[inC(name)] = value
		}
	}
	return values
}

// inC is WASGI_MAX_STATUS for MaxStatus.
func inC(name string) string {
	return "WASGI_" + strings.ToUpper(regexp.MustCompile(`([a-z])([A-Z])`).ReplaceAllString(name, "${1}_${2}"))
}

// Each constant of the contract stands in wasgi.h with its value, and no other name there pretends to be one.
func TestConstantsAreTheContracts(t *testing.T) {
	t.Parallel()
	want := contract(t)
	if len(want) < 20 {
		t.Fatalf("only %d constants found in package abi: %v", len(want), want)
	}
	text := header(t, "wasgi.h")
	got := map[string]string{}
	for _, match := range regexp.MustCompile(`(?m)^#define (WASGI_\w+) (\d+|".*")$`).FindAllStringSubmatch(text, -1) {
		got[match[1]] = match[2]
	}
	for _, match := range regexp.MustCompile(`(?m)^\t(WASGI_CODE_\w+) = (\d+)\b`).FindAllStringSubmatch(text, -1) {
		got[match[1]] = match[2]
	}
	delete(got, "WASGI_ROOM") // the SDK's own
	for name, value := range want {
		if got[name] != value {
			t.Errorf("%s is %q in wasgi.h, want %q", name, got[name], value)
		}
		delete(got, name)
	}
	for name := range got {
		t.Errorf("wasgi.h has %s, which package abi has not", name)
	}
}
