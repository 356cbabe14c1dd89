//go:build !unix

package compile

import "time"

// processorTime knows no better than the clock, from the process's start on.
func processorTime() time.Duration { return time.Since(begun) }

var begun = time.Now()
