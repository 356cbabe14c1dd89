package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// What a Cargo.toml says of an app, read as text: a file that cargo itself cannot read is still told from no app.
var (
	cargoPackage = regexp.MustCompile(`(?m)^\s*\[package\]`)
	cargoCdylib  = regexp.MustCompile(`(?m)^\s*crate-type\s*=\s*\[[^\]]*["']cdylib["']`)
)

// inspectCargo reports whether a folder is a Cargo package of an app, which is a library of the type cdylib, and whether it is a
// package at all. A workspace without a package of its own is a folder like any other.
func inspectCargo(dir string) (isApp, isPackage bool) {
	manifest, err := os.ReadFile(filepath.Join(dir, "Cargo.toml"))
	isPackage = err == nil && cargoPackage.Match(manifest)
	return isPackage && cargoCdylib.Match(manifest), isPackage
}

// builtByCargo reports whether a path below dir lies in what cargo has built: it changes whenever anybody runs cargo.
func builtByCargo(dir, rel string) bool {
	parts := strings.Split(rel, "/")
	for i, name := range parts {
		if name != "target" {
			continue
		}
		if _, err := os.Stat(filepath.Join(dir, filepath.Join(parts[:i]...), "Cargo.toml")); err == nil {
			return true
		}
	}
	return false
}

// rustTargets are those that an app can be built for; the first that is installed is taken. The second is the older name of the first.
var rustTargets = []string{"wasm32-wasip1", "wasm32-wasi", "wasm32-unknown-unknown"}

var errNoRustTarget = errors.New("the Rust compiler has no target for WebAssembly; add one: rustup target add wasm32-wasip1")

// rustTarget asks the compiler that cargo will run. One that rustup shows the way to depends on the folder.
func rustTarget(ctx context.Context, source string) (string, error) {
	compiler := os.Getenv("RUSTC")
	if compiler == "" {
		compiler = "rustc"
	}
	for _, target := range rustTargets {
		cmd := exec.CommandContext(ctx, compiler, "--print", "target-libdir", "--target", target)
		cmd.Dir = source
		libraries, err := cmd.Output()
		if err != nil {
			continue // it does not even know the name, or is not there: then cargo would say the same
		}
		if _, err := os.Stat(strings.TrimSpace(string(libraries))); err == nil {
			return target, nil
		}
	}
	return "", errNoRustTarget
}

// compileRust has cargo build the app in its own folder target, and copies the module that comes out. What cargo says against it is
// the error.
func compileRust(ctx context.Context, source, output string) error {
	target, err := rustTarget(ctx, source)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "cargo", "build", "--release", "--lib", "--target", target, "--message-format", "json-render-diagnostics")
	cmd.Dir = source
	cmd.Env = append(os.Environ(), "CARGO_TERM_COLOR=never", "CARGO_TERM_PROGRESS_WHEN=never")
	interruptible(cmd)
	var artifacts, messages bytes.Buffer
	cmd.Stdout, cmd.Stderr = &artifacts, &messages
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && messages.Len() > 0:
		return fmt.Errorf("does not compile:\n%s", locatedRust(source, messages.String()))
	case err != nil:
		return fmt.Errorf("cargo build: %w", err)
	}
	module, err := builtModule(artifacts.Bytes())
	if err != nil {
		return err
	}
	return copyModule(module, output)
}

// builtModule finds the module in cargo's messages, each a line of JSON: dependencies come before what depends on them.
func builtModule(messages []byte) (string, error) {
	var module string
	for line := range bytes.Lines(messages) {
		var message struct {
			Reason    string   `json:"reason"`
			Filenames []string `json:"filenames"`
		}
		if json.Unmarshal(line, &message) != nil || message.Reason != "compiler-artifact" {
			continue // what a build script prints may be there too
		}
		for _, name := range message.Filenames {
			if filepath.Ext(name) == ".wasm" {
				module = name
			}
		}
	}
	if module == "" {
		return "", errors.New("cargo build: no module came out; is the library's crate-type cdylib?")
	}
	return module, nil
}

func copyModule(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o644)
}

var rustPlace = regexp.MustCompile(`^(\s*--> )([^:]+)(:\d+:\d+)`)

// locatedRust gives the compiler's messages the paths of files as seen from where the user is; see located. Cargo's are relative to
// the workspace, which may be another folder: those stay.
func locatedRust(source, messages string) string {
	var out []string
	for line := range strings.Lines(strings.TrimSpace(messages)) {
		line = strings.TrimRight(line, "\r\n")
		if place := rustPlace.FindStringSubmatch(line); place != nil && !filepath.IsAbs(place[2]) {
			file := filepath.Join(source, place[2])
			if _, err := os.Stat(file); err == nil {
				line = place[1] + file + line[len(place[1])+len(place[2]):]
			}
		}
		out = append(out, strings.TrimRight("  "+line, " "))
	}
	return strings.Join(out, "\n")
}
