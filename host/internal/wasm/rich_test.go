package wasm_test

import (
	"reflect"
	"testing"

	"github.com/wasgi/wasgi/host/internal/wasm"
)

// richModule has something of every section and all eight encodings of element segments.
func richModule() []byte {
	zero := bytes(0x41, 0, 0x0b) // i32.const 0, end
	null, first := bytes(0xd0, 0x70, 0x0b), bytes(0xd2, 1, 0x0b)
	code := join(
		bytes(0x02, 0x40, 0x41, 0, 0x0e, 2, 0, 1, 0, 0x0b),                 // block, br_table
		bytes(0x41, 0, 0xd0, 0x70, 0x26, 0),                                // table.set
		bytes(0x41, 0, 0x41, 0, 0x41, 1, 0xfc, 8, 1, 0),                    // memory.init
		bytes(0xfc, 9, 1, 0xfc, 13, 0),                                     // data.drop, elem.drop
		bytes(0x41, 0, 0xfd, 0, 4, 0, 0xfd, 0x80, 1, 0xfd, 0x15, 15, 0x1a), // v128.load, i16x8.abs, extract_lane
		bytes(0x20, 0, 0x22, 1, 0x0b))
	return module(
		section(0, text("producers"), list(
			join(text("language"), list(join(text("C11"), text("")))),
			join(text("processed-by"), list(join(text("clang"), text("18.1.2")))),
			join(text("sdk"), list(join(text("Emscripten"), text("4")))))),
		types,
		section(2, list(join(text("env"), text("f"), bytes(0, 0)))),
		section(3, list(bytes(0), bytes(1))),
		section(4, list(bytes(0x70, 1, 10, 10), bytes(0x6f, 0, 1))),
		section(5, list(bytes(1, 1, 2))),
		section(6, list(bytes(0x7f, 1, 0x41, 0x7f, 0x0b), join(bytes(0x7b, 1, 0xfd, 0x0c), make([]byte, 16), bytes(0x0b)),
			join(bytes(0x70, 0), first))),
		section(7, list(join(text("run"), bytes(0, 1)), join(text("memory"), bytes(2, 0)))),
		section(8, bytes(0)),
		section(9, list(
			join(bytes(0), zero, list(bytes(1))),
			join(bytes(1, 0), list(bytes(1))),
			join(bytes(2, 0), zero, bytes(0), list(bytes(1))),
			join(bytes(3, 0), list(bytes(2))),
			join(bytes(4), zero, list(null)),
			join(bytes(5, 0x70), list(first)),
			join(bytes(6, 1), zero, bytes(0x6f), list(bytes(0xd0, 0x6f, 0x0b))),
			join(bytes(7, 0x70), list(null)))),
		section(12, bytes(2)),
		section(10, list(body(0, bytes(0x0b)), body(3, code))),
		section(11, list(join(bytes(0), zero, text("ab")), join(bytes(1), text("passive")))),
		section(0, text("name"),
			bytes(0), leb(5), text("rich"),
			bytes(1), leb(9), list(join(leb(0), text("f")), join(leb(1), text("run"))),
			bytes(2), leb(6), list(join(leb(2), list(join(leb(0), text("x")))))))
}

