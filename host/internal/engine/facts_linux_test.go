package engine_test

import (
	"fmt"
	"os"
	"syscall"
)

// limitMemory lets the process have that many bytes of address space more than it has: Go then dies at once of what it cannot
// get, and the machine does not notice.
func limitMemory(bytes uint64) error {
	limit := uint64(addressSpace()) + bytes
	return syscall.Setrlimit(syscall.RLIMIT_AS, &syscall.Rlimit{Cur: limit, Max: limit})
}

// addressSpace returns how many bytes are mapped.
func addressSpace() int64 {
	var pages int64
	if data, err := os.ReadFile("/proc/self/statm"); err == nil {
		_, _ = fmt.Sscan(string(data), &pages) // 0 says nothing
	}
	return pages * int64(os.Getpagesize())
}

// mapping is a linear memory of one page outside of Go's heap, as a host would have it that gives memory back at once.
type mapping struct{ bytes []byte }

func (m *mapping) Reallocate(uint64) []byte {
	if m.bytes == nil {
		m.bytes, _ = syscall.Mmap(-1, 0, page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	}
	return m.bytes
}

func (m *mapping) Free() {
	_ = syscall.Munmap(m.bytes)
	m.bytes = nil
}
