//go:build wasip1

package wasgi

import (
	"math"
	"runtime"
	"unsafe"
)

// The exported functions share these with the host, which holds pointers into them between and after calls: what is
// referenced here is not collected. An instance runs one call at a time, so nothing guards them.
var (
	// environBuffer is what allocate gave last; the host uses no older one. Elements of 8 bytes give the alignment.
	environBuffer []uint64
	// returnedBody is valid until the next call of an exported function.
	returnedBody []byte
)

// allocate returns 0 for a length that no slice can have.
//
//go:wasmexport allocate
func allocate(length int32) int32 {
	returnedBody = nil
	if length < 0 || length > math.MaxInt32-7 {
		return 0
	}
	// At least one element, so that the pointer is one into memory of ours.
	environBuffer = make([]uint64, max(1, (int(length)+7)/8))
	return int32(address(unsafe.Pointer(unsafe.SliceData(environBuffer))))
}

// application returns the body as pointer << 32 | length, 0 for none.
//
//go:wasmexport application
func application(environ, length int32) int64 {
	returnedBody = nil
	if handled == nil {
		panic("wasgi: no application: call wasgi.Handle from an init function")
	}
	returnedBody = Play(imports{}, environAt(uint32(environ), uint32(length)), handled)
	if len(returnedBody) == 0 {
		return 0
	}
	pointer := address(unsafe.Pointer(unsafe.SliceData(returnedBody)))
	return int64(uint64(pointer)<<32 | uint64(uint32(len(returnedBody))))
}

// spareHeap is what a request may allocate before memory has to grow, in bytes. An instance whose memory has grown cannot be
// brought back to its image: it is closed, and another one has to be made.
const spareHeap = 1 << 20

// warmUp first makes room, of what initialising left over too. It ends with what has run last, and not with a collection: that
// empties the allocator's caches, which the first request would have to fill again.
//
//go:wasmexport warm_up
func warmUp() {
	runtime.KeepAlive(make([]byte, spareHeap))
	runtime.GC()
	PlayWarmUp()
}

// environAt returns the bytes the host wrote. They are looked up in the buffer rather than at the address it passes, so that
// no integer becomes a pointer here.
func environAt(pointer, length uint32) []byte {
	start := unsafe.Pointer(unsafe.SliceData(environBuffer))
	if start == nil || pointer != address(start) || uint64(length) > uint64(len(environBuffer))*8 {
		panic("wasgi: application: the environ is not in the buffer that allocate gave")
	}
	return unsafe.Slice((*byte)(start), length)
}

// address is p as the host sees it: Go's pointers have 64 bits on wasm, of which the upper half is zero.
func address(p unsafe.Pointer) uint32 { return uint32(uintptr(p)) }
