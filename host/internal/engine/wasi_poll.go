package engine

import (
	"context"
	"encoding/binary"
	"math"
	"time"
)

const (
	// maxSubscriptions is how many things one call may wait for.
	maxSubscriptions = 1024
	// maxNap is how long a sleep goes on without a look at the clock: realtime may be set meanwhile.
	maxNap = time.Minute

	subscriptionSize = 48
	eventSize        = 32
)

// The kinds of things to wait for, and the one flag of a clock's.
const (
	eventClock = iota
	eventRead
	eventWrite

	flagAbsolute = 1
)

// subscription is one thing to wait for, as it lies in the guest's memory.
//
//	offset  0  u64  userdata
//	        8  u8   kind
//	       16  u32  descriptor, or clock
//	       24  u64  time in nanoseconds, for a clock
//	       32  u64  precision, ignored
//	       40  u16  flags, for a clock
type subscription []byte

func (s subscription) kind() byte      { return s[8] }
func (s subscription) id() uint32      { return binary.LittleEndian.Uint32(s[16:]) }
func (s subscription) timeout() uint64 { return binary.LittleEndian.Uint64(s[24:]) }
func (s subscription) flags() uint16   { return binary.LittleEndian.Uint16(s[40:]) }

// wait says how long it takes until s is an event, and how it ends. Descriptors are ready at once: writing never blocks, and
// reading finds the end.
func (s subscription) wait(begun, now moment) (time.Duration, errno) {
	switch {
	case s.kind() == eventClock:
		return s.waitClock(begun, now)
	case s.kind() > eventWrite:
		return 0, errnoInval
	case !isStdio(s.id()):
		return 0, errnoBadf
	}
	return 0, errnoSuccess
}

// waitClock counts a relative time on the monotonic clock, whatever clock was named, from what the guest could see of it when
// the wait began.
func (s subscription) waitClock(begun, now moment) (time.Duration, errno) {
	id, end := s.id(), s.timeout()
	if id >= clocks || s.flags()&^flagAbsolute != 0 {
		return 0, errnoInval
	}
	if s.flags() != flagAbsolute {
		id = clockMonotonic
		start := coarse(begun[id])
		end = start + min(end, math.MaxUint64-start)
	}
	if end = stepAfter(end); end <= now[id] {
		return 0, errnoSuccess
	}
	return time.Duration(min(end-now[id], uint64(maxNap))), errnoSuccess
}

// event writes what became of s.
//
//	offset  0  u64  userdata
//	        8  u16  errno
//	       10  u8   kind
//	       16  u64  bytes that can be moved at once: 0 is not known
//	       24  u16  flags
func (s subscription) event(out []byte, code errno) {
	userdata, kind := binary.LittleEndian.Uint64(s), s.kind() // out may overlap s
	clear(out)
	binary.LittleEndian.PutUint64(out, userdata)
	binary.LittleEndian.PutUint16(out[8:], uint16(code))
	out[10] = kind
}

// pollOneoff waits until something of what the guest subscribed to has happened, or the call is over. This is how guests
// sleep.
func (c clock) pollOneoff(ctx context.Context, i *Instance, p []uint64) errno {
	n := uint32(p[2])
	if n == 0 || n > maxSubscriptions {
		return errnoInval
	}
	in, inOK := i.View(uint32(p[0]), n*subscriptionSize)
	out, outOK := i.Writable(uint32(p[1]), n*eventSize)
	count, countOK := i.Writable(uint32(p[3]), 4)
	if !inOK || !outOK || !countOK {
		return errnoFault
	}
	begun := c.now()
	events, nap := happened(in, out, begun, begun)
	for events == 0 {
		i.pauseProcess()
		pause(ctx, nap)
		events, nap = happened(in, out, begun, c.now())
	}
	binary.LittleEndian.PutUint32(count, uint32(events))
	return errnoSuccess
}

// happened writes the events that there are by now, and says how many. If there are none, it says when to look again.
func happened(in, out []byte, begun, now moment) (events int, nap time.Duration) {
	nap = maxNap
	for ; len(in) > 0; in = in[subscriptionSize:] {
		s := subscription(in[:subscriptionSize])
		wait, code := s.wait(begun, now)
		if wait > 0 {
			nap = min(nap, wait)
			continue
		}
		s.event(out[events*eventSize:][:eventSize], code)
		events++
	}
	return events, nap
}

// pause sleeps, or ends the call when the context is done: a sleeping guest is as easy to stop as a working one.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		End(context.Cause(ctx))
	}
}
