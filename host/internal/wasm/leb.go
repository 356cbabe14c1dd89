package wasm

import "math"

// Integers are LEB128: seven bits a byte, lowest first, the high bit says that more follow. The format allows padding with
// redundant bytes, but never more than ceil(bits/7) of them, and the unused bits of the last must be zero (unsigned) or
// repeat the sign (signed). The number -2 as s32: 7e, or padded to fe ff ff ff 7f.

func (r *reader) u32() uint32 {
	if r.pos < r.end && r.data[r.pos] < 0x80 {
		r.pos++
		return uint32(r.data[r.pos-1])
	}
	at := r.pos
	var v uint32
	for shift := 0; shift < 35; shift += 7 {
		b := r.byte()
		v |= uint32(b&0x7f) << shift
		if b < 0x80 {
			if shift == 28 && b > 0x0f {
				break
			}
			return v
		}
	}
	r.malformed(at, "integer takes more than 32 bits")
	return 0
}

// size reads a number that counts something. Where int has 32 bits, what does not fit becomes a number above every limit that
// two of can still be added.
func (r *reader) size() int {
	v := r.u32()
	if uint64(v) > math.MaxInt/2 {
		return math.MaxInt / 2
	}
	return int(v)
}

func (r *reader) s32() int32 { return int32(r.signed(32)) }
func (r *reader) s33() int64 { return r.signed(33) }
func (r *reader) s64() int64 { return r.signed(64) }

func (r *reader) signed(bits int) int64 {
	at := r.pos
	var v int64
	for shift := 0; shift < bits; shift += 7 {
		b := r.byte()
		v |= int64(b&0x7f) << shift
		if b >= 0x80 {
			continue
		}
		if used := bits - shift; used < 7 && !repeatsSign(b, used) {
			break
		}
		if shift+7 < 64 && b&0x40 != 0 {
			v |= -1 << (shift + 7)
		}
		return v
	}
	r.malformed(at, "integer takes more than %d bits", bits)
	return 0
}

// repeatsSign reports whether the bits above the used ones of a last byte all equal the topmost used one.
func repeatsSign(b byte, used int) bool {
	high := int8(b<<1) >> used // bit 6 moved to bit 7, the used ones below the sign shifted out
	return high == 0 || high == -1
}
