package guesttest

import (
	"path/filepath"
	"runtime"
	"testing"
)

// Canary is a guest that looks for what earlier requests have left, says how much it has found, and leaves as much as it can.
type Canary struct {
	Name  string
	Build func(testing.TB) []byte
	// Modes are the first bytes of a request's body that it knows, as canary.wat says.
	Modes string
	// Environ says that it leaves out its own environ when it looks for marks.
	Environ bool
}

// Canaries lists them, in all languages.
func Canaries() []Canary {
	return []Canary{
		{"wat", func(t testing.TB) []byte { return Wasm(t, "canary") }, "qgdtserw", true},
		{"c", func(t testing.TB) []byte { return C(t, beside("sources/canary.c")) }, "qgtserw", true},
		{"rust", func(t testing.TB) []byte { return Rust(t, beside("sources/canary.rs")) }, "qgtserw", true},
		{"go", func(t testing.TB) []byte { return Go(t, beside("canary")) }, "qgdtserw", false},
	}
}

// beside is the path of a file of this package, wherever the tests run.
func beside(path string) string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), filepath.FromSlash(path))
}
