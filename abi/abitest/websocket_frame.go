package abitest

import (
	"bufio"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// The opcodes of RFC 6455.
const (
	opContinuation = 0x0
	opText         = 0x1
	opBinary       = 0x2
	opClose        = 0x8
	opPing         = 0x9
	opPong         = 0xa
)

// frame is one frame of a WebSocket connection.
type frame struct {
	fin     bool
	opcode  byte
	payload []byte
}

func (f frame) control() bool { return f.opcode&0x8 != 0 }

// Limits of frames and of the messages that servers send to the kit, in bytes.
const (
	maxControl = 125
	maxMessage = 16 << 20
)

// readFrame reads a frame of a server, as strictly as RFC 6455 has it: without a mask, without extensions, and with its length in as
// few bytes as can be.
func readFrame(in *bufio.Reader) (frame, error) {
	var start [2]byte
	if _, err := io.ReadFull(in, start[:]); err != nil {
		return frame{}, err
	}
	f := frame{fin: start[0]&0x80 != 0, opcode: start[0] & 0x0f}
	n, err := readLength(in, start[1]&0x7f)
	switch {
	case err != nil:
		return frame{}, noEOF(err)
	case start[0]&0x70 != 0:
		return frame{}, fmt.Errorf("a frame begins with %02x: nobody has asked for an extension", start[0])
	case start[1]&0x80 != 0:
		return frame{}, errors.New("a frame of the server is masked")
	case f.opcode > opBinary && f.opcode < opClose || f.opcode > opPong:
		return frame{}, fmt.Errorf("a frame has the opcode %x", f.opcode)
	case f.control() && (!f.fin || n > maxControl):
		return frame{}, fmt.Errorf("a frame of the opcode %x has %d bytes, last: %t", f.opcode, n, f.fin)
	case n > maxMessage:
		return frame{}, fmt.Errorf("a frame of %d bytes", n)
	}
	f.payload, err = readN(in, int64(n))
	return f, err
}

// readLength reads the length that the second byte of a frame announces.
func readLength(in *bufio.Reader, short byte) (uint64, error) {
	var long [8]byte
	size, least := 2, uint64(maxControl+1)
	switch short {
	case 126:
	case 127:
		size, least = 8, 1<<16
	default:
		return uint64(short), nil
	}
	if _, err := io.ReadFull(in, long[8-size:]); err != nil {
		return 0, err
	}
	n := binary.BigEndian.Uint64(long[:])
	if n < least || n >= 1<<63 {
		return 0, fmt.Errorf("a length of %d is written in %d bytes", n, size)
	}
	return n, nil
}

// appendFrame appends a frame as a client sends it, masked.
func appendFrame(dst []byte, f frame) []byte {
	first := f.opcode
	if f.fin {
		first |= 0x80
	}
	dst = append(dst, first)
	switch n := len(f.payload); {
	case n <= maxControl:
		dst = append(dst, 0x80|byte(n))
	case n < 1<<16:
		dst = binary.BigEndian.AppendUint16(append(dst, 0x80|126), uint16(n))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, 0x80|127), uint64(n))
	}
	var mask [4]byte
	_, _ = rand.Read(mask[:]) // never fails
	dst = append(dst, mask[:]...)
	for i, c := range f.payload {
		dst = append(dst, c^mask[i%4])
	}
	return dst
}

// farewell is what a close frame says. Without a code it is 1005, as RFC 6455 has it.
type farewell struct {
	code   int
	reason string
}

func (f farewell) Error() string { return fmt.Sprintf("closed with %d %q", f.code, f.reason) }

func parseFarewell(payload []byte) (farewell, error) {
	switch {
	case len(payload) == 0:
		return farewell{code: 1005}, nil
	case len(payload) == 1:
		return farewell{}, errors.New("a close frame has one byte")
	}
	f := farewell{int(binary.BigEndian.Uint16(payload)), string(payload[2:])}
	if !utf8.ValidString(f.reason) || !closable(uint32(f.code)) {
		return farewell{}, fmt.Errorf("a close frame says %d %q", f.code, f.reason)
	}
	return f, nil
}

// closing is the payload of a close frame.
func closing(code int, reason string) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(code)), reason...)
}

// assembler makes messages of frames.
type assembler struct {
	opcode byte // of the message that has begun, 0 for none
	data   []byte
}

// add takes a frame that is no control frame. It reports whether the message is whole.
func (a *assembler) add(f frame) (whole bool, err error) {
	switch begun := a.opcode != 0; {
	case begun && f.opcode != opContinuation:
		return false, errors.New("a message begins within another")
	case !begun && f.opcode == opContinuation:
		return false, errors.New("a message goes on that has not begun")
	case !begun:
		a.opcode, a.data = f.opcode, nil
	}
	a.data = append(a.data, f.payload...)
	switch {
	case len(a.data) > maxMessage:
		return false, fmt.Errorf("a message of %d bytes and more", len(a.data))
	case f.fin && a.opcode == opText && !utf8.Valid(a.data):
		return false, errors.New("a text message is not UTF-8")
	}
	return f.fin, nil
}

// take returns the whole message.
func (a *assembler) take() Message {
	m := Message{Binary: a.opcode == opBinary, Data: a.data}
	a.opcode, a.data = 0, nil
	return m
}

// readMessage reads frames up to the end of a message. control is given what comes in between; its error, such as the [farewell] of a
// close frame, ends it.
func readMessage(in *bufio.Reader, control func(frame) error) (Message, error) {
	var a assembler
	for {
		f, err := readFrame(in)
		if err != nil {
			return Message{}, err
		}
		if f.control() {
			if err := control(f); err != nil {
				return Message{}, err
			}
			continue
		}
		if whole, err := a.add(f); whole || err != nil {
			return a.take(), err
		}
	}
}
