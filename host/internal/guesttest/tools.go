package guesttest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// fetching bounds how long a tool may take to be fetched and built.
const fetching = 3 * time.Minute

// Tool returns the path of a program that is written in Go: the one that is installed, or else the package at that version
// ("example.com/cmd/tool@v1.2.3"), built once and kept in the user's cache folder. Where that cannot be had the test is skipped.
func Tool(t testing.TB, versioned string) string {
	t.Helper()
	source, version, _ := strings.Cut(versioned, "@")
	name := filepath.Base(source)
	if found, err := exec.LookPath(name); err == nil {
		return found
	}
	tool := filepath.Join(CacheDir(t), "tools", version, name)
	if _, err := os.Stat(tool); err == nil {
		return tool
	}
	building := t.TempDir() // so that one which is built only in part is never found
	ctx, cancel := context.WithTimeout(t.Context(), fetching)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", "install", versioned)
	cmd.Dir = building // outside of the module: its versions are none of the tool's
	cmd.Env = append(os.Environ(), "GOBIN="+building, "GOFLAGS=")
	if messages, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("%s is not installed, and go install %s: %v\n%s", name, versioned, err, messages)
	}
	program, err := os.ReadFile(filepath.Join(building, name))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(tool), 0o700); err != nil {
		t.Fatal(err)
	}
	partial, err := os.CreateTemp(filepath.Dir(tool), name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := partial.Write(program); err != nil {
		t.Fatal(err)
	}
	if err := partial.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(partial.Name(), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(partial.Name(), tool); err != nil {
		t.Fatal(err)
	}
	return tool
}
