package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

func newBuild() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "build DIR|APP",
		Short: "Build apps from source",
		Long: "Build the app whose source lies in APP into APP.wasm beside it, or every app below DIR.\n" +
			"A Go package main needs the Go toolchain, a Cargo package of type cdylib cargo with a target for wasm,\n" +
			"C and C++ (with wasgi.h, or a main for CGI) clang and lld.",
		Example: "  wasgi build plugins\n  wasgi build plugins/hello -o /srv/apps/hello.wasm",
		Args:    arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			sources, err := findSources(args[0])
			if err != nil {
				return err
			}
			if len(sources) == 0 {
				return fmt.Errorf("%s: no folder with an app's source in it: %s", args[0], sourceKinds)
			}
			if output != "" && sources[0] != filepath.Clean(args[0]) {
				return usageError{fmt.Errorf("build: -o needs the folder of one app, and %s holds others", args[0])}
			}
			b := builder{out: cmd.OutOrStdout(), errs: cmd.ErrOrStderr()}
			return b.buildAll(cmd.Context(), sources, output)
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "write the module to `FILE`")
	return cmd
}

// builder runs compilers and tells how it went.
type builder struct {
	out, errs io.Writer // what was built, and what the compiler found wrong
}

// buildAll builds one app after the other: Go's toolchain itself uses all processors. An empty output is the file beside each
// source. What the compiler says is told at once; the error names the apps that it did not like.
func (b builder) buildAll(ctx context.Context, sources []string, output string) error {
	// What one language lacks is no reason not to build the others.
	if !slices.ContainsFunc(sources, func(source string) bool { return languageOf(source).missing() == nil }) && len(sources) > 0 {
		return languageOf(sources[0]).missing()
	}
	var failed []string
	for _, source := range sources {
		to := output
		if to == "" {
			to = moduleOf(source)
		}
		done, err := buildApp(ctx, source, to)
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err != nil:
			failed = append(failed, appName(source))
			fmt.Fprintf(b.errs, "%s: %v\n", appName(source), err)
		default:
			fmt.Fprintln(b.out, done)
		}
	}
	if len(failed) > 0 {
		return fmt.Errorf("could not build %s", strings.Join(failed, ", "))
	}
	return nil
}

// moduleOf is where the module of an app's source belongs: beside it.
func moduleOf(source string) string {
	if abs, err := filepath.Abs(source); err == nil {
		source = abs // of "." too, the name counts
	}
	return source + ".wasm"
}

// appName names an app in messages by the folder of its source.
func appName(source string) string {
	return strings.TrimSuffix(filepath.Base(moduleOf(source)), ".wasm")
}
