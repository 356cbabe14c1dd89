//go:build wasip1

package wasgi

import "unsafe"

//go:wasmimport wasgi_v1 start_response
func startResponse(status unsafe.Pointer, statusLen uint32, headers unsafe.Pointer, headersLen uint32, excInfo int32) int32

//go:wasmimport wasgi_v1 write
func write(block unsafe.Pointer, length uint32) int32

//go:wasmimport wasgi_v1 input_read
func inputRead(p unsafe.Pointer, length uint32) int32

//go:wasmimport wasgi_v1 errors_write
func errorsWrite(p unsafe.Pointer, length uint32) int32

// imports is the Host outside. It copies what it is given during the call, so no pointer is kept alive past it.
type imports struct{}

func (imports) StartResponse(status, headers []byte, excInfo bool) int32 {
	var replace int32
	if excInfo {
		replace = 1
	}
	return startResponse(data(status), uint32(len(status)), data(headers), uint32(len(headers)), replace)
}

func (imports) Write(block []byte) int32   { return write(data(block), uint32(len(block))) }
func (imports) InputRead(p []byte) int32   { return inputRead(data(p), uint32(len(p))) }
func (imports) ErrorsWrite(p []byte) int32 { return errorsWrite(data(p), uint32(len(p))) }

func data(b []byte) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(b)) }
