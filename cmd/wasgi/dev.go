package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wasgi/wasgi/host"
)

func newDev() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dev DIR",
		Short: "Build the apps of a folder from source, serve them, and rebuild on save",
		Long: "Build every folder of DIR that holds the source of an app (hello/ into hello.wasm beside it), serve\n" +
			"DIR, and build again whenever a source file is saved. An app that does not compile keeps its old version.\n" +
			"An app whose source folder is removed goes with it.",
		Example: "  wasgi dev plugins",
		Args:    arguments(1, 1),
		RunE:    func(cmd *cobra.Command, args []string) error { return dev(cmd, args[0]) },
	}
	addServeFlags(cmd)
	return cmd
}

func dev(cmd *cobra.Command, dir string) error {
	surviveBrokenPipes()
	if sources, err := findSources(dir); err != nil {
		return err
	} else if slices.Contains(sources, filepath.Clean(dir)) {
		return usageError{fmt.Errorf("dev: %s is the source of one app; name the folder that it lies in", dir)}
	}
	options, err := hostOptions(cmd, dir)
	if err != nil {
		return err
	}
	listeners, err := host.Listen(options.Config)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(cmd.Context())
	defer cancel()
	// Before the first build, so that a file that is saved during it is built again.
	watcher, err := host.Watch(ctx, host.WatchOptions{
		Dir: dir, Settle: options.Config.Apps.Settle, Log: options.Log,
		Match: func(rel string, isDir bool) bool { return isSource(rel, isDir) && !builtByCargo(dir, rel) },
	})
	if err != nil {
		return errors.Join(err, closeAll(listeners))
	}
	w := newWorkshop(dir, builder{out: cmd.OutOrStdout(), errs: cmd.OutOrStdout()})
	w.open(ctx)
	if ctx.Err() != nil {
		return errors.Join(context.Cause(ctx), closeAll(listeners))
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for changed := range watcher.Changes() {
			w.rebuild(ctx, changed)
		}
	}()
	err = serve(ctx, options, listeners, cmd.OutOrStdout())
	cancel()
	<-done
	return err
}

// workshop keeps the modules of a folder in step with their sources. What fails is told, and is no reason to stop serving.
// One goroutine uses it at a time.
type workshop struct {
	dir     string
	builder builder
	known   map[string]bool // the sources that were seen
}

func newWorkshop(dir string, b builder) *workshop {
	return &workshop{dir: dir, builder: b, known: map[string]bool{}}
}

// open builds everything.
func (w *workshop) open(ctx context.Context) {
	sources, err := findSources(w.dir)
	if err == nil && len(sources) == 0 {
		fmt.Fprintf(w.builder.out, "no source in %s yet; a folder with an app's source (%s) is built as soon as it is there\n", w.dir, sourceKinds)
		return
	}
	if err == nil {
		fmt.Fprintf(w.builder.out, "building %s from source; the first time takes longest\n", count(len(sources), "app"))
	}
	w.build(ctx, sources, err)
}

// rebuild builds what the changed paths belong to.
func (w *workshop) rebuild(ctx context.Context, changed []string) {
	sources, err := findSources(w.dir)
	if err != nil {
		w.build(ctx, nil, err)
		return
	}
	gone := w.removeOrphans()
	// What is gone is still what its own files belonged to.
	hit := affected(w.dir, slices.Concat(sources, gone), changed)
	w.build(ctx, slices.DeleteFunc(slices.Clone(hit), func(s string) bool { return slices.Contains(gone, s) }), nil)
}

func (w *workshop) build(ctx context.Context, sources []string, err error) {
	for _, source := range sources {
		w.known[source] = true
	}
	if err == nil && len(sources) > 0 {
		err = w.builder.buildAll(ctx, sources, "")
	}
	if err != nil && ctx.Err() == nil {
		fmt.Fprintf(w.builder.out, "%v; what was built before keeps serving\n", err)
	}
}

// removeOrphans removes the modules of sources that were here and whose folder is there no more, and returns those sources.
func (w *workshop) removeOrphans() []string {
	var gone []string
	for source := range w.known {
		if _, err := os.Stat(source); !errors.Is(err, fs.ErrNotExist) {
			continue
		}
		delete(w.known, source)
		gone = append(gone, source)
		module := moduleOf(source)
		if err := os.Remove(module); err == nil {
			fmt.Fprintf(w.builder.out, "removed %s: its source is gone\n", filepath.Base(module))
		} else if !errors.Is(err, fs.ErrNotExist) {
			fmt.Fprintf(w.builder.out, "the source is gone, the module stays: %v\n", err)
		}
	}
	return gone
}

// isSource keeps the watcher to what a build can depend on.
func isSource(rel string, dir bool) bool {
	for name := range strings.SplitSeq(rel, "/") {
		if name != "." && skipped(name) {
			return false
		}
	}
	return dir || path.Ext(rel) != ".wasm"
}

// count writes a number of things.
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
