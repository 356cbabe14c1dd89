package socket_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// The opcodes of RFC 6455.
const (
	opContinuation = 0
	opText         = 1
	opBinary       = 2
	opClose        = 8
	opPing         = 9
	opPong         = 10
	fin            = 0x80
)

// frame is one frame as a client sends it.
func frame(first byte, payload string) []byte {
	out := []byte{first}
	switch n := len(payload); {
	case n < 126:
		out = append(out, 0x80|byte(n))
	case n < 1<<16:
		out = binary.BigEndian.AppendUint16(append(out, 0x80|126), uint16(n))
	default:
		out = binary.BigEndian.AppendUint64(append(out, 0x80|127), uint64(n))
	}
	mask := [4]byte{1, 2, 3, 4}
	out = append(out, mask[:]...)
	for i := range len(payload) {
		out = append(out, payload[i]^mask[i%4])
	}
	return out
}

// raw is a connection whose bytes a test writes itself.
type raw struct {
	net.Conn
	from *bufio.Reader
	t    testing.TB
}

const upgrade = "GET /socket%s HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

func (s *site) dialRaw(t testing.TB) *raw {
	t.Helper()
	return dialRaw(t, s.address)
}

func dialRaw(t testing.TB, address string) *raw {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(hang))
	return &raw{conn, bufio.NewReader(conn), t}
}

// upgraded is a raw connection after its handshake.
func (s *site) upgraded(t testing.TB, query string) *raw {
	t.Helper()
	r := s.dialRaw(t)
	r.shake(query, nil)
	return r
}

// shake plays the handshake. early is sent with it.
func (r *raw) shake(query string, early []byte) {
	r.t.Helper()
	r.put(append(fmt.Appendf(nil, upgrade, query), early...))
	response, err := http.ReadResponse(r.from, nil)
	if err != nil || response.StatusCode != http.StatusSwitchingProtocols {
		r.t.Fatalf("%v, %+v", err, response)
	}
}

func (r *raw) put(data []byte) {
	r.t.Helper()
	if _, err := r.Write(data); err != nil {
		r.t.Fatal(err)
	}
}

// want reads one frame.
func (r *raw) want(first byte, payload string) {
	r.t.Helper()
	var head [2]byte
	if _, err := io.ReadFull(r.from, head[:]); err != nil {
		r.t.Fatalf("%v, want %#x %q", err, first, payload)
	}
	got := make([]byte, head[1])
	if _, err := io.ReadFull(r.from, got); err != nil || head[0] != first || string(got) != payload {
		r.t.Fatalf("got %#x %q, %v, want %#x %q", head[0], got, err, first, payload)
	}
}

// wantClose reads a close frame of that code.
func (r *raw) wantClose(code uint16) {
	r.t.Helper()
	var head [4]byte
	if _, err := io.ReadFull(r.from, head[:]); err != nil || head[0] != fin|opClose || binary.BigEndian.Uint16(head[2:]) != code {
		r.t.Fatalf("got % x, %v, want a close of %d", head, err, code)
	}
}

func TestFragments(t *testing.T) {
	t.Parallel()
	s := newSite(t, "", nil)
	r := s.upgraded(t, "?n")
	r.put(frame(opText, "ehello"))
	r.put(frame(fin|opPing, "are you there"))
	r.want(fin|opPong, "are you there")
	r.put(frame(opContinuation, ", w\xc3"))
	r.put(frame(opContinuation, ""))
	r.put(frame(fin|opPong, "unasked"))
	r.put(frame(fin|opContinuation, "\xb6rld"))
	r.want(fin|opText, "hello, wörld")
	for i, b := range frame(fin|opText, "ebyte by byte") {
		r.put([]byte{b})
		if i == 3 {
			time.Sleep(5 * time.Millisecond) // so that not all of it is read at once
		}
	}
	r.want(fin|opText, "byte by byte")
}

