package guesttest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// C builds a reactor (a module that exports _initialize) from a C file, with clang and the C library of Debian's wasi-libc.
func C(t testing.TB, source string, flags ...string) []byte {
	t.Helper()
	return clang(t, source, append([]string{"-mexec-model=reactor"}, flags...))
}

// CProgram builds a command (a module that exports _start) from a C file.
func CProgram(t testing.TB, source string) []byte {
	t.Helper()
	return clang(t, source, nil)
}

func clang(t testing.TB, source string, flags []string) []byte {
	t.Helper()
	compiler, err := exec.LookPath("clang")
	if err != nil {
		t.Skip("clang is not installed")
	}
	if _, err := os.Stat("/usr/include/wasm32-wasi"); err != nil {
		t.Skip("wasi-libc is not installed")
	}
	flags = append([]string{"--target=wasm32-wasi", "--sysroot=/usr", "-O1", source}, flags...)
	return build(t, compiler, flags...)
}

// Rust builds a library of C's calling convention from a Rust file, with the first compiler that has a WASI target. An older
// one of the distribution may lie hidden behind a newer one that has none.
func Rust(t testing.TB, source string) []byte {
	t.Helper()
	return rustc(t, source, "cdylib")
}

// RustProgram builds a command (a module that exports _start) from a Rust file.
func RustProgram(t testing.TB, source string) []byte {
	t.Helper()
	return rustc(t, source, "bin")
}

func rustc(t testing.TB, source, crate string) []byte {
	t.Helper()
	for _, compiler := range []string{"rustc", "/usr/bin/rustc"} {
		for _, target := range []string{"wasm32-wasip1", "wasm32-wasi"} {
			out, err := exec.Command(compiler, "--print", "target-libdir", "--target", target).Output()
			if err != nil {
				continue
			}
			if _, err := os.Stat(strings.TrimSpace(string(out))); err == nil {
				return build(t, compiler, "--edition", "2021", "-O", "--target", target, "--crate-type", crate, source)
			}
		}
	}
	t.Skip("rustc with a target for WASI is not installed")
	return nil
}

// build runs a compiler and returns what it made.
func build(t testing.TB, compiler string, args ...string) []byte {
	t.Helper()
	output := filepath.Join(t.TempDir(), "guest.wasm")
	if messages, err := exec.Command(compiler, append(args, "-o", output)...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", compiler, err, messages)
	}
	data, err := os.ReadFile(output)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
