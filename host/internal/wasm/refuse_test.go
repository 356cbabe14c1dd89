package wasm_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/wasgi/wasgi/host/internal/wasm"
)

// refusal is a module with one fault and the whole text that it is refused with.
type refusal struct {
	name string
	data []byte
	kind wasm.Kind
	want string
}

func checkRefusals(t *testing.T, cases []refusal) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := wasm.Parse(c.data, wasm.DefaultLimits())
			var refused *wasm.Error
			if !errors.As(err, &refused) {
				t.Fatalf("accepted: %v", err)
			}
			if err.Error() != c.want || refused.Kind != c.kind {
				t.Errorf("got  %s (%s)\nwant %s (%s)", err, refused.Kind, c.want, c.kind)
			}
		})
	}
}

// TestBombs holds the files that kill or stall wazero.
func TestBombs(t *testing.T) {
	t.Parallel()
	huge := bytes(0xff, 0xff, 0xff, 0xff, 0x0f)
	checkRefusals(t, []refusal{
		{"25 bytes: a count of functions", module(section(1, list(voidType)), section(3, huge), section(10, bytes(0))), wasm.KindLimit,
			"wasm: function section, offset 0x10: 4294967295 functions, at most 200000"},
		{"a count of types", module(section(1, huge)), wasm.KindLimit,
			"wasm: type section, offset 0xa: 4294967295 types, at most 100000"},
		{"a count below the limit, without bytes", module(section(1, leb(90_000))), wasm.KindMalformed,
			"wasm: type section, offset 0xa: 90000 types announced, 0 bytes left"},
		{"30 bytes: 2^32-1 locals",
			module(section(1, list(voidType)), functions, section(10, list(join(bytes(8, 1), huge, bytes(0x7f, 0x0b))))), wasm.KindLimit,
			"wasm: code section, function 0, offset 0x17: 4294967295 locals, at most 50000"},
		{"locals over all functions", module(types,
			section(3, leb(200), times(200, func(int) []byte { return bytes(0) })),
			section(10, leb(200), times(200, func(int) []byte { return body(50_000, bytes(0x0b)) }))), wasm.KindLimit,
			"wasm: code section, function 100, offset 0x3a7: 5050000 locals in all functions, at most 5000000"},
		{"a table of 2^30", module(section(4, list(join(bytes(0x70, 0), leb(1<<30))))), wasm.KindLimit,
			"wasm: table section, table 0, offset 0xb: 1073741824 table entries, at most 1000000"},
		{"many tables", module(section(4, leb(100), times(100, func(int) []byte { return join(bytes(0x70, 0), leb(100_000)) }))),
			wasm.KindLimit, "wasm: table section, table 10, offset 0x3e: 1100000 table entries, at most 1000000"},
		{"a table that grows without bound", module(types, functions, section(4, list(bytes(0x70, 0, 1))),
			section(10, list(body(0, bytes(0xd0, 0x70, 0x41, 1, 0xfc, 15, 0, 0x1a, 0x0b))))), wasm.KindLimit,
			"wasm: code section, function 0, offset 0x26: table.grow of table 0: it may grow without bound; declare a maximum of at most 1000000"},
		{"a memory of 4 GiB", module(section(5, list(join(bytes(0), leb(65_536))))), wasm.KindLimit,
			"wasm: memory section, offset 0xb: 65536 pages of memory, at most 16384"},
		{"a name of 4 GiB", module(section(0, huge)), wasm.KindLimit,
			"wasm: custom section, offset 0xa: 4294967295 bytes of name, at most 65536"},
		{"400 nested loops, 400 locals", nestedLoops(400, 400), wasm.KindLimit,
			"wasm: code section, function 0, offset 0x29: 33048624 units of compile cost (blocks times locals that live across them), at most 2000000"},
		{"5000 ifs under 2000 locals", function(2000,
			times(2000, func(i int) []byte { return join(bytes(0x41, 0), localSet(i)) }),
			times(5000, func(int) []byte { return bytes(0x41, 1, 0x04, 0x40, 0x0b) }),
			times(2000, func(i int) []byte { return join(localGet(i), bytes(0x1a)) })), wasm.KindLimit,
			"wasm: code section, function 0, offset 0x2b: 10064409 units of compile cost (blocks times locals that live across them), at most 2000000"},
		{"20000 ifs over 20000 operands", function(0,
			times(20_000, func(int) []byte { return bytes(0x41, 0) }),
			times(20_000, func(int) []byte { return bytes(0x41, 0, 0x04, 0x40, 0x0b) }), bytes(0x00)), wasm.KindLimit,
			"wasm: code section, function 0, offset 0x2b: 13050605 units of compile cost (blocks times locals that live across them), at most 2000000"},
		{"deep nesting", function(0, times(5000, func(int) []byte { return bytes(0x02, 0x40) }),
			times(5000, func(int) []byte { return bytes(0x0b) })), wasm.KindLimit,
			"wasm: code section, function 0, offset 0x202a: 4097 blocks in one another, at most 4096"},
		{"calls that push a thousand values", callsOfManyResults(3000), wasm.KindLimit,
			"wasm: code section, function 0, offset 0x406: 3000000 units of compile cost (blocks times locals that live across them), at most 2000000"},
		{"a long br_table", function(0, bytes(0x41, 0, 0x0e), leb(70_000), times(70_001, func(int) []byte { return bytes(0) })), wasm.KindLimit,
			"wasm: code section, function 0, offset 0x2f: 70000 labels, at most 65520"},
		{"a count of names", module(types, functions, section(10, list(body(0, bytes(0x0b)))),
			section(0, text("name"), bytes(1), leb(5), huge)), wasm.KindLimit,
			"wasm: name section, offset 0x26: 4294967295 names, at most 1"},
	})
}

