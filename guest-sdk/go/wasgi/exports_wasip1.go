//go:build wasip1

package wasgi

import (
	"runtime"
	"unsafe"

	"github.com/wasgi/wasgi/guest-sdk/go/internal/buffer"
)

// returnedBody is shared with the host until the next call of an exported function: what is referenced here is not collected. An
// instance runs one call at a time, so nothing guards it.
var returnedBody []byte

//go:wasmexport allocate
func allocate(length int32) int32 {
	returnedBody = nil
	return int32(buffer.Allocate(length))
}

// application returns the body as pointer << 32 | length, 0 for none.
//
//go:wasmexport application
func application(environ, length int32) int64 {
	returnedBody = nil
	if handled == nil {
		panic("wasgi: no application: call wasgi.Handle from an init function")
	}
	list := buffer.At(uint32(environ), uint32(length))
	if list == nil {
		panic("wasgi: application: the environ is not in the buffer that allocate gave")
	}
	returnedBody = Play(imports{}, list, handled)
	if len(returnedBody) == 0 {
		return 0
	}
	pointer := buffer.Address(unsafe.Pointer(unsafe.SliceData(returnedBody)))
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
