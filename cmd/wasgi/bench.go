package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/wasgi/wasgi/host"
)

func newBench() *cobra.Command {
	var r request
	var plan host.BenchPlan
	cmd := &cobra.Command{
		Use:   "bench FILE.wasm [PATH]",
		Short: "Measure what serving an app costs, against a native handler",
		Long: "Measure what serving an app costs. The app answers one request; a native handler then gives the same response, and\n" +
			"both take short turns under the same load, over loopback and with the server's settings, for each kind of isolation.\n" +
			"Clients, handlers and guests share this process, so rates are lower than with clients elsewhere: look at the ratio.\n" +
			"A manifest beside the file is obeyed, but for its isolation. The exit code is 1 if a request failed.",
		Example: "  wasgi bench plugins/hello.wasm\n  wasgi bench plugins/echo.wasm -d @photo.jpg --rounds 20 /",
		Args:    arguments(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			r.take(cmd, args[1:])
			return measure(cmd, args[0], r, plan)
		},
	}
	r.addFlags(cmd)
	cmd.Flags().IntVarP(&plan.Clients, "clients", "c", 4, "ask over `N` connections at once")
	cmd.Flags().DurationVarP(&plan.Duration, "duration", "t", 500*time.Millisecond, "ask each side for `TIME` in a round")
	cmd.Flags().IntVar(&plan.Rounds, "rounds", 5, "play `N` rounds")
	cmd.Flags().StringSliceVar(&plan.Isolations, "isolation", []string{"request", "instance", "fresh"}, "measure these `KINDS` of isolation")
	addLogFlags(cmd)
	return cmd
}

func measure(cmd *cobra.Command, file string, r request, plan host.BenchPlan) error {
	if plan.Clients < 1 || plan.Rounds < 1 || plan.Duration <= 0 {
		return usageError{errors.New("bench: --clients, --rounds and --duration must be above 0")}
	}
	options, err := hostOptions(cmd, "")
	if err != nil {
		return err
	}
	req, body, err := r.build(cmd.InOrStdin())
	if err != nil {
		return err
	}
	defer body.Close()
	out := cmd.OutOrStdout()
	fmt.Fprintf(out, "%s %s on %s: %s, %s of %s, about %s in all\n", req.Method, printable(r.path), printable(file),
		plural(plan.Clients, "client", "clients"), plural(plan.Rounds, "round", "rounds"), plan.Duration, plan.Takes().Round(100*time.Millisecond))
	result, err := host.Bench(cmd.Context(), options, file, req, plan)
	if err != nil {
		return err
	}
	printBench(out, result)
	return benchFailure(result)
}

// benchFailure is the error of a measurement in which requests failed: its figures are those of something else.
func benchFailure(result *host.BenchResult) error {
	for _, row := range result.Apps {
		switch {
		case row.Failed == 0:
		case row.Fault != nil:
			return fmt.Errorf("isolation %s: %d of %d requests failed: %w", row.Isolation, row.Failed, row.Requests, row.Fault)
		default:
			return fmt.Errorf("isolation %s: %d of %d requests were not answered with %d", row.Isolation, row.Failed, row.Requests, result.Status)
		}
	}
	return nil
}

// printBench prints a table with the native handler in its first row.
func printBench(w io.Writer, result *host.BenchResult) {
	fmt.Fprintf(w, "%d %s, %s of body\n\n", result.Status, http.StatusText(result.Status), size(result.Size))
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ISOLATION\tRATIO\tREQ/S\tP50\tP99\tGUEST\tRESTORE\tNEW\tMEMORY")
	row := func(cells ...string) { fmt.Fprintln(table, strings.Join(cells, "\t")) }
	n := result.Native
	row("(native)", "1", grouped(int(n.PerSecond)), brief(n.P50), brief(n.P99), unknown, unknown, unknown, unknown)
	for _, a := range result.Apps {
		row(a.Isolation, fmt.Sprintf("%.3g (%.3g to %.3g)", a.Ratio, a.Least, a.Most), grouped(int(a.PerSecond)),
			brief(a.P50), brief(a.P99), brief(a.Guest), brief(a.Restore), brief(a.Make), shortSize(a.Memory))
	}
	_ = table.Flush() // a terminal that is gone is told nothing
	fmt.Fprint(w, "\nratio: requests a second over the native handler's in the same round, median (least to most)\n"+
		"guest, restore: mean of a request; new: mean of making an instance; memory: of the largest instance\n")
	for _, a := range result.Apps {
		if a.RunsAs != a.Isolation {
			fmt.Fprintf(w, "%s runs as %s: %s\n", a.Isolation, a.RunsAs, printable(a.Why))
		}
	}
}

// unknown stands for what nobody knows, or what did not happen.
const unknown = "–"

// brief writes a duration with three digits.
func brief(d time.Duration) string {
	switch {
	case d == 0:
		return unknown
	case d < time.Microsecond:
		return d.String()
	case d < time.Millisecond:
		return fmt.Sprintf("%.3gµs", float64(d)/float64(time.Microsecond))
	case d < time.Second:
		return fmt.Sprintf("%.3gms", float64(d)/float64(time.Millisecond))
	}
	return fmt.Sprintf("%.3gs", d.Seconds())
}