func callsOfManyResults(calls int) []byte {
	results := join(leb(1000), times(1000, func(int) []byte { return bytes(0x7f) }))
	return module(section(1, list(voidType, join(bytes(0x60, 0), results))), section(3, list(bytes(0), bytes(1))),
		section(10, list(body(0, times(calls, func(int) []byte { return bytes(0x10, 1) }), bytes(0x00, 0x0b)), body(0, bytes(0x00, 0x0b)))))
}

// TestFeatures names each later proposal that a module may use.
func TestFeatures(t *testing.T) {
	t.Parallel()
	code := func(b ...byte) []byte { return function(0, b) }
	const inCode = "wasm: code section, function 0, offset "
	cases := []struct {
		name, feature, where string
		data                 []byte
	}{
		{"try", "exception handling", inCode + "0x28", code(0x06, 0x40, 0x0b)},
		{"throw_ref", "exception handling", inCode + "0x28", code(0x0a)},
		{"try_table", "exception handling", inCode + "0x28", code(0x1f, 0x40, 0, 0x0b)},
		{"return_call", "tail calls", inCode + "0x28", code(0x12, 0)},
		{"call_ref", "typed function references", inCode + "0x28", code(0x14, 0)},
		{"br_on_null", "typed function references", inCode + "0x28", code(0xd5, 0)},
		{"struct.new", "garbage collection", inCode + "0x28", code(0xfb, 0, 0)},
		{"atomic.fence", "threads (atomic instructions)", inCode + "0x28", code(0xfe, 3, 0)},
		{"relaxed swizzle", "relaxed SIMD", inCode + "0x28", code(0xfd, 0x80, 2)},
		{"wide arithmetic", "wide arithmetic", inCode + "0x28", code(0xfc, 19)},
		{"load from another memory", "multiple memories", inCode + "0x2b", code(0x41, 0, 0x28, 0x42, 1, 0, 0x1a)},
		{"size of another memory", "multiple memories", inCode + "0x29", code(0x3f, 1, 0x1a)},
		{"block of exnref", "exception handling", inCode + "0x29", code(0x02, 0x69, 0x0b)},
		{"null of a type", "typed function references", inCode + "0x29", code(0xd0, 0x63)},
		{"tag section", "exception handling", "wasm: offset 0x8", module(section(13, bytes(0)))},
		{"struct", "garbage collection", "wasm: type section, type 0, offset 0xb", module(section(1, list(bytes(0x5f, 0, 0))))},
		{"recursive types", "garbage collection", "wasm: type section, type 0, offset 0xb", module(section(1, list(bytes(0x4e, 0, 0))))},
		{"parameter of anyref", "garbage collection", "wasm: type section, type 0, offset 0xd", module(section(1, list(bytes(0x60, 1, 0x6e, 0))))},
		{"two memories", "multiple memories", "wasm: memory section, offset 0xa", module(section(5, list(bytes(0, 1), bytes(0, 1))))},
		{"shared memory", "threads (shared memory)", "wasm: memory section, offset 0xb", module(section(5, list(bytes(3, 1, 1))))},
		{"memory64", "memory64", "wasm: memory section, offset 0xb", module(section(5, list(bytes(4, 1))))},
		{"table with an initialiser", "typed function references (a table with an initialiser)", "wasm: table section, table 0, offset 0xb",
			module(section(4, list(bytes(0x40, 0, 0x70, 0, 1, 0xd0, 0x70, 0x0b))))},
		{"constant sum", "extended constant expressions", "wasm: global section, global 0, offset 0xf",
			module(section(6, list(bytes(0x7f, 0, 0x41, 1, 0x41, 2, 0x6a, 0x0b))))},
		{"global of a global", "extended constant expressions (global.get 0)", "wasm: global section, global 1, offset 0x12",
			module(section(6, list(bytes(0x7f, 0, 0x41, 1, 0x0b), bytes(0x7f, 0, 0x23, 0, 0x0b))))},
		{"component", "component model", "wasm: offset 0x4", []byte("\x00asm\x0d\x00\x01\x00")},
	}
	refusals := make([]refusal, 0, len(cases))
	for _, c := range cases {
		refusals = append(refusals, refusal{c.name, c.data, wasm.KindUnsupported,
			c.where + ": " + c.feature + ": not supported; build the module without it"})
	}
	checkRefusals(t, refusals)
}

