// Package buffer is the memory that a guest has given away to its host, for the packages whose exported functions find an environ
// there.
package buffer

import (
	"math"
	"unsafe"
)

// The host holds a pointer to this between and after calls: what is referenced here is not collected. An instance runs one call at a
// time, so nothing guards it.

// environ is what Allocate gave last; the host uses no older one. Elements of 8 bytes give the alignment.
var environ []uint64

// Allocate returns the address of length bytes for the host, 0 for a length that no slice can have.
func Allocate(length int32) uint32 {
	if length < 0 || length > math.MaxInt32-7 {
		return 0
	}
	// At least one element, so that the pointer is one into memory of ours.
	environ = make([]uint64, max(1, (int(length)+7)/8))
	return Address(unsafe.Pointer(unsafe.SliceData(environ)))
}

// At returns the bytes the host wrote, nil if they are not in the buffer. They are looked up there rather than at the address it
// passes, so that no integer becomes a pointer here.
func At(pointer, length uint32) []byte {
	start := unsafe.Pointer(unsafe.SliceData(environ))
	if start == nil || pointer != Address(start) || uint64(length) > uint64(len(environ))*8 {
		return nil
	}
	return unsafe.Slice((*byte)(start), length)
}

// Address is p as the host sees it: Go's pointers have 64 bits on wasm, of which the upper half is zero.
func Address(p unsafe.Pointer) uint32 { return uint32(uintptr(p)) }
