// Package wire encodes and decodes the one data structure that crosses the boundary between host and guest: an ordered
// list of pairs of byte strings. The environ and the header list of start_response are both such lists.
//
//	u32 count, then count times: u32 key_len, u32 value_len, key bytes, value bytes
//
// Integers are little-endian and unaligned; there is no padding. Repeated keys are kept in order. Keys and values are
// bytes: nothing here validates them as text. The pair "A"="xy" alone encodes as 15 bytes:
//
//	01 00 00 00  01 00 00 00  02 00 00 00  41  78 79
//	count=1      key_len=1    value_len=2  A   x  y
//
// Nothing here panics or reads beyond the bytes it was given, whatever they hold.
package wire

import (
	"encoding/binary"
	"math"
)

// Pair is one entry of a list.
type Pair struct {
	Key, Value []byte
}

const (
	countSize  = 4 // bytes of the leading count
	prefixSize = 8 // bytes of the two lengths before each pair
)

// Encoder builds a list in one growing buffer that it keeps between lists, so that encoding a usual request allocates
// nothing. The zero value is an empty list, ready for use. It is not safe for concurrent use.
type Encoder struct {
	buf   []byte
	count uint32
	err   error
}

// Reset empties the list and keeps the buffer.
func (e *Encoder) Reset() {
	e.buf = e.buf[:0]
	e.count = 0
	e.err = nil
}

// Continue makes list, which an Encoder has built, the beginning of this one. It is copied. What is too short for a list is an empty
// one.
func (e *Encoder) Continue(list []byte) {
	e.Reset()
	if len(list) >= countSize {
		e.buf = append(e.buf, list...)
		e.count = binary.LittleEndian.Uint32(list)
	}
}

// Cap returns how many bytes the Encoder holds on to, for a pool that wants to drop the large ones.
func (e *Encoder) Cap() int { return cap(e.buf) }

// Add appends one pair.
func (e *Encoder) Add(key, value string) {
	if e.open(len(key), len(value)) {
		e.buf = append(append(e.buf, key...), value...)
	}
}

// AddBytes appends one pair.
func (e *Encoder) AddBytes(key, value []byte) {
	if e.open(len(key), len(value)) {
		e.buf = append(append(e.buf, key...), value...)
	}
}

// open appends the two lengths and reports whether the pair still fits. Once one did not, none does until Reset: a list
// with a hole in it must not be sent.
func (e *Encoder) open(key, value int) bool {
	if len(e.buf) == 0 {
		e.buf = append(e.buf, 0, 0, 0, 0)
	}
	if e.err != nil || !fits(uint64(len(e.buf)), uint64(key), uint64(value)) {
		e.err = ErrOverflow
		return false
	}
	e.count++
	e.buf = binary.LittleEndian.AppendUint32(e.buf, uint32(key))
	e.buf = binary.LittleEndian.AppendUint32(e.buf, uint32(value))
	return true
}

// fits reports whether a pair may follow the have bytes that are there: the whole list may not pass 2^32-1 bytes, which is
// all that a 32-bit guest can address. That bounds each length and the count too. No sum can wrap, since each of the three
// is the length of a slice and so below 2^62.
func fits(have, key, value uint64) bool {
	return have+prefixSize+key+value <= math.MaxUint32
}

// Bytes returns the encoded list. It is valid until the next call on e. The error is [ErrOverflow] if a pair did not fit.
func (e *Encoder) Bytes() ([]byte, error) {
	if e.err != nil {
		return nil, e.err
	}
	if len(e.buf) == 0 {
		e.buf = append(e.buf, 0, 0, 0, 0)
	}
	binary.LittleEndian.PutUint32(e.buf, e.count)
	return e.buf, nil
}

// Decode returns the pairs that b holds. They alias b. An error is a [*FormatError].
func Decode(b []byte) ([]Pair, error) {
	return AppendPairs(nil, b)
}

// AppendPairs appends the pairs that b holds to dst, so that a caller can reuse the slice. They alias b. On an error, which
// is a [*FormatError], it returns dst as it was.
func AppendPairs(dst []Pair, b []byte) ([]Pair, error) {
	if len(b) < countSize {
		return dst, &FormatError{Pair: -1, Part: "count", Want: countSize, Have: uint64(len(b))}
	}
	count := binary.LittleEndian.Uint32(b)
	b = b[countSize:]
	// Checked before anything is allocated: a count that lies must cost nothing.
	if least := uint64(count) * prefixSize; least > uint64(len(b)) {
		return dst, &FormatError{Pair: -1, Part: "pairs", Want: least, Have: uint64(len(b))}
	}
	out := dst
	if need := len(dst) + int(count); need > cap(dst) {
		out = append(make([]Pair, 0, need), dst...)
	}
	for i := range int(count) {
		pair, rest, err := cut(b)
		if err != nil {
			err.Pair = i
			return dst, err
		}
		out, b = append(out, pair), rest
	}
	if len(b) > 0 {
		return dst, &FormatError{Pair: -1, Part: "end of the list", Want: 0, Have: uint64(len(b))}
	}
	return out, nil
}

// cut splits the first pair off b.
func cut(b []byte) (Pair, []byte, *FormatError) {
	if len(b) < prefixSize {
		return Pair{}, nil, &FormatError{Part: "lengths", Want: prefixSize, Have: uint64(len(b))}
	}
	key, value := uint64(binary.LittleEndian.Uint32(b)), uint64(binary.LittleEndian.Uint32(b[4:]))
	b = b[prefixSize:]
	if key > uint64(len(b)) {
		return Pair{}, nil, &FormatError{Part: "key", Want: key, Have: uint64(len(b))}
	}
	if left := uint64(len(b)) - key; value > left {
		return Pair{}, nil, &FormatError{Part: "value", Want: value, Have: left}
	}
	// Full slice expressions: an append by the caller must not run into the next field.
	return Pair{Key: b[:key:key], Value: b[key : key+value : key+value]}, b[key+value:], nil
}
