package listen

import (
	"sync"
	"time"
)

// digestEvery is how often the same thing is logged at most.
const digestEvery = 10 * time.Second

// digest bounds how often something is logged that may happen thousands of times a second.
type digest struct {
	mu    sync.Mutex
	next  time.Time
	times int
}

// say logs that it has happened, with how often it has since it was logged last, or only counts it.
func (d *digest) say(log func(times int)) {
	d.mu.Lock()
	d.times++
	times, now := d.times, time.Now()
	due := !now.Before(d.next)
	if due {
		d.times, d.next = 0, now.Add(digestEvery)
	}
	d.mu.Unlock()
	if due {
		log(times)
	}
}
