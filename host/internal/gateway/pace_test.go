package gateway

import (
	"math"
	"testing"
	"time"
)

func TestPace(t *testing.T) {
	t.Parallel()
	now := time.Now()
	late := now.Add(time.Hour)
	var p pace
	due := func(moved, rate int64) time.Duration { return p.limit(now, late, moved, rate).Sub(now) }
	for _, c := range []struct {
		what        string
		waited      time.Duration // since the step before
		had, wanted int64         // bytes: until then, and with the next block
		rate        int64
		want        time.Duration
		ended       bool
	}{
		{"at first there is patience", 0, 0, 0, 100, 5 * time.Second, true},
		{"no rate is none", 0, 0, 0, 0, time.Hour, false},
		{"what goes into buffers earns nothing", 50 * time.Millisecond, 1e9, 1e9, 100, 4950 * time.Millisecond, true},
		{"the next block does", 0, 1e9, 1e9 + 200, 100, 6950 * time.Millisecond, true},
		{"time is used up", 4 * time.Second, 1e9, 1e9, 100, 950 * time.Millisecond, true},
		{"and earned", 0, 1e9 + 1000, 1e9 + 1000, 100, 10950 * time.Millisecond, true},
		{"and used up", 11 * time.Second, 1e9 + 1000, 1e9 + 1000, 100, -50 * time.Millisecond, true},
		{"who is fast has until the deadline", 0, 1e12, 1e12, 100, time.Hour, false},
		{"and nothing runs over", 0, math.MaxInt64, math.MaxInt64, 1, time.Hour, false},
	} {
		p.note(c.waited, c.had)
		if got := due(c.wanted, c.rate); got != c.want || p.ended != c.ended {
			t.Errorf("%s: %v %t, want %v %t", c.what, got, p.ended, c.want, c.ended)
		}
	}
}
