// Package relay offers guests the exchanges that they may have played: wasgi_next_v1 for middleware, wasgi_apps_v1 for apps that were
// granted others. It reads parameters; what a call means is up to the exchange.
package relay

import (
	"bytes"
	"context"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/host/internal/guest"
)

// Imports are the functions of both modules. Each checks pointers first.
func Imports() []guest.Import {
	var all []guest.Import
	for _, module := range []string{abi.NextModule, abi.AppsModule} {
		call := function(abi.ImportCall, 5, callNext)
		if module == abi.AppsModule {
			call = function(abi.ImportCall, 7, callApp)
		}
		for _, f := range []guest.Import{
			call,
			function(abi.ImportReadHead, 3, readHead),
			function(abi.ImportReadBody, 3, readBody),
			function(abi.ImportClose, 1, closeCall),
		} {
			f.Module = module
			all = append(all, f)
		}
	}
	return all
}

// function adapts one that takes n parameters of type i32. All of them may wait: what is called runs meanwhile.
func function(name string, n int, call func(guest.Caller, guest.Relay, []uint64) (int, error)) guest.Import {
	return guest.Import{
		Name: name, Params: bytes.Repeat([]byte{guest.I32}, n), Waits: true,
		Call: func(_ context.Context, caller guest.Caller, params []uint64) (int, error) {
			relay, _ := caller.Exchange().(guest.Relay)
			return call(caller, relay, params)
		},
	}
}

func callNext(caller guest.Caller, relay guest.Relay, p []uint64) (int, error) {
	environ, inside := caller.View(uint32(p[0]), uint32(p[1]))
	body, insideToo := caller.View(uint32(p[2]), uint32(p[3]))
	switch {
	case !inside || !insideToo:
		return 0, abi.CodeFault
	case relay == nil:
		return 0, abi.CodeState
	}
	return relay.CallNext(bytes.Clone(environ), bytes.Clone(body), uint32(p[4]) != 0)
}

func callApp(caller guest.Caller, relay guest.Relay, p []uint64) (int, error) {
	name, inside := caller.View(uint32(p[0]), uint32(p[1]))
	environ, insideToo := caller.View(uint32(p[2]), uint32(p[3]))
	body, insideAll := caller.View(uint32(p[4]), uint32(p[5]))
	switch {
	case !inside || !insideToo || !insideAll:
		return 0, abi.CodeFault
	case relay == nil:
		return 0, abi.CodeState
	}
	return relay.CallApp(string(name), bytes.Clone(environ), bytes.Clone(body), uint32(p[6]) != 0)
}

// readHead returns how long the head is, and writes it if there is room: a guest may ask again.
func readHead(caller guest.Caller, relay guest.Relay, p []uint64) (int, error) {
	room, inside := caller.View(uint32(p[1]), uint32(p[2]))
	switch {
	case !inside:
		return 0, abi.CodeFault
	case relay == nil:
		return 0, abi.CodeState
	}
	head, err := relay.Head(int(uint32(p[0])))
	if err == nil && len(head) <= len(room) {
		room, _ = caller.Writable(uint32(p[1]), uint32(len(head)))
		copy(room, head)
	}
	return len(head), err
}

// maxBlock is how many bytes of a body one call may move: what a result of type i32 can say.
const maxBlock = 1<<31 - 1

func readBody(caller guest.Caller, relay guest.Relay, p []uint64) (int, error) {
	room, inside := caller.Writable(uint32(p[1]), uint32(p[2]))
	switch {
	case !inside:
		return 0, abi.CodeFault
	case relay == nil:
		return 0, abi.CodeState
	}
	return relay.Body(int(uint32(p[0])), room[:min(len(room), maxBlock)])
}

func closeCall(_ guest.Caller, relay guest.Relay, p []uint64) (int, error) {
	if relay == nil {
		return 0, abi.CodeState
	}
	return 0, relay.CloseCall(int(uint32(p[0])))
}
