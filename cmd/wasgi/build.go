package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/build"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

func newBuild() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "build DIR|APP",
		Short: "Build apps from Go source",
		Long: "Build the app whose Go source lies in APP into APP.wasm beside it, or every app below DIR.\n" +
			"The Go toolchain must be installed.",
		Args: usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			sources, err := findSources(args[0])
			if err != nil {
				return err
			}
			if output != "" && (len(sources) != 1 || sources[0] != filepath.Clean(args[0])) {
				return usageError{fmt.Errorf("build: -o needs one app, %s holds %d", args[0], len(sources))}
			}
			b := builder{out: cmd.OutOrStdout()}
			return b.buildAll(cmd.Context(), sources, output)
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "write the module to `FILE`")
	return cmd
}

// findSources lists the folders below dir, or dir itself, that hold the Go source of an app: a package main.
func findSources(dir string) ([]string, error) {
	var sources []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !entry.IsDir() {
			return nil
		}
		if name := entry.Name(); path != dir && (skipped(name) || name == "testdata") {
			return filepath.SkipDir
		}
		switch isMain, holdsGo := inspectSource(path); {
		case isMain:
			sources = append(sources, path)
			return filepath.SkipDir
		case holdsGo && path != dir:
			return filepath.SkipDir // a library of the apps
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(sources) == 0 {
		return nil, fmt.Errorf("%s: no folder with a Go package main in it", dir)
	}
	return sources, nil
}

// skipped reports the folders that neither build nor watch enters.
func skipped(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") || name == "node_modules" || name == "vendor"
}

// inspectSource reports whether a folder's Go files, as the guest's platform selects them, are a package main, and whether
// it holds Go files at all. A file with a syntax error counts, so that the compiler can say what is wrong.
func inspectSource(dir string) (isMain, holdsGo bool) {
	guest := build.Default
	guest.GOOS, guest.GOARCH, guest.CgoEnabled = "wasip1", "wasm", false
	pkg, err := guest.ImportDir(dir, 0)
	var none *build.NoGoError
	if errors.As(err, &none) {
		return false, len(pkg.IgnoredGoFiles)+len(pkg.TestGoFiles)+len(pkg.XTestGoFiles) > 0
	}
	return pkg != nil && (pkg.Name == "main" || pkg.Name == "" && err != nil), true
}

// builder runs the Go toolchain and tells how it went.
type builder struct {
	out interface{ Write([]byte) (int, error) }
}

// buildAll builds one app after the other: the toolchain itself uses all processors.
func (b builder) buildAll(ctx context.Context, sources []string, output string) error {
	var failed []string
	for _, source := range sources {
		if err := b.build(ctx, source, output); err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			failed = append(failed, appName(source))
			fmt.Fprintf(b.out, "%s: %v\n", appName(source), err)
		}
	}
	if len(failed) > 0 {
		return fmt.Errorf("could not build %s", strings.Join(failed, ", "))
	}
	return nil
}

// build builds one app. A module that comes out as it was is left alone, so that nothing is loaded anew.
func (b builder) build(ctx context.Context, source, output string) error {
	source, err := filepath.Abs(source)
	if err != nil {
		return err
	}
	if output == "" {
		output = source + ".wasm"
	} else if output, err = filepath.Abs(output); err != nil {
		return err
	}
	started := time.Now()
	temporary := filepath.Join(filepath.Dir(output), "."+filepath.Base(output)+".tmp")
	defer os.Remove(temporary) // gone already if all went well
	if err := b.compile(ctx, source, temporary); err != nil {
		return err
	}
	changed, err := replace(temporary, output)
	if err == nil && changed {
		fmt.Fprintf(b.out, "built %s in %s\n", filepath.Base(output), time.Since(started).Round(10*time.Millisecond))
	}
	return err
}

// compile runs the Go compiler; its messages are the error.
func (b builder) compile(ctx context.Context, source, output string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-buildmode=c-shared", "-trimpath", "-o", output, ".")
	cmd.Dir = source
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0")
	messages, err := cmd.CombinedOutput()
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return errors.New("the Go toolchain is needed to build apps, and `go` is not in PATH")
	case err != nil:
		return fmt.Errorf("go build: %w\n%s", err, bytes.TrimSpace(messages))
	}
	return nil
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

// appName names an app in messages by the folder of its source.
func appName(source string) string {
	if abs, err := filepath.Abs(source); err == nil {
		return filepath.Base(abs)
	}
	return source
}

// contains reports whether a path lies in a folder or is it.
func contains(dir, path string) bool {
	rel, err := filepath.Rel(dir, path)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// affected returns the sources that changed paths belong to; all of them if a path belongs to none, since it may be a library
// that they share.
func affected(dir string, sources, changed []string) []string {
	var out []string
	for _, rel := range changed {
		path := filepath.Join(dir, filepath.FromSlash(rel))
		i := slices.IndexFunc(sources, func(source string) bool { return contains(source, path) })
		switch {
		case i >= 0 && !slices.Contains(out, sources[i]):
			out = append(out, sources[i])
		case i < 0 && filepath.Ext(path) == ".go":
			return sources
		}
	}
	return out
}