func TestForbidden(t *testing.T) {
	t.Parallel()
	imports := func(module, name string, desc ...byte) []byte {
		return join([]byte(magic), types, section(2, list(join(text(module), text(name), desc))))
	}
	checkRefusals(t, []refusal{
		{"global", imports("env", "g", 3, 0x7f, 0), wasm.KindForbidden,
			`wasm: import section, import 0, offset 0x1c: "env"."g" is a global: only functions can be imported; define the global in the module`},
		{"table", imports("env", "t", 1, 0x70, 0, 1), wasm.KindForbidden,
			`wasm: import section, import 0, offset 0x1c: "env"."t" is a table: only functions can be imported; define the table in the module`},
		{"memory", imports("env", "m", 2, 0, 1), wasm.KindForbidden,
			`wasm: import section, import 0, offset 0x1c: "env"."m" is a memory: only functions can be imported; define the memory in the module`},
		{"tag", imports("env", "t", 4, 0, 0), wasm.KindUnsupported,
			"wasm: import section, import 0, offset 0x1c: exception handling: not supported; build the module without it"},
		{"reserved module", imports("wasgi:host", "charge", 0, 0), wasm.KindForbidden,
			`wasm: import section, import 0, offset 0x16: module "wasgi:host": names that begin with "wasgi:" belong to the host; choose another`},
		{"reserved export", module(oneMemory, section(7, list(join(text("wasgi:start"), bytes(2, 0))))), wasm.KindForbidden,
			`wasm: export section, export 0, offset 0x10: "wasgi:start": names that begin with "wasgi:" belong to the host; choose another`},
		{"no module name", imports("", "f", 0, 0), wasm.KindMalformed, "wasm: import section, import 0, offset 0x16: empty module name"},
	})
}

// TestEachLimit lowers one limit at a time below what a module has of it.
func TestEachLimit(t *testing.T) {
	t.Parallel()
	rich := richModule()
	if _, err := wasm.Parse(rich, wasm.DefaultLimits()); err != nil {
		t.Fatal(err)
	}
	for name, lower := range map[string]func(*wasm.Limits){
		"ModuleSize":      func(l *wasm.Limits) { l.ModuleSize = len(rich) - 1 },
		"Types":           func(l *wasm.Limits) { l.Types = 1 },
		"TypeValues":      func(l *wasm.Limits) { l.TypeValues = 1 },
		"Params":          func(l *wasm.Limits) { l.Params = 0 },
		"Results":         func(l *wasm.Limits) { l.Results = 0 },
		"Functions":       func(l *wasm.Limits) { l.Functions = 1 },
		"Imports":         func(l *wasm.Limits) { l.Imports = 0 },
		"Exports":         func(l *wasm.Limits) { l.Exports = 0 },
		"Globals":         func(l *wasm.Limits) { l.Globals = 0 },
		"Tables":          func(l *wasm.Limits) { l.Tables = 0 },
		"TableEntries":    func(l *wasm.Limits) { l.TableEntries = 9 },
		"MemoryPages":     func(l *wasm.Limits) { l.MemoryPages = 0 },
		"ElementSegments": func(l *wasm.Limits) { l.ElementSegments = 7 },
		"Elements":        func(l *wasm.Limits) { l.Elements = 7 },
		"DataSegments":    func(l *wasm.Limits) { l.DataSegments = 1 },
		"CustomSections":  func(l *wasm.Limits) { l.CustomSections = 1 },
		"NameLength":      func(l *wasm.Limits) { l.NameLength = 2 },
		"LocalNames":      func(l *wasm.Limits) { l.LocalNames = 0 },
		"Locals":          func(l *wasm.Limits) { l.Locals = 1 },
		"AllLocals":       func(l *wasm.Limits) { l.AllLocals = 1 },
		"BodySize":        func(l *wasm.Limits) { l.BodySize = 1 },
		"Nesting":         func(l *wasm.Limits) { l.Nesting = 0 },
		"BranchTargets":   func(l *wasm.Limits) { l.BranchTargets = 1 },
		"FunctionCost":    func(l *wasm.Limits) { l.FunctionCost = 1 },
		"ModuleCost":      func(l *wasm.Limits) { l.ModuleCost = 1 },
	} {
		limits := wasm.DefaultLimits()
		lower(&limits)
		_, err := wasm.Parse(rich, limits)
		var refused *wasm.Error
		if !errors.As(err, &refused) || refused.Kind != wasm.KindLimit || !strings.Contains(err.Error(), ", at most ") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
