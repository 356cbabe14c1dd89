package engine_test

import (
	"log/slog"
	"math"
	"testing"
	"time"

	"github.com/wasgi/wasgi/host/internal/engine"
)

// time reads a clock.
func (c *caller) time(id uint32) uint64 {
	c.t.Helper()
	c.expect(0, "clock_time_get", uint64(id), 0, 8)
	return c.u64(8)
}

// Clocks are real, and show whole milliseconds only.
func TestWASIClocks(t *testing.T) {
	t.Parallel()
	c := newCaller(t, engine.Config{})
	for id := range uint64(4) {
		c.expect(0, "clock_res_get", id, 64)
		if got := c.u64(64); got != 1_000_000 {
			t.Errorf("clock %d has steps of %d ns", id, got)
		}
		last := uint64(0)
		for range 1000 {
			got := c.time(uint32(id))
			if got%1_000_000 != 0 || got < last || got == 0 {
				t.Fatalf("clock %d shows %d after %d", id, got, last)
			}
			last = got
		}
		if now := time.Now().UnixNano(); math.Abs(float64(now-int64(last))) > float64(time.Minute) {
			t.Errorf("clock %d shows %d, the host's %d", id, last, now)
		}
	}
	for _, id := range []uint64{4, 5, 1 << 31, 1<<32 - 1} {
		c.expect(inval, "clock_res_get", id, 64)
		c.expect(inval, "clock_time_get", id, 0, 64)
	}
	c.expect(0, "clock_time_get", realtime, 1<<64-1, top-8)
	c.expect(fault, "clock_time_get", realtime, 0, top-7)
	c.expect(fault, "clock_res_get", realtime, 1<<32-8)
}

// A guest that looks at a clock as fast as it can sees ten times in 10 ms: too few to tell what its neighbours do.
func TestWASIClockIsNoSideChannel(t *testing.T) {
	t.Parallel()
	module := compile(t, newEngine(t, "", slog.New(slog.DiscardHandler)), "ticks")
	for id := range uint64(4) {
		i, err := module.Instantiate(t.Context(), config(), "")
		if err != nil {
			t.Fatal(err)
		}
		defer i.Close()
		stack := []uint64{id, 0}
		if err := i.Call(t.Context(), i.Function("application"), stack); err != nil {
			t.Fatal(err)
		}
		if stack[0] < 1 || stack[0] > 10 {
			t.Errorf("clock %d: %d times within 10 ms", id, stack[0])
		}
	}
}
