package guesttest

import "encoding/binary"

// The guests below are written byte by byte, since they are too large or too regular to be written by hand. Each is a whole
// app: it exports memory, allocate and application.

// Fills returns a guest that fills size bytes of its memory count times, in a straight line.
func Fills(count, size int) []byte {
	one := join(i32(0), i32(7), i32(size), []byte{0xfc, 0x0b, 0x00})
	return app(size, 0, repeat(count, func(int) []byte { return one }), none)
}

// LongLoop returns a guest that never returns, in a loop whose body has that many operations and no branch.
func LongLoop(operations int) []byte {
	return app(0, 1,
		[]byte{0x03, 0x40}, // loop
		repeat(operations/2, func(n int) []byte { return join(get(2), i32(n), []byte{0x6a}, set(2)) }), // local 2 += n
		[]byte{0x0c, 0x00, 0x0b}, // br 0, end
		none)
}

// NestedLoops returns a guest with depth loops in one another, each of which changes a local that all others see: the shape
// that takes a compiler longest. Nobody runs it.
func NestedLoops(depth, locals int) []byte {
	return app(0, locals,
		repeat(depth, func(n int) []byte {
			local := 2 + n%locals
			return join([]byte{0x03, 0x40}, get(local), i32(1), []byte{0x6a}, set(local))
		}),
		repeat(depth, func(int) []byte { return join(i32(1), []byte{0x0d, 0x00, 0x0b}) }), // br_if 0, end
		repeat(locals, func(n int) []byte { return join(get(2+n), []byte{0x1a}) }),
		none)
}

// Frames returns a guest whose application calls itself as often as its first parameter says, while that many locals wait for
// the call to return. Its second parameter has no meaning.
func Frames(locals int) []byte {
	return app(0, locals,
		repeat(locals, func(n int) []byte { return join(get(0), i32(n), []byte{0x6a}, set(2+n)) }),
		get(0), []byte{0x04, 0x40}, // if
		get(0), i32(1), []byte{0x6b}, i32(0), []byte{0x10, 0x01, 0x1a, 0x0b}, // call, drop, end
		i32(0),
		repeat(locals, func(n int) []byte { return join(get(2+n), []byte{0x6a}) }),
		[]byte{0xad}) // i64.extend_i32_u
}

// none is what an application returns that has no body to send: i64.const 0.
var none = []byte{0x42, 0x00}

// pageSize is that of linear memory, in bytes.
const pageSize = 64 << 10

// app is a module with a memory of at least that many bytes, an allocate that always returns 8, and an application of that code
// with locals of type i32, which begin at 2.
func app(memory, locals int, code ...[]byte) []byte {
	declared := []byte{0x00}
	if locals > 0 {
		declared = join([]byte{0x01}, leb(locals), []byte{0x7f})
	}
	const i32Type, i64Type, function = 0x7f, 0x7e, 0x60
	return join([]byte("\x00asm\x01\x00\x00\x00"),
		section(1, list([]byte{function, 1, i32Type, 1, i32Type}, []byte{function, 2, i32Type, i32Type, 1, i64Type})),
		section(3, list([]byte{0}, []byte{1})),
		section(5, list(join([]byte{0}, leb(1+memory/pageSize)))),
		section(7, list(export("memory", 2, 0), export("allocate", 0, 0), export("application", 0, 1))),
		section(10, list(sized([]byte{0x00}, i32(8), []byte{0x0b}), sized(declared, join(code...), []byte{0x0b}))))
}

func section(id byte, content []byte) []byte { return join([]byte{id}, leb(len(content)), content) }

// list puts the number of entries before them.
func list(entries ...[]byte) []byte { return join(leb(len(entries)), join(entries...)) }

// sized puts the length in bytes before the parts.
func sized(parts ...[]byte) []byte {
	all := join(parts...)
	return join(leb(len(all)), all)
}

func export(name string, kind, index byte) []byte {
	return join(leb(len(name)), []byte(name), []byte{kind, index})
}

func get(local int) []byte { return join([]byte{0x20}, leb(local)) }
func set(local int) []byte { return join([]byte{0x21}, leb(local)) }

// i32 is i32.const n, for an n that is not negative.
func i32(n int) []byte {
	code := []byte{0x41}
	for ; n >= 0x40; n >>= 7 { // signed: bit 6 of the last byte is the sign
		code = append(code, byte(n)|0x80)
	}
	return append(code, byte(n))
}

func leb(n int) []byte { return binary.AppendUvarint(nil, uint64(n)) }

func join(parts ...[]byte) (all []byte) {
	for _, part := range parts {
		all = append(all, part...)
	}
	return all
}

func repeat(n int, of func(int) []byte) (all []byte) {
	for i := range n {
		all = append(all, of(i)...)
	}
	return all
}
