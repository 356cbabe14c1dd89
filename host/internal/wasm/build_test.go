package wasm_test

import "encoding/binary"

// The helpers that tests write modules with: no text format stands between a test and the bytes that it is about.

const magic = "\x00asm\x01\x00\x00\x00"

// leb encodes an unsigned number.
func leb(n int) []byte { return binary.AppendUvarint(nil, uint64(n)) }

func join(parts ...[]byte) (all []byte) {
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

func section(id byte, content ...[]byte) []byte {
	all := join(content...)
	return join([]byte{id}, leb(len(all)), all)
}

// list puts the count before the entries.
func list(entries ...[]byte) []byte { return join(leb(len(entries)), join(entries...)) }

func text(s string) []byte { return join(leb(len(s)), []byte(s)) }

func times(n int, of func(i int) []byte) (all []byte) {
	for i := range n {
		all = append(all, of(i)...)
	}
	return all
}

func module(sections ...[]byte) []byte { return append([]byte(magic), join(sections...)...) }

// bytes is shorter than a literal.
func bytes(b ...byte) []byte { return b }

var (
	voidType  = bytes(0x60, 0, 0)
	types     = section(1, list(voidType, bytes(0x60, 1, 0x7f, 1, 0x7f)))
	functions = section(3, list(bytes(0)))
	oneMemory = section(5, list(bytes(0, 1)))
)

// body is one entry of the code section, with locals of type i32.
func body(locals int, code ...[]byte) []byte {
	declared := bytes(0)
	if locals > 0 {
		declared = join(bytes(1), leb(locals), bytes(0x7f))
	}
	all := join(declared, join(code...))
	return join(leb(len(all)), all)
}

// function is a module with a memory, a table of 10 and one function of the given code, whose end is added.
func function(locals int, code ...[]byte) []byte {
	return module(types, functions, section(4, list(bytes(0x70, 1, 10, 10))), oneMemory,
		section(10, list(body(locals, append(code, bytes(0x0b))...))))
}

func localGet(i int) []byte { return join(bytes(0x20), leb(i)) }
func localSet(i int) []byte { return join(bytes(0x21), leb(i)) }

// increment is local i = local i + 1.
func increment(i int) []byte { return join(localGet(i), bytes(0x41, 1, 0x6a), localSet(i)) }

// nestedLoops compiles for 26 s with 400 of each: every loop changes a local that all the others see.
func nestedLoops(depth, locals int) []byte {
	return function(locals,
		times(depth, func(i int) []byte { return join(bytes(0x03, 0x40), increment(i%locals)) }),
		times(depth, func(int) []byte { return bytes(0x41, 1, 0x0d, 0, 0x0b) }),
		times(locals, func(i int) []byte { return join(localGet(i), bytes(0x1a)) }))
}
