package abi_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"strings"
	"testing"

	"github.com/wasgi/wasgi/abi"
)

// constants type-checks the package and returns its exported constants. That it needs no importer is part of the test: guests
// are compiled with this package, so it imports nothing.
func constants(t *testing.T) map[string]constant.Value {
	t.Helper()
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range []string{"abi.go", "relay.go", "websocket.go"} {
		file, err := parser.ParseFile(fset, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		if len(file.Imports) != 0 {
			t.Fatalf("%s imports %s; it must import nothing", name, file.Imports[0].Path.Value)
		}
		files = append(files, file)
	}
	pkg, err := new(types.Config).Check("abi", fset, files, nil)
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]constant.Value{}
	for _, name := range pkg.Scope().Names() {
		if c, ok := pkg.Scope().Lookup(name).(*types.Const); ok && c.Exported() {
			values[name] = c.Val()
		}
	}
	return values
}

func TestEveryCodeHasItsText(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for name, value := range constants(t) {
		if !strings.HasPrefix(name, "Code") {
			continue
		}
		n, _ := constant.Int64Val(value)
		text := abi.Code(n).Error()
		if text == "" || text == "unknown code" {
			t.Errorf("%s (%d) has no text", name, n)
		}
		if other, ok := seen[text]; ok {
			t.Errorf("%s and %s have the same text %q", name, other, text)
		}
		seen[text] = name
	}
	// Codes without gaps keep their table small and their successor obvious.
	for n := 1; n <= len(seen); n++ {
		if abi.Code(n).Error() == "unknown code" {
			t.Errorf("code %d is missing below the highest", n)
		}
	}
}

func TestUnknownCodesHaveATextToo(t *testing.T) {
	t.Parallel()
	for _, n := range []abi.Code{0, -1, 9, 1 << 30, -1 << 31} {
		if got := n.Error(); got != "unknown code" {
			t.Errorf("code %d: got %q", n, got)
		}
	}
}

func TestResultUndoesErrno(t *testing.T) {
	t.Parallel()
	cases := []struct {
		in   int32
		n    int
		code abi.Code
	}{
		{0, 0, 0}, {1, 1, 0}, {1<<31 - 1, 1<<31 - 1, 0},
		{-1, 0, abi.CodeFault}, {-8, 0, abi.CodeLength}, {-9, 0, 9},
	}
	for _, c := range cases {
		n, err := abi.Result(c.in)
		var code abi.Code
		if errors.As(err, &code); n != c.n || code != c.code || (err == nil) != (c.code == 0) {
			t.Errorf("Result(%d) = %d, %v, want %d, code %d", c.in, n, err, c.n, c.code)
		}
		if err != nil && code.Errno() != c.in {
			t.Errorf("code %d: Errno is %d, want %d", code, code.Errno(), c.in)
		}
	}
	// The one value without a positive counterpart: it must still be an error.
	if n, err := abi.Result(-1 << 31); n != 0 || err == nil || err.Error() != "unknown code" {
		t.Errorf("the least result: got %d, %v", n, err)
	}
}

func TestACodeIsComparableAsAnError(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("write: %w", abi.CodeClosed)
	if !errors.Is(err, abi.CodeClosed) || errors.Is(err, abi.CodeState) {
		t.Errorf("%v is not told from other codes", err)
	}
	if want := "write: client is gone"; err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
}
