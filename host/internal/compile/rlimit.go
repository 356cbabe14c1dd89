//go:build linux || darwin

package compile

import (
	"syscall"
	"time"
)

// limit sets one of the system's limits, for good. One that cannot be set leaves the watcher and the clock.
func limit(resource int, most uint64) {
	_ = syscall.Setrlimit(resource, &syscall.Rlimit{Cur: most, Max: most})
}

// seconds rounds up, and adds one that belongs to the watcher: the system knows no parts of a second.
func seconds(d time.Duration) uint64 { return uint64((d+time.Second-1)/time.Second) + 1 }

// niceness gives a compiler a third of the weight of whoever serves requests.
const niceness = 5
