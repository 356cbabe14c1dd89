package socket

import (
	"bytes"
	"context"
	"slices"
	"unicode/utf8"

	"github.com/coder/websocket"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/host/internal/guest"
)

// Imports are the functions of wasgi_websocket_v1. Each checks pointers first, then lengths, then state, then content. None waits.
func (s *Sockets) Imports() []guest.Import {
	return []guest.Import{
		function(abi.ImportWebSocketSend, 5, s.send),
		function(abi.ImportWebSocketClose, 5, s.close),
		function(abi.ImportWebSocketSubscribe, 4, s.subscribe),
		function(abi.ImportWebSocketUnsubscribe, 4, s.unsubscribe),
		function(abi.ImportWebSocketPublish, 5, s.publish),
		function(abi.ImportWebSocketAcceptProtocol, 2, s.acceptProtocol),
	}
}

// function adapts a method that takes n parameters of type i32.
func function(name string, n int, method func(guest.Caller, []uint64) (int, error)) guest.Import {
	return guest.Import{
		Module: abi.WebSocketModule, Name: name, Params: bytes.Repeat([]byte{guest.I32}, n),
		Call: func(_ context.Context, caller guest.Caller, params []uint64) (int, error) {
			return method(caller, params)
		},
	}
}

// view returns the parts of the guest's memory that pairs of pointer and length name.
func view(caller guest.Caller, pairs ...uint64) ([][]byte, error) {
	var parts [][]byte
	for pair := range slices.Chunk(pairs, 2) {
		part, ok := caller.View(uint32(pair[0]), uint32(pair[1]))
		if !ok {
			return nil, abi.CodeFault
		}
		parts = append(parts, part)
	}
	return parts, nil
}

// of returns the connections of the caller's app, nil for none.
func (s *Sockets) of(caller guest.Caller) (*room, error) {
	tenant, ok := caller.Exchange().(guest.Tenant)
	if !ok {
		return nil, abi.CodeState
	}
	return s.room(tenant.App()), nil
}

// find returns the connection of that id. Those of other apps, those that are closed or will be, and those that never were are all
// the same.
func (s *Sockets) find(caller guest.Caller, id []byte) (*conn, error) {
	r, err := s.of(caller)
	if err != nil {
		return nil, err
	}
	if c := r.find(id); c != nil && !c.ending() {
		return c, nil
	}
	return nil, abi.CodeClosed
}

// messageOf checks a message. It aliases data.
func messageOf(kind uint64, data []byte) (message, error) {
	m := message{websocket.MessageType(uint32(kind)), data}
	switch m.kind {
	case abi.WebSocketText:
		if !utf8.Valid(data) {
			return message{}, abi.CodeInvalid
		}
	case abi.WebSocketBinary:
	default:
		return message{}, abi.CodeInvalid
	}
	return m, nil
}

func (s *Sockets) send(caller guest.Caller, p []uint64) (int, error) {
	parts, err := view(caller, p[0], p[1], p[3], p[4])
	if err != nil {
		return 0, err
	}
	c, err := s.find(caller, parts[0])
	if err != nil {
		return 0, err
	}
	m, err := messageOf(p[2], parts[1])
	switch {
	case m.size() > c.limits.Queue:
		return 0, abi.CodeTooLarge
	case err != nil:
		return 0, err
	}
	return 0, c.send(m.clone())
}

func (s *Sockets) close(caller guest.Caller, p []uint64) (int, error) {
	parts, err := view(caller, p[0], p[1], p[3], p[4])
	if err != nil {
		return 0, err
	}
	if len(parts[1]) > abi.MaxWebSocketReason {
		return 0, abi.CodeTooLarge
	}
	c, err := s.find(caller, parts[0])
	switch {
	case err != nil:
		return 0, err
	case !sendable(uint32(p[2])) || !utf8.Valid(parts[1]):
		return 0, abi.CodeInvalid
	}
	c.end(int(uint32(p[2])), string(parts[1]), false)
	return 0, nil
}

// sendable reports whether a close frame may have that code.
func sendable(code uint32) bool {
	switch {
	case code >= 1000 && code <= 1014:
		return code < 1004 || code > 1006
	}
	return code >= 3000 && code <= 4999
}

func (s *Sockets) subscribe(caller guest.Caller, p []uint64) (int, error) {
	c, topic, err := s.subscription(caller, p)
	if err != nil {
		return 0, err
	}
	return 0, c.room.subscribe(c, topic)
}

func (s *Sockets) unsubscribe(caller guest.Caller, p []uint64) (int, error) {
	c, topic, err := s.subscription(caller, p)
	if err != nil {
		return 0, err
	}
	c.room.unsubscribe(c, topic)
	return 0, nil
}

// subscription returns what subscribe and unsubscribe are given.
func (s *Sockets) subscription(caller guest.Caller, p []uint64) (*conn, string, error) {
	parts, err := view(caller, p...)
	if err != nil {
		return nil, "", err
	}
	if len(parts[1]) > abi.MaxWebSocketTopic {
		return nil, "", abi.CodeTooLarge
	}
	c, err := s.find(caller, parts[0])
	if err != nil {
		return nil, "", err
	}
	if len(parts[1]) == 0 {
		return nil, "", abi.CodeInvalid
	}
	return c, string(parts[1]), nil
}

func (s *Sockets) publish(caller guest.Caller, p []uint64) (int, error) {
	parts, err := view(caller, p[0], p[1], p[3], p[4])
	if err != nil {
		return 0, err
	}
	if len(parts[0]) > abi.MaxWebSocketTopic {
		return 0, abi.CodeTooLarge
	}
	r, err := s.of(caller)
	switch {
	case err != nil:
		return 0, err
	case len(parts[0]) == 0:
		return 0, abi.CodeInvalid
	}
	m, err := messageOf(p[2], parts[1])
	if err != nil {
		return 0, err
	}
	return r.publish(string(parts[0]), m), nil
}

func (s *Sockets) acceptProtocol(caller guest.Caller, p []uint64) (int, error) {
	parts, err := view(caller, p...)
	if err != nil {
		return 0, err
	}
	e, ok := caller.Exchange().(*event)
	switch {
	case !ok || e.kind != abi.WebSocketOpen:
		return 0, abi.CodeState
	case !slices.Contains(e.offered, string(parts[0])):
		return 0, abi.CodeInvalid
	}
	e.protocol = string(parts[0])
	return 0, nil
}
