package c_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wasgi/wasgi/guest-sdk/internal/toolchain"
)

// The two ways to build an app that README.md has, and that of a CGI program, without sources and output.
var (
	reactor = []string{"--target=wasm32-wasi", "--sysroot=/usr", "-mexec-model=reactor", "-O2", "-Wl,--stack-first,--strip-debug"}
	bare    = []string{"--target=wasm32-unknown-unknown", "-ffreestanding", "-nostdlib", "-mbulk-memory", "-O2",
		"-Wl,--no-entry,--stack-first,--strip-debug"}
	command = []string{"--target=wasm32-wasi", "--sysroot=/usr", "-O2", "-Wl,--stack-first,--strip-debug"}
)

// strict has the compiler say all that it finds odd, and stop there.
var strict = []string{"-Wall", "-Wextra", "-Wpedantic", "-Werror"}

// sources lists what is compiled of a folder: no tests.
func sources(t *testing.T, dir string) (found []string) {
	t.Helper()
	for _, pattern := range []string{"*.c", "*.cpp"} {
		matches, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, matches...)
	}
	return slices.DeleteFunc(found, func(name string) bool { return strings.Contains(name, "_test.") })
}

// compiler returns clang for a file's language, with the standard that the SDK keeps to. clang++ would link a standard library.
func compiler(t *testing.T, source string) []string {
	t.Helper()
	clang := toolchain.Find(t, "clang")
	if filepath.Ext(source) == ".cpp" {
		return []string{clang, "-std=c++11", "-fno-exceptions", "-fno-rtti"}
	}
	return []string{clang, "-std=c99"}
}

// build compiles sources to a module.
func build(t *testing.T, flags []string, sources ...string) []byte {
	t.Helper()
	if slices.Contains(flags, "--sysroot=/usr") {
		if _, err := os.Stat("/usr/include/wasm32-wasi"); err != nil {
			t.Skip("wasi-libc is not installed")
		}
	}
	toolchain.Find(t, "wasm-ld")
	run := slices.Concat(compiler(t, sources[0]), strict, flags, []string{"-I.", "-o", "{out}"}, sources)
	module, err := os.ReadFile(toolchain.Recipe{Command: run, Inputs: inputs(sources)}.Build(t))
	if err != nil {
		t.Fatal(err)
	}
	return module
}

// inputs are the SDK's headers, and all that lies beside a source.
func inputs(sources []string) []string {
	all := []string{"wasgi.h", "wasgi_test.h", "examples/notes"} // notes-cgi includes from there
	for _, source := range sources {
		all = append(all, filepath.Dir(source))
	}
	return slices.Compact(all)
}
