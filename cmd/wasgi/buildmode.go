package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// sdk is what the import paths of the SDK begin with.
const sdk = "github.com/wasgi/wasgi/guest-sdk/"

// The ways to build a module from Go: one whose functions are called as long as it lives, and a program that runs once a request
// and speaks CGI.
const (
	modeReactor = "c-shared"
	modeProgram = "default"
)

// buildMode tells a plain program from an app of the SDK's, or of no SDK at all. What the SDK takes part in, however far away, is an
// app; so is what exports functions to the host by itself. A source of which that cannot be found out is left to the compiler,
// which says what is wrong with it.
func buildMode(ctx context.Context, source string) (string, error) {
	if exportsToTheHost(source) {
		return modeReactor, nil
	}
	cmd := exec.CommandContext(ctx, "go", "list", "-e", "-deps", "-f", "{{.ImportPath}}", ".")
	cmd.Dir = source
	cmd.Env = guestEnv()
	out, err := cmd.Output()
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	if err != nil || bytes.Contains(append([]byte("\n"), out...), []byte("\n"+sdk)) {
		return modeReactor, nil
	}
	return modeProgram, nil
}

// exportsToTheHost reports whether Go code in a folder has a function with the directive for that.
func exportsToTheHost(source string) bool {
	files, _ := filepath.Glob(filepath.Join(source, "*.go"))
	for _, file := range files {
		code, err := os.ReadFile(file)
		if err == nil && !strings.HasSuffix(file, "_test.go") && bytes.Contains(code, []byte("\n//go:wasmexport ")) {
			return true
		}
	}
	return false
}

// guestEnv is the environment of a toolchain that builds guests.
func guestEnv(more ...string) []string {
	return append(append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0"), more...)
}
