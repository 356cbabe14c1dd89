package main

import (
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/spf13/cobra"

	"github.com/wasgi/wasgi/host"
)

func newDev() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dev DIR",
		Short: "Build the apps of a folder from source, serve them, and rebuild on save",
		Long: "Build every folder of DIR that holds the Go source of an app (hello/ into hello.wasm beside it), serve\n" +
			"DIR, and build again whenever a source file is saved. An app that does not compile keeps its old version.",
		Args: usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error { return dev(cmd, args[0]) },
	}
	addServeFlags(cmd)
	return cmd
}

func dev(cmd *cobra.Command, dir string) error {
	cfg, err := loadConfig(cmd, dir)
	if err != nil {
		return err
	}
	log, err := newLogger(cfg.Log, cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	listener, err := listen(cfg)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(cmd.Context())
	defer cancel()
	// Before the first build, so that a file that is saved during it is built again.
	watcher, err := host.Watch(ctx, host.WatchOptions{Dir: dir, Settle: cfg.Apps.Settle, Match: isSource, Log: log})
	if err != nil {
		return err
	}
	b := builder{out: cmd.OutOrStdout()}
	b.rebuild(ctx, dir, nil)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for changed := range watcher.Changes() {
			b.rebuild(ctx, dir, changed)
		}
	}()
	err = serve(ctx, cfg, log, listener, cmd.OutOrStdout())
	cancel()
	<-done
	return err
}

// rebuild builds what the changed paths belong to, nil for everything. What fails is told, and is no reason to stop serving.
func (b builder) rebuild(ctx context.Context, dir string, changed []string) {
	sources, err := findSources(dir)
	if err == nil && changed != nil {
		sources = affected(dir, sources, changed)
	}
	if err == nil && len(sources) > 0 {
		if changed == nil {
			fmt.Fprintf(b.out, "building %d apps from source; the first time takes longest\n", len(sources))
		}
		err = b.buildAll(ctx, sources, "")
	}
	if err != nil && ctx.Err() == nil {
		fmt.Fprintf(b.out, "%v; what was built before keeps serving\n", err)
	}
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
