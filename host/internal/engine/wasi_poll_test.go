package engine_test

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/wasgi/wasgi/host/internal/engine"
	"github.com/wasgi/wasgi/host/internal/guest"
)

// subscription is one thing to wait for, as poll_oneoff takes it.
type subscription struct {
	userdata uint64
	kind     byte
	id       uint32
	timeout  uint64
	flags    uint16
}

const (
	clockKind, readKind, writeKind = 0, 1, 2
	realtime, monotonic            = 0, 1
	absolute                       = 1
)

func (s subscription) encode() []byte {
	out := make([]byte, 48)
	binary.LittleEndian.PutUint64(out, s.userdata)
	out[8] = s.kind
	binary.LittleEndian.PutUint32(out[16:], s.id)
	binary.LittleEndian.PutUint64(out[24:], s.timeout)
	binary.LittleEndian.PutUint16(out[40:], s.flags)
	return out
}

// event is what came of a subscription.
type event struct {
	userdata uint64
	errno    uint16
	kind     byte
}

// poll waits for any of the subscriptions.
func (c *caller) poll(subscriptions ...subscription) []event {
	c.t.Helper()
	const in, out, count = 1 << 10, 1 << 15, 8
	for k, s := range subscriptions {
		c.put(in+48*uint32(k), s.encode())
	}
	c.put(out, slices.Repeat([]byte{0xff}, 32*len(subscriptions)))
	c.expect(0, "poll_oneoff", in, out, uint64(len(subscriptions)), count)
	var events []event
	for k := range c.u32(count) {
		e := c.bytes(out+32*k, 32)
		events = append(events, event{binary.LittleEndian.Uint64(e), binary.LittleEndian.Uint16(e[8:]), e[10]})
		if slices.Max(e[11:]) != 0 {
			c.t.Errorf("event %d ends with % x", k, e[11:])
		}
	}
	return events
}

// bubble runs a test whose time passes while all sleep, and only then. It begins at a full second.
func bubble(t *testing.T, test func(t *testing.T, c *caller)) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { test(t, newCaller(t, engine.Config{})) })
}

// A sleep ends at the first step of the clock at which its time is over.
func TestWASISleeps(t *testing.T) {
	bubble(t, func(t *testing.T, c *caller) {
		sleeper := func(d time.Duration, id uint32, flags uint16) subscription {
			s := subscription{userdata: 7, id: id, timeout: uint64(d), flags: flags}
			if flags == absolute {
				s.timeout += uint64(time.Now().UnixNano())
			}
			return s
		}
		for _, s := range []struct {
			after, sleep, want time.Duration
		}{
			{0, 0, 0}, {0, 1, time.Millisecond}, {0, time.Millisecond, time.Millisecond},
			{0, time.Millisecond + 1, 2 * time.Millisecond}, {0, 90 * time.Minute, 90 * time.Minute},
			{999_999, 0, 0}, {999_999, time.Millisecond, 1}, {400_000, 5 * time.Millisecond, 4_600_000},
		} {
			for id := range uint32(4) {
				time.Sleep(time.Until(time.Now().Truncate(time.Millisecond).Add(time.Millisecond + s.after)))
				begun := time.Now()
				got := c.poll(sleeper(s.sleep, id, 0))
				if took := time.Since(begun); took != s.want || !slices.Equal(got, []event{{7, 0, clockKind}}) {
					t.Errorf("clock %d: %v of sleep, %v after a step, took %v, want %v: %v", id, s.sleep, s.after, took, s.want, got)
				}
			}
		}
		for id := range uint32(4) {
			for _, d := range []time.Duration{-time.Hour, 0, 1, 3 * time.Millisecond, 25 * time.Hour} {
				begun := time.Now()
				c.poll(sleeper(d, id, absolute))
				if late := time.Since(begun) - max(d, 0); late < 0 || late >= time.Millisecond {
					t.Errorf("clock %d: a sleep until %v from now was %v late", id, d, late)
				}
			}
		}
	})
}

// No guest that looks at its clock before and after sees that it slept too short.
func TestWASIWakesNobodyEarly(t *testing.T) {
	bubble(t, func(t *testing.T, c *caller) {
		random := rand.New(rand.NewPCG(1, 2))
		for range 500 {
			time.Sleep(time.Duration(random.IntN(3_000_000)))
			sleep, id := uint64(random.IntN(5_000_000)), uint32(random.IntN(4))
			begun := c.time(id)
			c.poll(subscription{id: id, timeout: sleep})
			if slept := c.time(id) - begun; slept < sleep || slept >= sleep+uint64(time.Millisecond) {
				t.Fatalf("clock %d: a sleep of %d ns took %d", id, sleep, slept)
			}
		}
	})
}