// What is sent without waiting for the answer to the handshake is not lost, in this server and in an embedder's.
func TestEarlyMessages(t *testing.T) {
	t.Parallel()
	s := newSite(t, "", nil)
	embedder := httptest.NewServer(s.host)
	defer embedder.Close()
	var early []byte
	for range 50 {
		early = append(early, frame(fin|opText, "e0123456789012345678901234567890123456789")...)
	}
	for _, address := range []string{s.address, embedder.Listener.Addr().String()} {
		r := dialRaw(t, address)
		r.shake("?n", early)
		for range 50 {
			r.want(fin|opText, "0123456789012345678901234567890123456789")
		}
	}
}

// The first message may come the moment the answer is there.
func TestPromptMessages(t *testing.T) {
	t.Parallel()
	s := newSite(t, "", nil)
	for range 100 {
		r := s.upgraded(t, "?n")
		r.put(frame(fin|opText, "eprompt"))
		r.want(fin|opText, "prompt")
		_ = r.Close()
	}
}

func TestBrokenProtocol(t *testing.T) {
	t.Parallel()
	s := newSite(t, "", nil)
	watcher := s.dial(t, "")
	watcher.want("welcome1")
	huge := append([]byte{fin | opBinary, 0x80 | 127}, bytes.Repeat([]byte{0xff}, 12)...)
	for name, test := range map[string]struct {
		bytes []byte
		told  string
	}{
		"an unmasked frame":             {[]byte{fin | opText, 2, 'e', 'x'}, "left 1002"},
		"a reserved bit":                {frame(fin|0x40|opText, "ex"), "left 1002"},
		"a reserved opcode":             {frame(fin|5, "ex"), "left 1002"},
		"a continuation of nothing":     {frame(fin|opContinuation, "ex"), "left 1002"},
		"a message within another":      {append(frame(opText, "e"), frame(fin|opText, "ex")...), "left 1002"},
		"a fragmented ping":             {frame(opPing, ""), "left 1002"},
		"a long ping":                   {frame(fin|opPing, string(make([]byte, 126))), "left 1002"},
		"a close of one byte":           {frame(fin|opClose, "x"), "left 1002"},
		"a close of a code that is not": {frame(fin|opClose, "\x03\xee"), "left 1002"},
		"a length that cannot be":       {huge, "left 1002"},
		"a close without a code":        {frame(fin|opClose, ""), "left 1005"},
		"a close with a reason":         {frame(fin|opClose, "\x0f\xa1why"), "left 4001"},
	} {
		r := s.upgraded(t, "?n")
		r.put(test.bytes)
		_, data, err := watcher.read()
		if err != nil || string(data) != test.told {
			t.Errorf("%s: told %q, %v, want %q", name, data, err, test.told)
		}
		_ = r.Close()
	}
	r := s.upgraded(t, "?n")
	r.put(frame(fin|5, ""))
	r.wantClose(1002)
	watcher.want("left 1002")
}

// A client may vanish at any byte, of the handshake as of a message: the app is told of those that were connected, once each, and
// nothing else suffers.
func TestAClientThatVanishesAtAnyByte(t *testing.T) {
	t.Parallel()
	s := newSite(t, "", nil)
	watcher := s.dial(t, "")
	watcher.want("welcome1")
	handshake := fmt.Appendf(nil, upgrade, "?n")
	for n := 0; n < len(handshake); n += 7 {
		r := s.dialRaw(t)
		r.put(handshake[:n])
		_ = r.Close()
	}
	messages := append(frame(fin|opText, "n and something"), frame(opBinary, "nmore")...)
	messages = append(messages, frame(fin|opContinuation, "of it")...)
	for n := range len(messages) {
		r := s.upgraded(t, "?n")
		r.put(messages[:n])
		if n%2 == 0 {
			_ = r.Conn.(*net.TCPConn).SetLinger(0) // a reset, and not an end
		}
		_ = r.Close()
		watcher.want("left 1006")
	}
	watcher.send("ehello")
	watcher.want("hello")
}
