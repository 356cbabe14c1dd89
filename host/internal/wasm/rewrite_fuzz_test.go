package wasm_test

import (
	stdbytes "bytes"
	"fmt"
	"testing"

	"github.com/wasgi/wasgi/host/internal/guesttest"
	"github.com/wasgi/wasgi/host/internal/wasm"
)

// FuzzRewrite looks for panics, and for output that is no module or lacks something of the original.
func FuzzRewrite(f *testing.F) {
	f.Add(richModule())
	f.Add(nestedLoops(3, 3))
	f.Add(function(2, increment(0), bytes(0xfd, 0x0c), make([]byte, 16), bytes(0x1a)))
	f.Add(growingTable)
	f.Add([]byte(magic))
	for _, name := range []string{"echo", "counter", "grow", "recurse", "init_start", "stream"} {
		f.Add(guesttest.Wasm(f, name))
	}
	limits := wasm.DefaultLimits()
	limits.BodySize, limits.FunctionCost = 50_000, 100_000
	f.Fuzz(func(t *testing.T, data []byte) {
		original := stdbytes.Clone(data)
		m, err := wasm.Parse(data, limits)
		if err != nil || stdbytes.Contains(data, []byte("wasgi")) {
			return
		}
		for _, restore := range []bool{false, true} {
			r := m.Rewrite(restore)
			if !stdbytes.Equal(data, original) {
				t.Fatal("the original was changed")
			}
			if again := m.Rewrite(restore); !stdbytes.Equal(again.Data, r.Data) {
				t.Fatal("the second time it comes out otherwise")
			}
			checkRewritten(t, m, r)
		}
	})
}

// checkRewritten reads what was written, with other names for what belongs to the host, which no file from outside may have.
func checkRewritten(t *testing.T, m *wasm.Module, r *wasm.Rewritten) {
	t.Helper()
	out, err := wasm.Parse(stdbytes.ReplaceAll(r.Data, []byte("wasgi:"), []byte("wasgi.")), spacious())
	if err != nil {
		t.Fatalf("the output cannot be read: %v", err)
	}
	if got, want := len(out.Imports), len(m.Imports)+1; got != want {
		t.Errorf("%d imports, want %d", got, want)
	}
	if got, least := out.FunctionCount(), m.FunctionCount()+1; got < least {
		t.Errorf("%d functions, want %d at least", got, least)
	}
	names, namesAfter := m.FunctionNames(), out.FunctionNames()
	if names == nil {
		names = make([]string, m.FunctionCount())
	}
	for i := range uint32(m.FunctionCount()) {
		at := i
		if int(i) >= len(m.Imports) {
			at++
		}
		if names[i] == "" {
			names[i] = fmt.Sprintf("$%d", i) // what a stack would show without a name
		}
		if names[i] != namesAfter[at] || !sameType(m.FunctionType(i), out.FunctionType(at)) {
			t.Errorf("function %d, %q, is now %q, or has another type", i, names[i], namesAfter[at])
		}
	}
	more := 1 + len(r.Globals)
	if r.Start {
		more++
	}
	if r.Pages.Count > 0 {
		more += 2
	}
	if out.Start >= 0 || r.Start != (m.Start >= 0) || len(out.Exports) != len(m.Exports)+more {
		t.Errorf("start %d and %t, %d exports and %d", m.Start, r.Start, len(m.Exports), len(out.Exports))
	}
	for _, e := range m.Exports {
		if again, ok := out.Export(e.Name); !ok || again.Kind != e.Kind {
			t.Errorf("export %q: %v", e.Name, again)
		}
	}
	for _, s := range out.DataSegs {
		if s.Mode == wasm.ModeActive && s.Bytes.Len() > 0 {
			t.Error("an active segment is not empty")
		}
	}
}

func sameType(a, b wasm.FuncType) bool {
	return string(asBytes(a.Params)) == string(asBytes(b.Params)) && string(asBytes(a.Results)) == string(asBytes(b.Results))
}

func asBytes(types []wasm.ValueType) (all []byte) {
	for _, t := range types {
		all = append(all, byte(t))
	}
	return all
}

// spacious is for what has been rewritten, and so is longer than the default allows a file from outside to be.
func spacious() wasm.Limits {
	l := wasm.DefaultLimits()
	const much = 1 << 30
	l.ModuleSize, l.BodySize, l.FunctionCost, l.ModuleCost, l.Nesting = much, much, much, much, much
	l.Types, l.Functions, l.Imports, l.Exports, l.Globals, l.AllLocals, l.Locals = much, much, much, much, much, much, much
	return l
}

// growingTable is a loop without end behind a table.grow.
var growingTable = module(types, functions, section(4, list(bytes(0x70, 1, 1, 10))), oneMemory,
	section(10, list(body(0, bytes(0xd0, 0x70, 0x41, 0, 0xfc, 15, 0, 0x1a, 0x03, 0x40, 0x0c, 0, 0x0b, 0x0b)))))

// A limit of parsing must not end the walk through a function: what follows would run as it is.
func TestRewriteGoesOnBehindTableGrow(t *testing.T) {
	t.Parallel()
	m, err := wasm.Parse(growingTable, wasm.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if r := m.Rewrite(false); r.Loops != 1 {
		t.Errorf("%d loops are charged", r.Loops)
	}
}
