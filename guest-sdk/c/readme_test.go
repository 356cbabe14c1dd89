package c_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/wasgi/wasgi/abi/abitest"
)

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// The app of README.md keeps the contract, and its test passes.
func TestReadmesAppIsOne(t *testing.T) {
	t.Parallel()
	blocks := regexp.MustCompile("(?s)```c\n(.*?)```").FindAllStringSubmatch(readme(t), -1)
	if len(blocks) != 2 {
		t.Fatalf("%d blocks of C, want an app and its test", len(blocks))
	}
	dir := t.TempDir()
	for n, name := range []string{"app.c", "app_test.c"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(blocks[n][1]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	abitest.RunGuest(t, build(t, bare, filepath.Join(dir, "app.c")), abitest.GuestOptions{Timeout: patience})
	native(t, compiler(t, "app.c"), filepath.Join(dir, "app_test.c"))
}

// The commands of README.md are those that the tests build with, and the header has the same, but for what only saves space.
func TestDocumentedCommandsAreTheTests(t *testing.T) {
	t.Parallel()
	for _, flags := range [][]string{reactor, bare} {
		line := strings.Join(slices.Concat([]string{"clang"}, flags, []string{"-o app.wasm app.c"}), " ")
		if !strings.Contains(readme(t), "\n"+line+"\n") {
			t.Errorf("README.md lacks %q", line)
		}
		if line = strings.Replace(line, ",--strip-debug", "", 1); !strings.Contains(header(t, "wasgi.h"), "\n    "+line+"\n") {
			t.Errorf("wasgi.h lacks %q", line)
		}
	}
}

// The apps in the comments at the head of both headers are apps.
func TestHeadersExamplesCompile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, from := range map[string]string{"app.c": "wasgi.h", "app_test.c": "wasgi_test.h"} {
		_, rest, _ := strings.Cut(header(t, from), "\n\n")
		example, _, found := strings.Cut(rest, "\n    }\n")
		if !found {
			t.Fatalf("%s has no example at its head", from)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(example+"\n}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	native(t, compiler(t, "app.c"), filepath.Join(dir, "app_test.c"))
}
