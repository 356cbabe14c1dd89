package gateway

import (
	"math"
	"time"
)

const (
	// patience is how long a client may keep an app waiting, however little it sends or takes.
	patience = 5 * time.Second
	// noticeable is how long it must have kept the app waiting for the bytes to count. Those before cost it nothing: they lay in
	// the system's buffers.
	noticeable = 100 * time.Millisecond
)

// pace holds a client to min_rate in one direction. What counts is the time for which the app waits for it: a stream in which nothing
// happens costs nothing.
type pace struct {
	waited time.Duration
	before int64 // bytes that had been moved when waiting became noticeable
	ended  bool  // the last deadline was this one's
}

// limit returns the earlier of deadline and the time by which a client must have moved so many bytes in all, at a rate in bytes a
// second; 0 is no rate.
func (p *pace) limit(now, deadline time.Time, moved, rate int64) time.Time {
	p.ended = false
	if rate == 0 {
		return deadline
	}
	earned := float64(moved-p.before) / float64(rate) * float64(time.Second)
	if earned > math.MaxInt64/2 {
		return deadline
	}
	if due := now.Add(patience + time.Duration(earned) - p.waited); due.Before(deadline) {
		p.ended = true
		return due
	}
	return deadline
}

// note adds time for which the app has waited, and how many bytes have been moved in all by its end.
func (p *pace) note(waited time.Duration, moved int64) {
	p.waited += waited
	if p.waited < noticeable {
		p.before = moved
	}
}
