package guesttest

import "fmt"

// Bombs returns files that end, or hold up for long, a host that hands them to a compiler or makes an instance of them, by what
// they are: one for each section of a module whose count is a lie, and those of compiling, tables and memory.
func Bombs() map[string][]byte {
	bombs := map[string][]byte{
		"compile":       NestedLoops(400, 400),
		"slow":          NestedLoops(150, 150),
		"table":         module(section(4, list(join([]byte{0x70, 0}, leb(1<<30))))),
		"table_growing": module(section(1, list(void)), section(3, list([]byte{0})), section(4, list([]byte{0x70, 0, 1})), growTable),
		"memory":        module(section(5, list(join([]byte{0}, leb(1<<16))))),
		"memory_large":  app(256<<20, 0, none),
	}
	for id := range 13 {
		huge := []byte{0xff, 0xff, 0xff, 0xff, 0x0f}
		if id == 8 {
			huge = append(huge, 0) // the start section has an index and no count
		}
		bombs[fmt.Sprintf("section%02d", id)] = module(section(byte(id), huge))
	}
	bombs["locals"] = module(section(1, list(void)), section(3, list([]byte{0})),
		section(10, list(sized([]byte{1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x7f, 0x0b}))))
	return bombs
}

// void is the type () -> ().
var void = []byte{0x60, 0, 0}

// growTable is the code of a function that grows table 0.
var growTable = section(10, list(sized([]byte{0, 0xd0, 0x70, 0x41, 1, 0xfc, 15, 0, 0x1a, 0x0b})))

func module(sections ...[]byte) []byte {
	return append([]byte("\x00asm\x01\x00\x00\x00"), join(sections...)...)
}
