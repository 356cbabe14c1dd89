package toolchain

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Rust is a compiler of Rust and what it builds for.
type Rust struct {
	compiler string
	flags    []string // those of the target
}

// FindRust returns the first compiler that has one of the targets, or skips the test. "" is the target of programs for this machine. An
// older compiler of the distribution may lie hidden behind a newer one that has fewer targets.
func FindRust(t testing.TB, targets ...string) Rust {
	t.Helper()
	return findRust(t, []string{"rustc", "/usr/bin/rustc"}, targets)
}

// RustAt is the compiler of that path, if it has the target.
func RustAt(t testing.TB, path, target string) Rust {
	t.Helper()
	return findRust(t, []string{path}, []string{target})
}

func findRust(t testing.TB, compilers, targets []string) Rust {
	t.Helper()
	installed := false
	for _, name := range compilers {
		compiler, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		installed = true
		for _, target := range targets {
			if target == "" {
				return Rust{compiler: compiler}
			}
			if hasTarget(compiler, target) {
				return Rust{compiler: compiler, flags: []string{"--target", target}}
			}
		}
	}
	if !installed {
		t.Skip("rustc is not installed")
	}
	t.Skipf("the %s target of rustc is not installed", strings.Join(targets, " or "))
	return Rust{}
}

func hasTarget(compiler, target string) bool {
	libraries, err := exec.Command(compiler, "--print", "target-libdir", "--target", target).Output()
	if err != nil {
		return false
	}
	_, err = os.Stat(strings.TrimSpace(string(libraries)))
	return err == nil
}

// RustWASI builds for wasm with WASI, under the target's names in newer and older compilers.
func RustWASI(t testing.TB) Rust {
	t.Helper()
	return FindRust(t, "wasm32-wasip1", "wasm32-wasi")
}

// RustBare builds for wasm without WASI.
func RustBare(t testing.TB) Rust {
	t.Helper()
	return FindRust(t, "wasm32-unknown-unknown")
}

// Module builds the app whose source lies in the folder app against the crate wasgi, whose source lies in the folder sdk, with the
// settings of the samples' release profile, and returns the module's path.
func (r Rust) Module(t testing.TB, sdk, app string) string {
	t.Helper()
	small := []string{"-C", "opt-level=s"}
	crate := r.crate(t, sdk, small)
	args := slices.Concat(small, []string{"-C", "lto", "-C", "strip=debuginfo", "--crate-type", "cdylib", "--extern", crate})
	return r.run(t, app, filepath.Join("src", "lib.rs"), []string{"src"}, args)
}

// Tests builds the tests in a source file of a folder against the crate wasgi, and returns the program's path. What lies beside the
// file belongs to it.
func (r Rust) Tests(t testing.TB, sdk, dir, file string) string {
	t.Helper()
	args := []string{"--test", "-D", "warnings", "--extern", r.crate(t, sdk, nil)}
	return r.run(t, dir, file, []string{filepath.Dir(file)}, args)
}

// crate builds the crate wasgi, and returns it as --extern takes it.
func (r Rust) crate(t testing.TB, sdk string, args []string) string {
	t.Helper()
	command := slices.Concat([]string{r.compiler, "--edition", "2021", "--crate-type", "rlib", "--crate-name", "wasgi", "-D", "warnings",
		"--out-dir", "{out}"}, r.flags, args, []string{filepath.Join("src", "lib.rs")})
	dir := Recipe{Dir: sdk, Command: command, Inputs: []string{"src"}}.Build(t)
	return "wasgi=" + filepath.Join(dir, "libwasgi.rlib")
}

func (r Rust) run(t testing.TB, dir, file string, inputs, args []string) string {
	t.Helper()
	command := slices.Concat([]string{r.compiler, "--edition", "2021", "--crate-name", "app", "-o", "{out}"}, r.flags, args, []string{file})
	return Recipe{Dir: dir, Command: command, Inputs: inputs}.Build(t)
}
