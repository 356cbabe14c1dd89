package wasm_test

import (
	stdbytes "bytes"
	"slices"
	"testing"

	"github.com/wasgi/wasgi/host/internal/wasm"
)

// again reads what Rewrite wrote, with other names for what belongs to the host.
func again(t *testing.T, m *wasm.Module) *wasm.Module {
	t.Helper()
	out, err := wasm.Parse(stdbytes.ReplaceAll(m.Rewrite(false).Data, []byte("wasgi:"), []byte("wasgi.")), spacious())
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// names is the name section with these subsections.
func names(subsections ...[]byte) []byte { return section(0, text("name"), join(subsections...)) }

func subsection(id byte, content ...[]byte) []byte {
	all := join(content...)
	return join(bytes(id), leb(len(all)), all)
}

// named maps an index to a name.
func named(index int, name string) []byte { return join(leb(index), text(name)) }

// callerModule has two imported functions, three of its own, of which the last calls another, and what is added to it.
func callerModule(more ...[]byte) []byte {
	return module(types,
		section(2, list(join(text("m"), text("a"), bytes(0, 0)), join(text("m"), text("b"), bytes(0, 0)))),
		section(3, list(bytes(0), bytes(0), bytes(1))),
		section(10, list(body(0, bytes(0x0b)), body(1, bytes(0x0b)), body(2, bytes(0x10, 3, 0x20, 0, 0x0b)))),
		join(more...))
}

// TestNames shifts the functions of all maps that begin with one, and gives the numbers of the original to those without a name.
func TestNames(t *testing.T) {
	t.Parallel()
	out := again(t, parse(t, callerModule(
		section(0, text("producers"), bytes(0)), section(0, text(".debug_info"), make([]byte, 100)),
		names(
			subsection(0, text("caller")),
			subsection(1, list(named(1, "b"), named(2, "first"), named(4, "last"))),
			subsection(2, list(join(leb(0), list()), join(leb(3), list(named(0, "x"))), join(leb(4), list(named(0, "y"), named(2, "z"))))),
			subsection(3, list(join(leb(1), list()), join(leb(2), list(named(0, "loop"))))),
			subsection(7, list(named(0, "global")))))))
	want := []string{"$0", "b", "wasgi.host.checkpoint", "first", "$3", "last", "wasgi.checkpoint"}
	if got := out.FunctionNames(); !slices.Equal(got, want) {
		t.Errorf("functions:\n got %q\nwant %q", got, want)
	}
	for id, want := range map[byte][]byte{
		0: text("caller"),
		2: list(join(leb(0), list()), join(leb(4), list(named(0, "x"))), join(leb(5), list(named(0, "y"), named(2, "z")))),
		3: list(join(leb(1), list()), join(leb(3), list(named(0, "loop")))),
		7: list(named(0, "global")),
	} {
		at := out.NameSubsections()[id]
		if got := out.Data[at.Start:at.End]; !stdbytes.Equal(got, want) {
			t.Errorf("subsection %d:\n got % x\nwant % x", id, got, want)
		}
	}
	if len(out.Custom) != 1 || out.Custom[0].Name != "name" {
		t.Errorf("custom sections: %v", out.Custom)
	}
}

// TestNamesWithoutAny gives names to a module without a name section, so that stacks show the numbers of the original.
func TestNamesWithoutAny(t *testing.T) {
	t.Parallel()
	want := []string{"$0", "$1", "wasgi.host.checkpoint", "$2", "$3", "$4", "wasgi.checkpoint"}
	if got := again(t, parse(t, callerModule())).FunctionNames(); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestNamesThatCannotBeRead leaves out labels that make no sense: nobody checks them, for nobody reads them.
func TestNamesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for name, labels := range map[string][]byte{
		"cut off":             {2, 1},
		"more than there are": {5, 1, 0},
		"with a tail":         {0, 0},
		"out of order":        join(leb(1), leb(2), list(named(3, "x"), named(2, "y"))),
		"numbers too long":    {1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0},
	} {
		out := again(t, parse(t, callerModule(names(subsection(3, labels)))))
		at := out.NameSubsections()[3]
		if got := out.Data[at.Start:at.End]; !stdbytes.Equal(got, bytes(0)) {
			t.Errorf("%s: % x", name, got)
		}
	}
}

// TestActiveDataIsLeftOut rewrites modules that differ in the content of active data segments to the same, and in nothing else.
func TestActiveDataIsLeftOut(t *testing.T) {
	t.Parallel()
	with := func(active, passive string, offset byte) []byte {
		m := parse(t, module(types, functions, oneMemory, section(12, bytes(2)),
			section(10, list(body(0, bytes(0x41, 0, 0x41, 0, 0x41, 1, 0xfc, 8, 1, 0, 0x0b)))),
			section(11, list(join(bytes(0, 0x41, offset, 0x0b), text(active)), join(bytes(1), text(passive))))))
		return m.Rewrite(true).Data
	}
	original := with("abc", "def", 0)
	for name, c := range map[string]struct {
		data []byte
		same bool
	}{
		"other content":         {with("xyz", "def", 0), true},
		"longer content":        {with("abcabcabc", "def", 0), true},
		"another place":         {with("abc", "def", 8), true},
		"other passive content": {with("abc", "xyz", 0), false},
	} {
		if same := stdbytes.Equal(c.data, original); same != c.same {
			t.Errorf("%s: the same %t", name, same)
		}
	}
	if stdbytes.Contains(original, []byte("abc")) || !stdbytes.Contains(original, []byte("def")) {
		t.Error("the active content is there, or the passive one is not")
	}
}

// TestDataWithoutUseIsLeftOut drops passive segments that no instruction can name.
func TestDataWithoutUseIsLeftOut(t *testing.T) {
	t.Parallel()
	m := parse(t, module(types, functions, oneMemory, section(10, list(body(0, bytes(0x0b)))),
		section(11, list(join(bytes(0, 0x41, 0, 0x0b), text("active")), join(bytes(1), text("passive"))))))
	if out := again(t, m); len(out.DataSegs) != 0 || stdbytes.Contains(out.Data, []byte("passive")) {
		t.Errorf("%d segments", len(out.DataSegs))
	}
}

// TestCharges counts what is charged: not short functions, nor loops that nothing goes back to.
func TestCharges(t *testing.T) {
	t.Parallel()
	loop := bytes(0x03, 0x40, 0x41, 1, 0x0d, 0, 0x0b)
	for name, c := range map[string]struct {
		code           []byte
		loops, charged int
	}{
		"nothing":                      {bytes(), 0, 0},
		"little":                       {times(12, func(int) []byte { return increment(0) }), 0, 0},
		"much":                         {times(20, func(int) []byte { return increment(0) }), 0, 1},
		"a loop":                       {loop, 1, 0},
		"loops":                        {times(3, func(int) []byte { return loop }), 3, 0},
		"a loop that is none":          {bytes(0x03, 0x40, 0x0b), 0, 0},
		"a call":                       {bytes(0x10, 0), 0, 1},
		"much that never runs at once": {ifElse(times(11, func(int) []byte { return increment(0) })), 0, 0},
	} {
		r := parse(t, function(1, c.code)).Rewrite(false)
		if r.Loops != c.loops || r.Charged != c.charged || r.Functions != 1 {
			t.Errorf("%s: %d loops and %d functions are charged, of %d", name, r.Loops, r.Charged, r.Functions)
		}
	}
}

// ifElse does the same in both cases.
func ifElse(code []byte) []byte {
	return join(bytes(0x41, 0, 0x04, 0x40), code, bytes(0x05), code, bytes(0x0b))
}
