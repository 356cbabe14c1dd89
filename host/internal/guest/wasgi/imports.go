package wasgi

import (
	"bytes"
	"context"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/abi/wire"
	"github.com/wasgi/wasgi/host/internal/engine"
)

// maxBlock is how many bytes of a body one call may move: what a result of type i32 can say.
const maxBlock = 1<<31 - 1

// hostFunctions are the functions of wasgi_v1. Each checks pointers first, then limits, then state, then content.
func hostFunctions() []engine.HostFunction {
	return []engine.HostFunction{
		hostFunction(abi.ImportStartResponse, 5, (*instance).startResponse),
		hostFunction(abi.ImportWrite, 2, (*instance).write).Waiting(),
		hostFunction(abi.ImportInputRead, 2, (*instance).inputRead).Waiting(),
		hostFunction(abi.ImportErrorsWrite, 2, (*instance).errorsWrite),
	}
}

// hostFunction adapts a method that takes n parameters of type i32 and returns one.
func hostFunction(name string, n int, method func(*instance, []uint64) (int, error)) engine.HostFunction {
	return engine.HostFunction{
		Name: name,
		Type: engine.Signature{Params: i32s(n), Results: i32s(1)},
		Call: func(_ context.Context, inner *engine.Instance, stack []uint64) {
			// Owner is nil while a start section or _initialize runs: New sets it afterwards.
			i, _ := inner.Owner.(*instance)
			if i == nil {
				i = &instance{Instance: inner, errors: engine.NewLineLog(inner, "errors")}
				defer i.errors.Flush()
			}
			result, err := method(i, stack[:n])
			stack[0] = answer(result, err)
		},
	}
}

func (i *instance) startResponse(p []uint64) (int, error) {
	status, statusOK := i.View(uint32(p[0]), uint32(p[1]))
	list, listOK := i.View(uint32(p[2]), uint32(p[3]))
	switch {
	case !statusOK || !listOK:
		return 0, abi.CodeFault
	case len(status) > abi.MaxStatus || len(list) > abi.MaxHeaderBytes:
		return 0, abi.CodeTooLarge
	case i.exchange == nil:
		return 0, abi.CodeState
	}
	headers, err := wire.AppendPairs(i.headers[:0], list)
	if err != nil {
		return 0, abi.CodeInvalid
	}
	i.headers = headers[:0]
	if len(headers) > abi.MaxHeaders {
		return 0, abi.CodeTooLarge
	}
	return 0, i.exchange.StartResponse(status, headers, uint32(p[4]) != 0)
}

func (i *instance) write(p []uint64) (int, error) {
	block, ok := i.View(uint32(p[0]), uint32(p[1]))
	switch {
	case !ok:
		return 0, abi.CodeFault
	case i.exchange == nil:
		return 0, abi.CodeState
	}
	return 0, i.exchange.Write(block)
}

func (i *instance) inputRead(p []uint64) (int, error) {
	buffer, ok := i.View(uint32(p[0]), uint32(p[1]))
	switch {
	case !ok:
		return 0, abi.CodeFault
	case i.exchange == nil:
		return 0, abi.CodeState
	case len(buffer) == 0:
		return 0, nil
	}
	// All of it, and before: what is read and then refused, as too long for one, is in the guest's memory all the same.
	buffer = buffer[:min(len(buffer), maxBlock)]
	i.Note(uint32(p[0]), uint32(len(buffer)))
	return i.exchange.Read(buffer)
}

func (i *instance) errorsWrite(p []uint64) (int, error) {
	text, ok := i.View(uint32(p[0]), uint32(p[1]))
	if !ok {
		return 0, abi.CodeFault
	}
	_, err := i.errors.Write(text[:min(len(text), abi.MaxErrorsWrite)])
	return 0, err
}

func i32s(n int) []byte { return bytes.Repeat([]byte{engine.I32}, n) }
func i64s(n int) []byte { return bytes.Repeat([]byte{engine.I64}, n) }
