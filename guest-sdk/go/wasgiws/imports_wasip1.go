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

// outside is the host. It copies what it is given during the call, so no pointer is kept alive past it.
func outside() Host { return imports{} }

// With runs f. It is there for tests, in which it gives f a host.
func With(_ Host, f func()) { f() }

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
