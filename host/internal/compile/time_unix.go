//go:build unix

package compile

import (
	"syscall"
	"time"
)

// processorTime is what this process has used so far.
func processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0 // the clock on the wall is left
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
