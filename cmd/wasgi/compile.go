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
	lang := languageOf(source)
	if err := lang.missing(); err != nil {
		return "", err
	}
	if err := lang.compile(ctx, source, temporary); err != nil {
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

// sourceKinds says in messages what an app's source is.
const sourceKinds = "a Go package main, a Cargo package of type cdylib, C with wasgi.h or a main"

// language builds apps in one language.
type language struct {
	tool    string // the program that must be there
	install string // what says who needs it, and where to get it
	compile func(ctx context.Context, source, output string) error
}

// languageOf returns the language of an app's source.
func languageOf(source string) language {
	if isRust, _ := inspectCargo(source); isRust {
		return language{"cargo", "cargo is needed to build apps in Rust, and there is none in PATH; install it from https://rustup.rs", compileRust}
	}
	if _, holdsGo := inspectGo(source); !holdsGo {
		if isApp, _ := inspectC(source); isApp {
			return language{clang(), "clang is needed to build apps in C, and there is none in PATH; install clang and lld", compileC}
		}
	}
	return language{"go", "the Go toolchain is needed to build apps, and there is no go in PATH; install it from https://go.dev/dl", compileGo}
}

// missing returns why nothing can be built, or nil.
func (l language) missing() error {
	if _, err := exec.LookPath(l.tool); err != nil {
		return errors.New(l.install)
	}
	return nil
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
	mode, err := buildMode(ctx, source)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-buildmode="+mode, "-trimpath", "-o", output, ".")
	cmd.Dir = source
	cmd.Env = guestEnv("GOTMPDIR=" + work)
	interruptible(cmd)
	return compiled(cmd, source, ".go")
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

// compiled runs a compiler in the folder of the source; what it has to say of files with these endings is the error.
func compiled(cmd *exec.Cmd, source string, endings ...string) error {
	messages, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && len(messages) > 0:
		return fmt.Errorf("does not compile:\n%s", located(source, messages, endings))
	case err != nil:
		return fmt.Errorf("%s: %w", filepath.Base(cmd.Path), err)
	}
	return nil
}

// located gives the compiler's messages the paths of files as seen from where the user is, for terminals and editors that
// open what they find there. The compiler's own are relative to the source's folder.
func located(source string, messages []byte, endings []string) string {
	var out []string
	for line := range strings.Lines(string(bytes.TrimSpace(messages))) {
		line = strings.TrimRight(line, "\r\n")
		if strings.HasPrefix(line, "# ") {
			continue // the package's path: the files' say as much
		}
		out = append(out, "  "+locatedLine(source, line, endings))
	}
	return strings.Join(out, "\n")
}

func locatedLine(source, line string, endings []string) string {
	for _, ending := range endings {
		file, rest, found := strings.Cut(line, ending+":")
		if found && !filepath.IsAbs(file) && !strings.ContainsAny(file, " \t") {
			return filepath.Join(source, file) + ending + ":" + rest
		}
	}
	return line
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
