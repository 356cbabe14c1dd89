// Package toolchain builds guests in languages other than Go for tests: it finds a tool or skips the test, runs it, and keeps what came
// out, so that a compiler runs only after a change.
package toolchain

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Find returns the path of a program, or skips the test where there is none.
func Find(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed", name)
	}
	return path
}

// Recipe is one run of a tool.
type Recipe struct {
	// Dir is where the tool runs.
	Dir string
	// Command is the tool, as [Find] gives it, and its arguments. "{out}" in an argument stands for the path that the tool is to
	// write, be it a file or a folder.
	Command []string
	// Env is added to the environment, each "NAME=value".
	Env []string
	// Inputs are the files and folders, relative to Dir, that the result depends on.
	Inputs []string
}

// Build returns the path that stands for "{out}" in the command: of an earlier run if nothing has changed since, else of one now.
// A run that fails ends the test, with what the tool has said.
func (r Recipe) Build(t testing.TB) string {
	t.Helper()
	key, err := r.key()
	if err != nil {
		t.Fatal(err)
	}
	kept := filepath.Join(cacheDir(t), key)
	if _, err := os.Stat(kept); err != nil {
		r.run(t, kept)
		sweep(filepath.Dir(kept))
	}
	now := time.Now()
	_ = os.Chtimes(kept, now, now) // else it is swept too early, and built again
	return filepath.Join(kept, "out")
}

// lifetime is how long something is kept that nobody asks for.
const lifetime = 7 * 24 * time.Hour

// sweep removes what nobody has asked for since, and what a test left behind that was killed.
func sweep(dir string) {
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil && time.Since(info.ModTime()) > lifetime {
			_ = os.RemoveAll(filepath.Join(dir, entry.Name())) // the next sweep tries again
		}
	}
}

// run makes the folder kept in one step, so that another test sees all of it or nothing.
func (r Recipe) run(t testing.TB, kept string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(kept), 0o700); err != nil {
		t.Fatal(err)
	}
	work, err := os.MkdirTemp(filepath.Dir(kept), ".building-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(work) // gone already if all went well
	var args []string
	for _, arg := range r.Command[1:] {
		args = append(args, strings.ReplaceAll(arg, "{out}", filepath.Join(work, "out")))
	}
	cmd := exec.CommandContext(t.Context(), r.Command[0], args...)
	cmd.Dir = r.Dir
	cmd.Env = append(os.Environ(), r.Env...)
	if messages, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, messages)
	}
	if _, err := os.Stat(filepath.Join(work, "out")); err != nil {
		t.Fatalf("%s has written nothing: %v", cmd, err)
	}
	if err := os.Rename(work, kept); err != nil && !errors.Is(err, fs.ErrExist) {
		if _, lost := os.Stat(kept); lost != nil { // else another test was faster
			t.Fatal(err)
		}
	}
}

// key names what comes out of a run by all that goes in: the tool, the command, and the content of the inputs.
func (r Recipe) key() (string, error) {
	sum := sha256.New()
	tool, err := os.Stat(r.Command[0])
	if err != nil {
		return "", err
	}
	fmt.Fprintf(sum, "%d %d %q %q %q\n", tool.Size(), tool.ModTime().UnixNano(), r.Dir, r.Command, r.Env)
	for _, input := range r.Inputs {
		if err := hashTree(sum, filepath.Join(r.Dir, input)); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(sum.Sum(nil))[:32], nil
}

func hashTree(sum io.Writer, root string) error {
	return filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		fmt.Fprintf(sum, "%q %d\n", path, len(content))
		sum.Write(content)
		return err
	})
}

// cacheDir is within the folder that the program itself uses.
func cacheDir(t testing.TB) string {
	t.Helper()
	dir, err := os.UserCacheDir()
	if err != nil {
		return t.TempDir()
	}
	return filepath.Join(dir, "wasgi", "guest-sdk")
}
