package guestsdk_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/wasgi/wasgi/guest-sdk/internal/toolchain"
)

// What the compilers write into a module of themselves.
var (
	goTools             = regexp.MustCompile(`^Go go1\.\d+`)
	cTools              = regexp.MustCompile(`^C\d\d, .*clang( version)? \d+\.`)
	rustTools           = regexp.MustCompile(`^Rust, .*rustc 1\.\d+`)
	assemblyScriptTools = regexp.MustCompile(`^AssemblyScript, asc 0\.28\.\d+$`)
)

// goApp builds with the Go that runs the test; its own cache makes a second build cheap.
func goApp(t testing.TB, dir string) string {
	t.Helper()
	output := filepath.Join(t.TempDir(), "app.wasm")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-buildmode=c-shared", "-trimpath", "-o", output, ".")
	cmd.Dir = filepath.FromSlash(dir)
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0")
	if messages, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, messages)
	}
	return output
}

func rustApp(t testing.TB, dir string) string {
	t.Helper()
	return toolchain.RustWASI(t).Module(t, "rust", dir)
}

func assemblyScriptApp(t testing.TB, dir string) string {
	t.Helper()
	app, err := filepath.Rel("assemblyscript", dir)
	if err != nil {
		t.Fatal(err)
	}
	return toolchain.AssemblyScript(t, "assemblyscript", app)
}

// cApp builds an app, cgiProgram what has a main; bareCApp does without a C library.
func cApp(t testing.TB, dir string) string {
	t.Helper()
	return compileC(t, dir, append(withWASI(t), "-mexec-model=reactor"))
}

func cgiProgram(t testing.TB, dir string) string {
	t.Helper()
	return compileC(t, dir, withWASI(t))
}

func bareCApp(t testing.TB, dir string) string {
	t.Helper()
	return compileC(t, dir, []string{"--target=wasm32-unknown-unknown", "-ffreestanding", "-nostdlib", "-mbulk-memory", "-Wl,--no-entry"})
}

func withWASI(t testing.TB) []string {
	t.Helper()
	if _, err := os.Stat("/usr/include/wasm32-wasi"); err != nil {
		t.Skip("wasi-libc is not installed")
	}
	return []string{"--target=wasm32-wasi", "--sysroot=/usr"}
}

func compileC(t testing.TB, dir string, flags []string) string {
	t.Helper()
	toolchain.Find(t, "wasm-ld")
	command := append([]string{toolchain.Find(t, "clang"), "-std=c99", "-O2", "-Wl,--stack-first,--strip-debug", "-Ic", "-o", "{out}"}, flags...)
	sources, err := filepath.Glob(filepath.Join(dir, "*.c"))
	if err != nil {
		t.Fatal(err)
	}
	for _, source := range sources {
		if tests, _ := filepath.Match("*_test.c", filepath.Base(source)); !tests {
			command = append(command, source)
		}
	}
	return toolchain.Recipe{Command: command, Inputs: []string{"c/wasgi.h", "c/examples/notes", dir}}.Build(t)
}
