package wasm_test

import (
	"testing"

	"github.com/wasgi/wasgi/host/internal/wasm"
)

func TestMalformed(t *testing.T) {
	t.Parallel()
	const in = "wasm: code section, function 0, offset "
	cases := []struct {
		name string
		data []byte
		want string
	}{
		{"empty", nil, "wasm: offset 0x0: not a WebAssembly file"},
		{"text", []byte("(module)"), "wasm: offset 0x0: not a WebAssembly file"},
		{"only magic", []byte(magic)[:6], "wasm: offset 0x4: unexpected end"},
		{"version", []byte("\x00asm\x02\x00\x00\x00"), "wasm: offset 0x4: version 0x02000000, must be 1"},
		{"unknown section", module(section(14)), "wasm: offset 0x8: unknown section 14"},
		{"section twice", module(types, types), "wasm: type section, offset 0x13: twice, or after a section that must follow it"},
		{"section order", module(oneMemory, types), "wasm: type section, offset 0xd: twice, or after a section that must follow it"},
		{"data count after code", module(section(10, bytes(0)), section(12, bytes(0))),
			"wasm: data count section, offset 0xb: twice, or after a section that must follow it"},
		{"section too long", module(bytes(1, 9, 0)), "wasm: type section, offset 0xa: 9 bytes announced, 1 left"},
		{"bytes after the section's content", module(section(1, bytes(0, 0))), "wasm: type section, offset 0xb: 1 bytes too many in the section"},
		{"long number", module(bytes(1, 0x80, 0x80, 0x80, 0x80, 0x80, 0)), "wasm: type section, offset 0x9: integer takes more than 32 bits"},
		{"form", module(section(1, list(bytes(0x40, 0, 0)))), "wasm: type section, type 0, offset 0xb: form 0x40, must be 0x60"},
		{"value type", module(section(1, list(bytes(0x60, 1, 0x11, 0)))), "wasm: type section, type 0, offset 0xd: unknown value type 0x11"},
		{"function without type", module(functions), "wasm: function section, function 0, offset 0xb: type 0 does not exist, there are 0"},
		{"function without code", module(types, functions), "wasm: offset 0x17: 1 functions are declared and 0 have code"},
		{"code without function", module(types, section(10, list(body(0, bytes(0x0b))))),
			"wasm: code section, offset 0x15: 0 functions are declared and 1 have code"},
		{"export twice", module(oneMemory, section(7, list(join(text("m"), bytes(2, 0)), join(text("m"), bytes(2, 0))))),
			`wasm: export section, export 1, offset 0x14: "m" is exported twice`},
		{"export of nothing", module(section(7, list(join(text("m"), bytes(2, 0))))),
			"wasm: export section, export 0, offset 0xe: memory 0 does not exist, there are 0"},
		{"name not UTF-8", module(section(0, text("\xff"))), "wasm: custom section, offset 0xa: name is not UTF-8"},
		{"two name sections", module(section(0, text("name")), section(0, text("name"))), "wasm: custom section, offset 0x11: a second name section"},
		{"name of no function", module(types, functions, section(10, list(body(0, bytes(0x0b)))),
			section(0, text("name"), bytes(1, 4), list(join(leb(1), text("f"))))),
			"wasm: name section, offset 0x27: function 1 does not exist, there are 1"},
		{"start with parameters", module(types, section(3, list(bytes(1))), section(8, bytes(0)), section(10, list(body(0, bytes(0x0b))))),
			"wasm: start section, offset 0x19: function 0 takes parameters or gives results, a start function has none"},
		{"memory too large", module(section(5, list(join(bytes(0), leb(65_537))))), "wasm: memory section, offset 0xb: size 65537 to -1, at most 65536 is possible"},
		{"memory minimum", module(section(5, list(bytes(1, 2, 1)))), "wasm: memory section, offset 0xb: the minimum 2 is above the maximum 1"},
		{"mutability", module(section(6, list(bytes(0x7f, 2, 0x41, 0, 0x0b)))), "wasm: global section, global 0, offset 0xc: mutability 0x2, must be 0 or 1"},
		{"constant of another type", module(section(6, list(bytes(0x7f, 0, 0x42, 0, 0x0b)))),
			"wasm: global section, global 0, offset 0xd: a constant of type i64, must be i32"},
		{"not constant", module(section(6, list(bytes(0x7f, 0, 0x20, 0, 0x0b)))),
			"wasm: global section, global 0, offset 0xd: instruction 0x20 is not constant"},
		{"element flags", module(section(9, list(bytes(8, 0)))), "wasm: element section, element segment 0, offset 0xb: unknown flags 0x8"},
		{"element table", module(section(9, list(bytes(0, 0x41, 0, 0x0b, 0)))),
			"wasm: element section, element segment 0, offset 0xc: table 0 does not exist, there are 0"},
		{"element type", module(section(4, list(bytes(0x6f, 0, 1))), section(9, list(bytes(0, 0x41, 0, 0x0b, 0)))),
			"wasm: element section, element segment 0, offset 0x11: funcref entries for a table of externref"},
		{"elements that do not fit", module(types, functions, section(4, list(bytes(0x70, 0, 2))),
			section(9, list(bytes(0, 0x41, 1, 0x0b, 2, 0, 0))), section(10, list(body(0, bytes(0x0b))))),
			"wasm: element section, element segment 0, offset 0x20: 2 entries at 1 of table 0, which begins with 2"},
		{"elements that are far away", module(section(4, list(bytes(0x70, 0, 2))), section(9, list(bytes(0, 0x41, 0x7f, 0x0b, 0)))),
			"wasm: element section, element segment 0, offset 0x11: 0 entries at 4294967295 of table 0, which begins with 2"},
		{"data without memory", module(section(11, list(bytes(0, 0x41, 0, 0x0b, 0)))), "wasm: data section, data segment 0, offset 0xb: there is no memory"},
		{"data count", module(oneMemory, section(12, bytes(2)), section(11, bytes(0))),
			"wasm: offset 0x13: the data count is 2, there are 0 data segments"},

		{"no end", function(0, bytes(0x02, 0x40)), in + "0x2b: unexpected end"},
		{"end too early", function(0, bytes(0x0b)), in + "0x29: 1 bytes too many in the function"},
		{"else alone", function(0, bytes(0x05)), in + "0x28: else without if"},
		{"two elses", function(0, bytes(0x41, 0, 0x04, 0x40, 0x05, 0x05, 0x0b)), in + "0x2d: else without if"},
		{"label", function(0, bytes(0x0c, 1)), in + "0x29: label 1 does not exist, there are 1"},
		{"local", function(1, localGet(1)), in + "0x2b: local 1 does not exist, there are 1"},
		{"block type", function(0, bytes(0x02, 2, 0x0b)), in + "0x29: type 2 does not exist, there are 2"},
		{"negative block type of two bytes", function(0, bytes(0x02, 0xc0, 0x7f, 0x0b)), in + "0x29: type -64 does not exist, there are 2"},
		{"call", function(0, bytes(0x10, 1)), in + "0x29: function 1 does not exist, there are 1"},
		{"call_indirect", function(0, bytes(0x41, 0, 0x11, 2, 0)), in + "0x2b: type 2 does not exist, there are 2"},
		{"ref.func not declared", function(0, bytes(0xd2, 0, 0x1a)),
			in + "0x28: ref.func of function 0, which no export, global or element segment declares"},
		{"global.set", module(types, functions, section(6, list(bytes(0x7f, 0, 0x41, 0, 0x0b))), section(10, list(body(0, bytes(0x41, 0, 0x24, 0, 0x0b))))),
			in + "0x26: global 0 is not mutable"},
		{"alignment", function(0, bytes(0x41, 0, 0x28, 3, 0, 0x1a)), in + "0x2b: alignment 2^3, at most 2^2"},
		{"load without memory", module(types, functions, section(10, list(body(0, bytes(0x41, 0, 0x28, 2, 0, 0x1a, 0x0b))))), in + "0x1e: there is no memory"},
		{"memory.init without count", function(0, bytes(0xfc, 8, 0, 0)), in + "0x28: memory.init without a data count section"},
		{"lane", function(0, bytes(0xfd, 0x15, 16)), in + "0x2a: lane 16, there are 16"},
		{"unknown instruction", function(0, bytes(0x27)), in + "0x28: unknown instruction 27"},
		{"unknown vector instruction", function(0, bytes(0xfd, 0x9a, 1)), in + "0x28: unknown instruction fd 9a 01"},
		{"unknown misc instruction", function(0, bytes(0xfc, 0x80, 4)), in + "0x28: unknown instruction fc 80 04"},
		{"padded vector instruction", function(0, bytes(0xfd, 0x8c, 0)), in + "0x29: padded instruction number"},
		{"select of two", function(0, bytes(0x1c, 2, 0x7f, 0x7f)), in + "0x28: select with 2 types, must be 1"},
		{"table.copy between types", module(types, functions, section(4, list(bytes(0x70, 0, 1), bytes(0x6f, 0, 1))),
			section(10, list(body(0, bytes(0xfc, 14, 1, 0, 0x0b))))), in + "0x25: externref into a table of funcref, or the reverse"},
	}
	refusals := make([]refusal, 0, len(cases))
	for _, c := range cases {
		refusals = append(refusals, refusal{c.name, c.data, wasm.KindMalformed, c.want})
	}
	checkRefusals(t, refusals)
}

// TestUnusual holds what looks wrong and is right.
func TestUnusual(t *testing.T) {
	t.Parallel()
	for name, data := range map[string][]byte{
		"nothing":                     module(),
		"empty sections":              module(section(1, list()), section(3, list()), section(5, list()), section(10, list())),
		"padded misc instruction":     function(0, bytes(0x43, 0, 0, 0, 0, 0xfc, 0x80, 0, 0x1a)),
		"instructions after a branch": function(0, bytes(0x0c, 0, 0x6a, 0x1a, 0x0f)),
		"block type of 33 bits":       function(0, bytes(0x02, 0x80, 0x80, 0x80, 0x80, 0, 0x0b)),
		"custom sections anywhere":    module(section(0, text("a")), types, section(0, text("a")), functions, section(10, list(body(0, bytes(0x0b))))),
		"producers that are garbage":  module(section(0, text("producers"), bytes(0xff))),
	} {
		m, err := wasm.Parse(data, wasm.DefaultLimits())
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if got := m.Toolchain(); got != "" {
			t.Errorf("%s: toolchain %q", name, got)
		}
	}
}