// The first of several things wakes the guest; what has happened by then comes with it, in the order asked for.
func TestWASIPollsSeveral(t *testing.T) {
	bubble(t, func(t *testing.T, c *caller) {
		second, hour := uint64(time.Second), uint64(time.Hour)
		for name, s := range map[string]struct {
			wait []subscription
			want []event
			took time.Duration
		}{
			"the first": {
				[]subscription{{userdata: 1, timeout: hour}, {userdata: 2, timeout: second},
					{userdata: 3, id: monotonic, timeout: 2 * second}},
				[]event{{2, 0, clockKind}}, time.Second},
			"two at once": {
				[]subscription{{userdata: 1, timeout: second}, {userdata: 2, timeout: hour},
					{userdata: 3, id: monotonic, timeout: second}},
				[]event{{1, 0, clockKind}, {3, 0, clockKind}}, time.Second},
			"descriptors are ready": {
				[]subscription{{userdata: 1, timeout: hour}, {userdata: 2, kind: readKind}, {userdata: 3, kind: writeKind, id: 1},
					{userdata: 1<<64 - 1, kind: writeKind, id: 2}},
				[]event{{2, 0, readKind}, {3, 0, writeKind}, {1<<64 - 1, 0, writeKind}}, 0},
			"unknown descriptors": {
				[]subscription{{userdata: 1, kind: readKind, id: 3}, {userdata: 2, kind: writeKind, id: 1<<32 - 1},
					{userdata: 3, timeout: 1}},
				[]event{{1, badf, readKind}, {2, badf, writeKind}}, 0},
			"unknown clock": {
				[]subscription{{userdata: 1, id: 4}, {userdata: 2, timeout: hour}},
				[]event{{1, inval, clockKind}}, 0},
			"unknown flag": {[]subscription{{userdata: 1, flags: 2}}, []event{{1, inval, clockKind}}, 0},
			"unknown kind": {
				[]subscription{{userdata: 1, kind: 3}, {userdata: 2, kind: 255}},
				[]event{{1, inval, 3}, {2, inval, 255}}, 0},
			"nothing to do":  {[]subscription{{userdata: 1}, {userdata: 2, timeout: 1}}, []event{{1, 0, clockKind}}, 0},
			"as many as can": {slices.Repeat([]subscription{{timeout: second}}, 512), slices.Repeat([]event{{}}, 512), time.Second},
		} {
			begun := time.Now()
			if got := c.poll(s.wait...); !slices.Equal(got, s.want) || time.Since(begun) != s.took {
				t.Errorf("%s: after %v %v\nwant after %v %v", name, time.Since(begun), got, s.took, s.want)
			}
		}
	})
}

// What it is told to look at must lie within the memory, and be neither nothing nor too much.
func TestWASIPollRefuses(t *testing.T) {
	t.Parallel()
	c := newCaller(t, engine.Config{})
	for _, n := range []uint64{0, 1025, 1 << 16, 1<<32/48 + 1, 1<<32 - 1} {
		c.expect(inval, "poll_oneoff", 0, 0, n, 0)
	}
	c.expect(0, "poll_oneoff", 0, 1<<15, 682, 1<<15-4)
	c.expect(fault, "poll_oneoff", 0, 1<<15, 1024, top-3)
	c.expect(fault, "poll_oneoff", top-47, 0, 1, 0)
	c.expect(fault, "poll_oneoff", 0, top-31, 1, 0)
	c.expect(fault, "poll_oneoff", 0, 0, 1, top-3)
	c.expect(fault, "poll_oneoff", 1<<32-48, 0, 1, 0)
	c.expect(0, "poll_oneoff", 1024, 1024, 100, 0) // events over subscriptions
}

// An endless sleep is over when the call is.
func TestWASISleepEndsWithTheContext(t *testing.T) {
	t.Parallel()
	module, _ := wasiModule(t)
	for name, s := range map[string]subscription{
		"relative": {timeout: math.MaxUint64}, "absolute": {timeout: math.MaxUint64, flags: absolute},
		"292 years": {timeout: math.MaxInt64, id: monotonic}, "an hour": {timeout: uint64(time.Hour)},
	} {
		i, err := module.Instantiate(t.Context(), config(), "")
		if err != nil {
			t.Fatal(err)
		}
		defer i.Close()
		view, _ := i.View(1024, 48)
		copy(view, s.encode())
		ctx, cancel := context.WithTimeoutCause(t.Context(), 10*time.Millisecond, guest.ErrMaxDuration)
		defer cancel()
		err = i.Call(ctx, i.Function("poll_oneoff"), []uint64{1024, 2048, 1, 0})
		if guest.KindOf(err) != guest.KindDeadline || !errors.Is(err, guest.ErrMaxDuration) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
