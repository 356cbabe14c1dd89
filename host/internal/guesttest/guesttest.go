// Package guesttest holds the guests that tests are run with: small modules with one trait each, written by hand and
// committed as text beside their binary form, and apps in Go, which are built when they are asked for.
package guesttest

import (
	"embed"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

//go:embed guests/*.wasm
var guests embed.FS

// Wasm returns the guest of that name in the folder guests, whose .wat says what it does.
func Wasm(t testing.TB, name string) []byte {
	t.Helper()
	data, err := guests.ReadFile("guests/" + name + ".wasm")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Go builds the app whose source lies in dir. What was built is kept in the user's cache folder, one copy for each test
// binary, so that the linker runs only after a change.
func Go(t testing.TB, dir string) []byte {
	t.Helper()
	return goBuild(t, dir, "c-shared")
}

// GoProgram builds a command (a module that exports _start) from the source in dir, as Go builds a WASI program by itself.
func GoProgram(t testing.TB, dir string) []byte {
	t.Helper()
	return goBuild(t, dir, "default")
}

func goBuild(t testing.TB, dir, mode string) []byte {
	t.Helper()
	output := filepath.Join(CacheDir(t), "guests", testBinary(), filepath.Base(dir)+".wasm")
	if err := os.MkdirAll(filepath.Dir(output), 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "build", "-buildmode="+mode, "-trimpath", "-o", output, ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0")
	if messages, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build %s: %v\n%s", dir, err, messages)
	}
	data, err := os.ReadFile(output)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// CacheDir is where tests keep compiled modules: the folder that the program itself uses, so that either warms it for the
// other.
func CacheDir(t testing.TB) string {
	t.Helper()
	dir, err := os.UserCacheDir()
	if err != nil {
		return t.TempDir()
	}
	return filepath.Join(dir, "wasgi")
}

func testBinary() string {
	return strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe")
}
