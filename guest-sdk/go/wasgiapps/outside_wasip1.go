//go:build wasip1

package wasgiapps

import "unsafe"

//go:wasmimport wasgi_apps_v1 call
func call(name unsafe.Pointer, nameLen uint32, environ unsafe.Pointer, environLen uint32, body unsafe.Pointer, bodyLen uint32, rest uint32) int32

//go:wasmimport wasgi_apps_v1 read_head
func readHead(handle int32, p unsafe.Pointer, length uint32) int32

//go:wasmimport wasgi_apps_v1 read_body
func readBody(handle int32, p unsafe.Pointer, length uint32) int32

//go:wasmimport wasgi_apps_v1 close
func closeCall(handle int32) int32

// outside is the host. It copies what it is given during the call, so no pointer is kept alive past it.
func outside() Host { return imports{} }

// With runs f. It is there for tests, in which it gives f a host.
func With(_ Host, f func()) { f() }

type imports struct{}

func (imports) Call(app string, environ, body []byte, rest bool) int32 {
	var follows uint32
	if rest {
		follows = 1
	}
	return call(unsafe.Pointer(unsafe.StringData(app)), uint32(len(app)), at(environ), size(environ), at(body), size(body), follows)
}

func (imports) ReadHead(handle int32, p []byte) int32 { return readHead(handle, at(p), size(p)) }
func (imports) ReadBody(handle int32, p []byte) int32 { return readBody(handle, at(p), size(p)) }
func (imports) Close(handle int32) int32              { return closeCall(handle) }

func at(b []byte) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(b)) }
func size(b []byte) uint32       { return uint32(len(b)) }
