package gateway

import (
	"math"
	"time"
)

// patience is how long a client may keep an app waiting however little it sends or takes.
const patience = 5 * time.Second

// pace holds a client to min_rate in one direction. What counts is the time for which the app waits for it: a stream in which nothing
// happens costs nothing.
type pace struct {
	waited time.Duration
	ended  bool // the last deadline was this one
}

// limit returns the earlier of deadline and the time by which the client must have moved so many bytes in all, at a rate in bytes a
// second; 0 is none.
func (p *pace) limit(now, deadline time.Time, moved, rate int64) time.Time {
	p.ended = false
	if rate == 0 {
		return deadline
	}
	allowed := float64(moved) / float64(rate) * float64(time.Second)
	if allowed > math.MaxInt64/2 {
		return deadline
	}
	if due := now.Add(patience + time.Duration(allowed) - p.waited); due.Before(deadline) {
		p.ended = true
		return due
	}
	return deadline
}
