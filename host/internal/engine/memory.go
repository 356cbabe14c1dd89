package engine

import "github.com/tetratelabs/wazero/experimental"

// memory is the linear memory of one instance. wazero caps memory for a whole runtime only, so the cap of an app lives
// here. It is used by the goroutine that runs the instance alone.
type memory struct {
	limit  uint64
	buffer []byte
}

// Allocate implements [experimental.MemoryAllocator]. wazero panics if the minimum is refused; RequireMemory has checked
// it before.
func (m *memory) Allocate(_, _ uint64) experimental.LinearMemory { return m }

// Reallocate implements [experimental.LinearMemory]: nil makes memory.grow answer -1.
func (m *memory) Reallocate(size uint64) []byte {
	if size > m.limit {
		return nil
	}
	if size > uint64(cap(m.buffer)) {
		// Half as much again, so that a guest that grows page by page is not copied page by page.
		room := min(size+size/2, m.limit)
		if m.buffer == nil {
			room = size
		}
		grown := make([]byte, size, room)
		copy(grown, m.buffer)
		m.buffer = grown
	}
	m.buffer = m.buffer[:size]
	return m.buffer
}

// Free implements [experimental.LinearMemory].
func (m *memory) Free() { m.buffer = nil }
