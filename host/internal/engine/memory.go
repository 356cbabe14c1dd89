package engine

import "github.com/tetratelabs/wazero/experimental"

// memory is the linear memory of one instance. wazero caps memory for a whole runtime only, so the cap of an app lives
// here. It is used by the goroutine that runs the instance alone.
type memory struct {
	arena    *arena
	limit    int64
	reserved int64  // of the host's budget
	region   region // what buffer lies in; nil where it lies in Go's heap
	buffer   []byte
}

// Allocate implements [experimental.MemoryAllocator]. wazero panics if the minimum is refused: Instantiate has reserved it.
func (m *memory) Allocate(_, _ uint64) experimental.LinearMemory { return m }

// Reallocate implements [experimental.LinearMemory]: nil makes memory.grow answer -1.
func (m *memory) Reallocate(size uint64) []byte {
	if size > uint64(m.limit) || !m.reserve(int64(size)) {
		return nil
	}
	if m.buffer == nil {
		m.region = m.arena.get(m.limit)
		m.buffer = m.region[:0]
	}
	if size > uint64(cap(m.buffer)) {
		m.move(size)
	}
	m.buffer = m.buffer[:size]
	return m.buffer
}

// reserve takes from the host's budget what size bytes need beyond what the memory has, and reports whether there was as much.
func (m *memory) reserve(size int64) bool {
	more := size - m.reserved
	if more <= 0 {
		return true
	}
	if !m.arena.reserve(more) {
		return false
	}
	m.reserved = size
	return true
}

// move makes room in Go's heap. Half as much again, so that a guest that grows page by page is not copied page by page.
func (m *memory) move(size uint64) {
	room := min(size+size/2, uint64(m.limit))
	if len(m.buffer) == 0 {
		room = size
	}
	grown := make([]byte, size, room)
	copy(grown, m.buffer)
	m.buffer = grown
}

// Free implements [experimental.LinearMemory]. It may be called twice.
func (m *memory) Free() {
	m.arena.put(m.region, len(m.buffer))
	m.arena.unreserve(m.reserved)
	m.region, m.buffer, m.reserved = nil, nil, 0
}
