package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/wasgi/wasgi/guest-sdk/c"
)

// isCSource reports whether a file is compiled, and isCFile whether it is C or C++ at all.
func isCSource(path string) bool { return slices.Contains(cEndings()[:4], filepath.Ext(path)) }
func isCFile(path string) bool   { return slices.Contains(cEndings(), filepath.Ext(path)) }

// cEndings are those of files that are compiled, and then of those that they include.
func cEndings() []string {
	return []string{".c", ".cc", ".cpp", ".cxx", ".h", ".hh", ".hpp", ".hxx"}
}

// cSources lists the files of a folder that are compiled: not its tests, app_test.c and the like.
func cSources(dir string) (names []string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil // gone since it was seen
	}
	for _, entry := range entries {
		name := entry.Name()
		if !entry.IsDir() && isCSource(name) && !strings.HasSuffix(strings.TrimSuffix(name, filepath.Ext(name)), "_test") {
			names = append(names, name)
		}
	}
	return names
}

// cKind is what the C and C++ of a folder is.
type cKind int

const (
	noC      cKind = iota
	cLibrary       // neither of the following: others may include it
	cProgram       // it has a main: a CGI program
	cApp           // it holds the SDK's implementation
)

// kindOfC tells what a folder's C and C++ is by its text.
func kindOfC(dir string) cKind {
	implementation := regexp.MustCompile(`(?m)^\s*#\s*define\s+WASGI_IMPLEMENTATION\b`)
	main := regexp.MustCompile(`(?m)^int\s+main\s*\(`)
	kind := noC
	for _, name := range cSources(dir) {
		text, err := os.ReadFile(filepath.Join(dir, name))
		switch {
		case err == nil && implementation.Match(text):
			return cApp
		case err == nil && main.Match(text):
			kind = cProgram
		default:
			kind = max(kind, cLibrary)
		}
	}
	return kind
}

// inspectC reports whether a folder is an app's source in C or C++, and whether it holds any.
func inspectC(dir string) (isApp, holdsC bool) {
	kind := kindOfC(dir)
	return kind >= cProgram, kind != noC
}

// clang is the compiler: that of the WASI SDK where there is one.
func clang() string {
	if sdk := os.Getenv("WASI_SDK_PATH"); sdk != "" {
		return filepath.Join(sdk, "bin", "clang")
	}
	return "clang"
}

// sysroot is where a C library for WASI lies, or "".
func sysroot() string {
	if root := os.Getenv("WASI_SYSROOT"); root != "" {
		return root
	}
	if sdk := os.Getenv("WASI_SDK_PATH"); sdk != "" {
		return filepath.Join(sdk, "share", "wasi-sysroot")
	}
	if _, err := os.Stat("/usr/include/wasm32-wasi"); err == nil {
		return "/usr" // Debian's wasi-libc
	}
	return ""
}

// targetFlags say what is built for: WASI with a C library, or without one if there is none.
func targetFlags(kind cKind, sysroot string) []string {
	switch {
	case sysroot == "":
		return []string{"--target=wasm32-unknown-unknown", "-ffreestanding", "-nostdlib", "-mbulk-memory", "-Wl,--no-entry"}
	case kind == cProgram:
		return []string{"--target=wasm32-wasi", "--sysroot=" + sysroot}
	default:
		return []string{"--target=wasm32-wasi", "--sysroot=" + sysroot, "-mexec-model=reactor"}
	}
}

// compileC runs clang; its messages are the error.
func compileC(ctx context.Context, source, output string) error {
	root := sysroot()
	err := compileCWith(ctx, root, source, output)
	if err != nil && root == "" && strings.Contains(err.Error(), "file not found") {
		return fmt.Errorf("%w\n  there is no C library: install wasi-libc, or set WASI_SDK_PATH or WASI_SYSROOT", err)
	}
	return err
}

// compileCWith builds with the C library of that sysroot, or none. The SDK's headers are found if the app does not bring its own.
func compileCWith(ctx context.Context, root, source, output string) error {
	headers, err := os.MkdirTemp("", "wasgi-build-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(headers)
	if err := os.CopyFS(headers, c.Headers); err != nil {
		return err
	}
	args := append(targetFlags(kindOfC(source), root), "-O2", "-Wall", "-Wl,--stack-first,--strip-debug", "-I"+headers, "-o", output)
	names := cSources(source)
	if slices.ContainsFunc(names, func(name string) bool { return filepath.Ext(name) != ".c" }) {
		args = append(args, "-fno-exceptions", "-fno-rtti")
	}
	for _, name := range names {
		args = append(args, "./"+name) // a name may begin with a dash
	}
	cmd := exec.CommandContext(ctx, clang(), args...)
	cmd.Dir = source
	cmd.WaitDelay = patience
	return compiled(cmd, source, cEndings()...)
}
