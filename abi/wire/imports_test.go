package wire_test

import (
	"go/build"
	"slices"
	"testing"
)

// Guests are compiled with this package, so what it imports is what they carry.
func TestImportsStaySmall(t *testing.T) {
	t.Parallel()
	pkg, err := build.ImportDir(".", 0)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"encoding/binary", "errors", "math", "strconv"}; !slices.Equal(pkg.Imports, want) {
		t.Errorf("imports %v, want %v", pkg.Imports, want)
	}
}
