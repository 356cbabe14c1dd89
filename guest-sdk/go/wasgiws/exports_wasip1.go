//go:build wasip1

package wasgiws

import (
	"unsafe"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/guest-sdk/go/internal/buffer"
	"github.com/wasgi/wasgi/guest-sdk/go/wasgi"
)

//go:wasmexport websocket_message
func websocketMessage(environ, length int32) (result int32) {
	list := buffer.At(uint32(environ), uint32(length))
	if list == nil {
		panic("wasgiws: websocket_message: the environ is not in the buffer that allocate gave")
	}
	if served == nil {
		panic("wasgiws: no handler: call wasgiws.Serve from an init function")
	}
	wasgi.Play(inputs{}, list, func(env wasgi.Environ, _ wasgi.StartResponse) wasgi.Body {
		result = served.Play(env)
		return nil
	})
	return result
}

//go:wasmimport wasgi_v1 input_read
func inputRead(p unsafe.Pointer, length uint32) int32

//go:wasmimport wasgi_v1 errors_write
func errorsWrite(p unsafe.Pointer, length uint32) int32

// inputs is the wasgi.Host of an event: it has no response.
type inputs struct{}

func (inputs) StartResponse(_, _ []byte, _ bool) int32 { return abi.CodeState.Errno() }
func (inputs) Write([]byte) int32                      { return abi.CodeState.Errno() }
func (inputs) InputRead(p []byte) int32 {
	return inputRead(unsafe.Pointer(unsafe.SliceData(p)), uint32(len(p)))
}
func (inputs) ErrorsWrite(p []byte) int32 {
	return errorsWrite(unsafe.Pointer(unsafe.SliceData(p)), uint32(len(p)))
}
