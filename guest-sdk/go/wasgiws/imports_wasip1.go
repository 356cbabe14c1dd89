//go:build wasip1

package wasgiws

import "unsafe"

//go:wasmimport wasgi_websocket_v1 send
func send(conn unsafe.Pointer, connLen uint32, kind int32, data unsafe.Pointer, length uint32) int32

//go:wasmimport wasgi_websocket_v1 close
func closeConn(conn unsafe.Pointer, connLen uint32, code int32, reason unsafe.Pointer, reasonLen uint32) int32

//go:wasmimport wasgi_websocket_v1 subscribe
func subscribe(conn unsafe.Pointer, connLen uint32, topic unsafe.Pointer, topicLen uint32) int32

//go:wasmimport wasgi_websocket_v1 unsubscribe
func unsubscribe(conn unsafe.Pointer, connLen uint32, topic unsafe.Pointer, topicLen uint32) int32

//go:wasmimport wasgi_websocket_v1 publish
func publish(topic unsafe.Pointer, topicLen uint32, kind int32, data unsafe.Pointer, length uint32) int32

//go:wasmimport wasgi_websocket_v1 accept_protocol
func acceptProtocol(name unsafe.Pointer, length uint32) int32

// playing is the host of what is being played. A module is single-threaded.
var playing Host = imports{}

// outside is the host.
func outside() Host { return playing }

// With runs f with host as what the functions of this package speak to.
func With(host Host, f func()) {
	playing = host
	defer func() { playing = imports{} }()
	f()
}

// imports are the host's functions. It copies what it is given during the call, so no pointer is kept alive past it.
type imports struct{}

func (imports) Send(conn string, kind int32, data string) int32 {
	return send(at(conn), size(conn), kind, at(data), size(data))
}

func (imports) Close(conn string, code int32, reason string) int32 {
	return closeConn(at(conn), size(conn), code, at(reason), size(reason))
}

func (imports) Subscribe(conn, topic string) int32 {
	return subscribe(at(conn), size(conn), at(topic), size(topic))
}

func (imports) Unsubscribe(conn, topic string) int32 {
	return unsubscribe(at(conn), size(conn), at(topic), size(topic))
}

func (imports) Publish(topic string, kind int32, data string) int32 {
	return publish(at(topic), size(topic), kind, at(data), size(data))
}

func (imports) AcceptProtocol(name string) int32 { return acceptProtocol(at(name), size(name)) }

func at(s string) unsafe.Pointer { return unsafe.Pointer(unsafe.StringData(s)) }
func size(s string) uint32       { return uint32(len(s)) }
