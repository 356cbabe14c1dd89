package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// buildApp builds one app, and says what became of it. A module that comes out as it was is left alone, so that nothing is
// loaded anew.
func buildApp(ctx context.Context, source, output string) (string, error) {
	output, err := filepath.Abs(output)
	if err != nil {
		return "", err
	}
	started := time.Now()
	temporary := filepath.Join(filepath.Dir(output), "."+filepath.Base(output)+".tmp")
	defer os.Remove(temporary) // gone already if all went well
	if err := languageOf(source).compile(ctx, source, temporary); err != nil {
		return "", err
	}
	changed, err := replace(temporary, output)
	switch {
	case err != nil:
		return "", err
	case !changed:
		return filepath.Base(output) + " is up to date", nil
	}
	return fmt.Sprintf("built %s in %s", filepath.Base(output), time.Since(started).Round(10*time.Millisecond)), nil
}

// patience is how long the toolchain may take to end what it has started.
const patience = 5 * time.Second

// compileGo runs the Go compiler; its messages are the error.
func compileGo(ctx context.Context, source, output string) error {
	// A toolchain that is interrupted early leaves its work behind; this is where.
	work, err := os.MkdirTemp(os.Getenv("GOTMPDIR"), "wasgi-build-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	cmd := exec.CommandContext(ctx, "go", "build", "-buildmode=c-shared", "-trimpath", "-o", output, ".")
	cmd.Dir = source
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0", "GOTMPDIR="+work)
	interruptible(cmd)
	messages, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && len(messages) > 0:
		return fmt.Errorf("does not compile:\n%s", located(source, messages))
	case err != nil:
		return fmt.Errorf("go build: %w", err)
	}
	return nil
}

// interruptible has a toolchain end what it has started when its context is done.
func interruptible(cmd *exec.Cmd) {
	cmd.Cancel = func() error {
		// Killed, it would leave the compilers that it has started running.
		if err := cmd.Process.Signal(os.Interrupt); err == nil {
			return nil
		}
		return cmd.Process.Kill() // where there are no signals
	}
	cmd.WaitDelay = patience
}

// located gives the compiler's messages the paths of files as seen from where the user is, for terminals and editors that
// open what they find there. The compiler's own are relative to the source's folder.
func located(source string, messages []byte) string {
	var out []string
	for line := range strings.Lines(string(bytes.TrimSpace(messages))) {
		line = strings.TrimRight(line, "\r\n")
		file, rest, found := strings.Cut(line, ".go:")
		switch {
		case strings.HasPrefix(line, "# "):
			continue // the package's path: the files' say as much
		case found && !filepath.IsAbs(file) && !strings.ContainsAny(file, " \t"):
			line = filepath.Join(source, file) + ".go:" + rest
		}
		out = append(out, "  "+line)
	}
	return strings.Join(out, "\n")
}

// replace moves a new file over an old one in one step, and reports whether they differed.
func replace(from, to string) (bool, error) {
	fresh, err := os.ReadFile(from)
	if err != nil {
		return false, err
	}
	if old, err := os.ReadFile(to); err == nil && bytes.Equal(old, fresh) {
		return false, nil
	}
	if err := os.Chmod(from, 0o644); err != nil {
		return false, err
	}
	return true, os.Rename(from, to)
}