func TestModule(t *testing.T) {
	t.Parallel()
	m, err := wasm.Parse(richModule(), wasm.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	same := func(what string, got, want any) {
		t.Helper()
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n got %v\nwant %v", what, got, want)
		}
	}
	same("types", m.Types, []wasm.FuncType{{}, {Params: []wasm.ValueType{wasm.I32}, Results: []wasm.ValueType{wasm.I32}}})
	same("imports", m.Imports, []wasm.Import{{Module: "env", Name: "f", Type: 0}})
	same("imports by module", m.ImportsByModule(), map[string][]uint32{"env": {0}})
	same("functions", m.Functions, []uint32{0, 1})
	same("function count", m.FunctionCount(), 3)
	same("type of function 2", m.FunctionType(2), m.Types[1])
	same("tables", m.Tables, []wasm.Table{{Type: wasm.FuncRef, Min: 10, Max: 10}, {Type: wasm.ExternRef, Min: 1, Max: -1}})
	same("memory", *m.Memory, wasm.Memory{Min: 1, Max: 2})
	same("exports", m.Exports, []wasm.Export{{Name: "run", Kind: wasm.ExternFunction, Index: 1}, {Name: "memory", Kind: wasm.ExternMemory}})
	same("start", m.Start, 0)
	same("data count", m.DataCount, 2)
	same("function names", m.FunctionNames(), []string{"f", "run", ""})
	same("toolchain", m.Toolchain(), "C11, clang 18.1.2")
	same("producers", len(m.Producers()), 3)
	same("locals", m.LocalGroups(1), []wasm.LocalGroup{{Count: 3, Type: wasm.I32}})
	same("data", string(m.Data[m.DataSegs[1].Bytes.Start:m.DataSegs[1].Bytes.End]), "passive")
	same("global value", m.Globals[0].Init.Value, int64(-1))
	same("global reference", m.Globals[2].Init.Value, int64(1))
	var fresh []string
	for _, f := range m.Fresh {
		fresh = append(fresh, f.String())
	}
	same("fresh", fresh, []string{"mutable v128 global in global 1", "table.set in function 2", "data.drop in function 2", "elem.drop in function 2"})
	if _, ok := m.Export("run"); !ok {
		t.Error("export run not found")
	}
	if _, ok := m.Export("walk"); ok {
		t.Error("export walk found")
	}
}

func TestElementEncodings(t *testing.T) {
	t.Parallel()
	m, err := wasm.Parse(richModule(), wasm.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	want := []struct {
		mode  wasm.Mode
		table uint32
		of    wasm.ValueType
		items string
	}{
		{wasm.ModeActive, 0, wasm.FuncRef, "\x01"},
		{wasm.ModePassive, 0, wasm.FuncRef, "\x01"},
		{wasm.ModeActive, 0, wasm.FuncRef, "\x01"},
		{wasm.ModeDeclarative, 0, wasm.FuncRef, "\x02"},
		{wasm.ModeActive, 0, wasm.FuncRef, "\xd0\x70\x0b"},
		{wasm.ModePassive, 0, wasm.FuncRef, "\xd2\x01\x0b"},
		{wasm.ModeActive, 1, wasm.ExternRef, "\xd0\x6f\x0b"},
		{wasm.ModeDeclarative, 0, wasm.FuncRef, "\xd0\x70\x0b"},
	}
	for i, e := range m.Elements {
		w := want[i]
		items := string(m.Data[e.Items.Start:e.Items.End])
		if int(e.Flags) != i || e.Mode != w.mode || e.Table != w.table || e.Type != w.of || e.Count != 1 || items != w.items {
			t.Errorf("element segment %d: got %+v with %q, want %+v", i, e, items, w)
		}
	}
}

// TestRangesCoverTheFile puts the file together again from what Module says of it.
func TestRangesCoverTheFile(t *testing.T) {
	t.Parallel()
	m, err := wasm.Parse(richModule(), wasm.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	again := []byte(magic)
	for _, s := range m.Sections {
		again = join(again, section(byte(s.ID), m.Data[s.Start:s.End]))
	}
	if string(again) != string(m.Data) {
		t.Error("the sections do not make up the file")
	}
	for i, c := range m.Code {
		if m.Data[c.End-1] != 0x0b || c.Body > c.End || c.Start >= c.Body {
			t.Errorf("code %d: %+v", i, c)
		}
	}
}

// TestTruncations cuts the module at each length: only the end of a section can be the end of a module, and then what was
// cut off is missed elsewhere or was optional.
func TestTruncations(t *testing.T) {
	t.Parallel()
	data := richModule()
	m, err := wasm.Parse(data, wasm.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	ends := map[int]bool{8: true}
	for _, s := range m.Sections {
		ends[s.End] = true
	}
	for n := range data {
		if _, err := wasm.Parse(data[:n], wasm.DefaultLimits()); err == nil && !ends[n] {
			t.Errorf("accepted when cut to %d bytes", n)
		}
	}
}
