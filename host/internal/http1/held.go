package http1

import "sync"

// held is what a connection has read and not handed out. Only a head or a line that came in part, or what came behind a
// request that net/http has not asked for yet, is held: a connection that waits for its next request holds nothing.
type held struct {
	bytes  []byte // nil when empty; from the pool, unless it has grown
	handed int    // bytes[:handed] were handed out
	passed int    // bytes[:passed] may be
	pooled *room
}

// room is what a connection holds bytes in; most heads fit.
type room [4 << 10]byte

var rooms = sync.Pool{New: func() any { return new(room) }}

// hand moves what may be handed out into p, and returns how much.
func (h *held) hand(p []byte) int {
	if h.handed == h.passed {
		return 0
	}
	n := copy(p, h.bytes[h.handed:h.passed])
	if h.handed += n; h.handed == h.passed {
		h.bytes = h.bytes[:copy(h.bytes, h.bytes[h.passed:])]
		h.handed, h.passed = 0, 0
		h.release()
	}
	return n
}

// add puts b behind what is held.
func (h *held) add(b []byte) {
	if len(b) == 0 {
		return
	}
	if h.bytes == nil && len(b) <= len(room{}) {
		h.pooled = rooms.Get().(*room)
		h.bytes = h.pooled[:0]
	}
	h.bytes = append(h.bytes, b...)
}

// room returns space behind what is held.
func (h *held) room() []byte {
	if len(h.bytes) == cap(h.bytes) {
		h.bytes = append(make([]byte, 0, 2*len(h.bytes)), h.bytes...)
		h.giveBack()
	}
	return h.bytes[len(h.bytes):cap(h.bytes)]
}

// grown returns what is held, with n bytes that were written into the room behind it.
func (h *held) grown(n int) []byte {
	h.bytes = h.bytes[:len(h.bytes)+n]
	return h.bytes
}

// keep marks the first bytes as passed, and forgets those behind them up to read.
func (h *held) keep(passed, read int) {
	h.passed = passed
	h.bytes = h.bytes[:passed+copy(h.bytes[passed:], h.bytes[read:])]
	h.release()
}

// drop forgets all that is held.
func (h *held) drop() {
	h.bytes, h.handed, h.passed = h.bytes[:0], 0, 0
	h.release()
}

// release lets go of the room when it is empty.
func (h *held) release() {
	if len(h.bytes) == 0 {
		h.bytes = nil
		h.giveBack()
	}
}

func (h *held) giveBack() {
	if h.pooled != nil {
		rooms.Put(h.pooled)
		h.pooled = nil
	}
}
