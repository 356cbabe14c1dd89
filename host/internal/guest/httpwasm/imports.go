package httpwasm

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/wasgi/wasgi/host/internal/engine"
)

// hostModule is the module that guests import the ABI's functions from.
const hostModule = "http_handler"

// call is one call of a host function. memory is the caller's, which is not attached to its instance while it is initialised.
type call struct {
	*instance
	memory *engine.Instance
}

// hostFunctions are the functions of http_handler. The ABI has no codes for refusals: what cannot be done ends the guest's call.
func hostFunctions() []engine.HostFunction {
	const i32, i64 = engine.I32, engine.I64
	return []engine.HostFunction{
		hostFunction("enable_features", 1, i32, call.enableFeatures),
		hostFunction("get_config", 2, i32, call.getConfig),
		hostFunction("log_enabled", 1, i32, call.logEnabled),
		hostFunction("log", 3, 0, call.logMessage),
		hostFunction("get_method", 2, i32, playing(call.getMethod)),
		hostFunction("set_method", 2, 0, playing(call.setMethod)),
		hostFunction("get_uri", 2, i32, playing(call.getURI)),
		hostFunction("set_uri", 2, 0, playing(call.setURI)),
		hostFunction("get_protocol_version", 2, i32, playing(call.getProtocolVersion)),
		hostFunction("get_source_addr", 2, i32, playing(call.getSourceAddr)),
		hostFunction("get_header_names", 3, i64, playing(call.getHeaderNames)),
		hostFunction("get_header_values", 5, i64, playing(call.getHeaderValues)),
		hostFunction("set_header_value", 5, 0, playing(call.setHeaderValue)),
		hostFunction("add_header_value", 5, 0, playing(call.addHeaderValue)),
		hostFunction("remove_header", 3, 0, playing(call.removeHeader)),
		hostFunction("read_body", 3, i64, playing(call.readBody)).Waiting(),
		hostFunction("write_body", 3, 0, playing(call.writeBody)),
		hostFunction("get_status_code", 0, i32, playing(call.getStatusCode)),
		hostFunction("set_status_code", 1, 0, playing(call.setStatusCode)),
	}
}

// method is what a host function does. An error ends the guest's call.
type method func(c call, p []uint64) (uint64, error)

var (
	errOtherKind  = errors.New("the functions of http_handler are for guests that export handle_request")
	errNoExchange = errors.New("there is no request while the guest is initialised")
)

// hostFunction adapts a method with n parameters of type i32, and a result of the given type, 0 for none.
func hostFunction(name string, n int, result byte, m method) engine.HostFunction {
	function := engine.HostFunction{Name: name, Type: engine.Signature{Params: bytes.Repeat([]byte{engine.I32}, n)}}
	if result != 0 {
		function.Type.Results = []byte{result}
	}
	function.Call = func(_ context.Context, inner *engine.Instance, stack []uint64) {
		i, ok := inner.Owner.(*instance)
		if !ok {
			engine.End(errOtherKind)
		}
		value, err := m(call{i, inner}, stack[:n])
		if err != nil {
			engine.End(ended(name, err))
		}
		if result != 0 {
			stack[0] = value
		}
	}
	return function
}

// playing returns a method that is only for exchanges.
func playing(m method) method {
	return func(c call, p []uint64) (uint64, error) {
		if c.turn == nil {
			return 0, errNoExchange
		}
		return m(c, p)
	}
}

// view returns bytes of the guest's memory.
func (c call) view(ptr, length uint64) ([]byte, error) {
	view, ok := c.memory.View(uint32(ptr), uint32(length))
	if !ok {
		return nil, fmt.Errorf("pointer %d with length %d lies outside its memory of %d bytes", uint32(ptr), uint32(length), c.memory.Bytes())
	}
	return view, nil
}

func (c call) text(ptr, length uint64) (string, error) {
	view, err := c.view(ptr, length)
	return string(view), err
}

// give writes a value where the guest wants it, if it fits, and returns its length: the guest may try again with more room.
func (c call) give(value string, ptr, limit uint64) (uint64, error) {
	n := uint32(len(value))
	if n > uint32(limit) {
		return uint64(n), nil
	}
	view, err := c.view(ptr, uint64(n))
	if err != nil {
		return 0, err
	}
	c.memory.Note(uint32(ptr), n)
	copy(view, value)
	return uint64(n), nil
}

// giveAll writes values, each with a NUL behind it, and returns how many they are and how long all are together.
func (c call) giveAll(values []string, ptr, limit uint64) (uint64, error) {
	if len(values) == 0 {
		return 0, nil
	}
	var all []byte
	for _, value := range values {
		all = append(append(all, value...), 0)
	}
	n, err := c.give(string(all), ptr, limit)
	return uint64(len(values))<<32 | n, err
}
