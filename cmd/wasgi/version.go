package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/wasgi/wasgi/host"
)

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:                   "version",
		Short:                 "Print the version",
		Args:                  arguments(0, 0),
		DisableFlagsInUseLine: true,
		Run:                   func(cmd *cobra.Command, _ []string) { fmt.Fprintln(cmd.OutOrStdout(), version()) },
	}
}

// version says which program this is, what guests it takes and what it was built with.
func version() string {
	of := "(devel)"
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		of = info.Main.Version
	}
	return fmt.Sprintf("wasgi %s, abi %d, %s %s/%s", of, host.ABIVersion, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
