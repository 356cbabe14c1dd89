package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"text/tabwriter"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/wasgi/wasgi/host"
)

func newServe() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve [DIR]",
		Short: "Serve the apps of a folder",
		Long: "Serve the .wasm files of DIR, each under its name: hello.wasm answers at /hello, index.wasm at /.\n" +
			"Without DIR, the folder is apps.dir of the configuration.",
		Example: "  wasgi serve plugins\n  wasgi serve /srv/apps --listen :80 --access-log\n" +
			"  wasgi serve --tls-listen :8443 --tls-cert server.crt --tls-key server.key",
		Args: arguments(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			surviveBrokenPipes()
			options, err := hostOptions(cmd, strings.Join(args, ""))
			if err != nil {
				return err
			}
			// Before loading the apps: a port that is taken should not cost the time that takes.
			listeners, err := host.Listen(options.Config)
			if err != nil {
				return err
			}
			return serve(cmd.Context(), options, listeners, cmd.OutOrStdout())
		},
	}
	addServeFlags(cmd)
	return cmd
}

// surviveBrokenPipes keeps the process alive when nobody reads its output or its log any more, which would end it otherwise:
// whoever piped them into head wants the apps to go on. The channel is never read; that somebody listens is enough.
func surviveBrokenPipes() { signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }

// serve opens the host, says what it serves, and serves until ctx is done.
func serve(ctx context.Context, options host.Options, listeners []net.Listener, stdout io.Writer) error {
	h, err := host.Open(ctx, options)
	if err != nil {
		return errors.Join(err, closeAll(listeners))
	}
	printApps(stdout, h.Status())
	fmt.Fprintln(stdout)
	for _, listener := range listeners {
		fmt.Fprintf(stdout, "serving %s at %s\n", options.Config.Apps.Dir, address(listener))
	}
	return errors.Join(h.Serve(ctx, listeners...), h.Close())
}

func closeAll(listeners []net.Listener) error {
	var problems []error
	for _, listener := range listeners {
		problems = append(problems, listener.Close())
	}
	return errors.Join(problems...)
}

// address is what to open in a browser. A listener on all interfaces is reached at localhost.
func address(listener net.Listener) string {
	scheme := "http"
	if _, ok := listener.(host.TLSListener); ok {
		scheme = "https"
	}
	name, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		return listener.Addr().String()
	}
	if ip := net.ParseIP(name); ip != nil && ip.IsUnspecified() {
		name = "localhost"
	}
	return scheme + "://" + net.JoinHostPort(name, port) + "/"
}

// printApps prints one line for each app. Folders of public files have a column where there are any.
func printApps(w io.Writer, apps []host.Status) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	files := slices.ContainsFunc(apps, func(app host.Status) bool { return app.Public != "" })
	heading, rest := "APP\tMOUNT\tKIND\tSIZE\tSTATE", ""
	if files {
		heading += "\tFILES"
	}
	fmt.Fprintln(table, heading)
	for _, app := range apps {
		if files {
			rest = "\t" + or(printable(app.Public), "-")
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s%s\n", printable(app.Name), printable(strings.Join(app.Mounts, " ")),
			or(app.Kind, "-"), size(app.Size), app.State, rest)
	}
	_ = table.Flush() // a terminal that is gone is told nothing
}

// size writes bytes for people.
func size(n int64) string {
	switch {
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	case n >= 1<<10:
		return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
	}
	return fmt.Sprintf("%d B", n)
}

// printable keeps what a file's name holds from steering the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, s)
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
