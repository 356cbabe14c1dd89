// Command wasgi serves a folder of sandboxed WebAssembly web apps, and builds and tries them.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/wasgi/wasgi/host"
)

func main() {
	host.CompilerMain()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	// The first signal asks for a graceful end. From then on the default holds again: a second one stops at once.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// The exit codes.
const (
	exitOK          = 0
	exitFault       = 1   // something went wrong
	exitUsage       = 2   // the command line makes no sense
	exitInterrupted = 130 // a signal came before the work was done, as shells number it
)

// usageError marks a command line that makes no sense.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// run is the whole program but for the process around it.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := newRoot(stdin, stdout, stderr)
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	switch {
	case err == nil:
		return exitOK
	case interrupted(ctx, err):
		return exitInterrupted // who pressed the keys knows
	}
	fmt.Fprintf(stderr, "wasgi: %v\n", err)
	var usage usageError
	if errors.As(err, &usage) {
		fmt.Fprintf(stderr, "Run '%s --help' for how it is used.\n", cmd.CommandPath())
		return exitUsage
	}
	return exitFault
}

// interrupted reports whether an error says no more than that ctx is done.
func interrupted(ctx context.Context, err error) bool {
	return ctx.Err() != nil && (errors.Is(err, ctx.Err()) || errors.Is(err, context.Cause(ctx)))
}

// newRoot puts the commands together.
func newRoot(stdin io.Reader, stdout, stderr io.Writer) *cobra.Command {
	root := &cobra.Command{
		Use:   "wasgi",
		Short: "WSGI for WebAssembly: serve a folder of sandboxed web apps",
		Long: "wasgi serves a folder of sandboxed web apps. Drop hello.wasm into the folder and /hello answers;\n" +
			"replace it and the next request runs the new version; remove it and the route is gone.",
		Version:                    version(),
		Args:                       noSuchCommand,
		RunE:                       func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceErrors:              true,
		SilenceUsage:               true,
		SuggestionsMinimumDistance: 2,
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(newServe(), newDev(), newBuild(), newCall(), newInspect(), newCheck(), newBench(), newImport(), newVersion())
	return root
}

func noSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := ""
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		hint = "; did you mean " + strings.Join(near, " or ") + "?"
	}
	return usageError{fmt.Errorf("there is no command %q%s", args[0], hint)}
}

// arguments makes a wrong number of arguments a usage error that shows what the command takes.
func arguments(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return usageError{fmt.Errorf("%s: an argument is missing; write %s", cmd.Name(), cmd.UseLine())}
		case len(args) > most:
			return usageError{fmt.Errorf("%s: argument %q is one too many; write %s", cmd.Name(), args[most], cmd.UseLine())}
		}
		return nil
	}
}
