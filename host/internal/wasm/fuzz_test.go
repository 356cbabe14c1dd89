package wasm_test

import (
	"errors"
	"runtime"
	"slices"
	"testing"

	"github.com/wasgi/wasgi/host/internal/guesttest"
	"github.com/wasgi/wasgi/host/internal/wasm"
)

// FuzzParse looks for panics, for errors of another type, and for accepted modules whose lazily read parts cannot be read.
func FuzzParse(f *testing.F) {
	f.Add(richModule())
	f.Add(nestedLoops(3, 3))
	f.Add(function(2, increment(0), bytes(0xfd, 0x0c), make([]byte, 16), bytes(0x1a)))
	f.Add([]byte(magic))
	limits := wasm.DefaultLimits()
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := wasm.Parse(data, limits)
		if err != nil {
			var refused *wasm.Error
			if !errors.As(err, &refused) || refused.Offset < 0 || refused.Offset > len(data) || m != nil {
				t.Fatalf("%v, module %v", err, m != nil)
			}
			survey(t, data, err)
			return
		}
		head, err := wasm.Head(data, limits)
		if err != nil || !slices.Equal(head.Imports, m.Imports) || !slices.Equal(head.Exports, m.Exports) {
			t.Fatalf("the head differs: %v", err)
		}
		m.Toolchain()
		m.FunctionNames()
		for i, c := range m.Code {
			count := 0
			for _, g := range m.LocalGroups(i) {
				count += g.Count
			}
			if count != c.Locals {
				t.Fatalf("function %d: %d locals, the groups have %d", i, c.Locals, count)
			}
		}
	})
}

// survey checks that what is known of a refused file is consistent.
func survey(t *testing.T, data []byte, refused error) {
	m, err := wasm.Survey(data, wasm.DefaultLimits())
	if err == nil || err.Error() != refused.Error() {
		t.Fatalf("survey: %v, parse: %v", err, refused)
	}
	wasm.Layout(data, 100)
	if m == nil {
		return
	}
	m.Toolchain()
	m.TableEntries()
	for _, i := range m.Imports {
		_ = m.Types[i.Type].String()
	}
	for _, e := range m.Exports {
		if e.Kind == wasm.ExternFunction {
			_ = m.FunctionType(e.Index).String()
		}
	}
}

// TestMemory parses what costs most for its length: lists of the smallest entries.
func TestMemory(t *testing.T) {
	const most = 40 // bytes for one of the file
	for name, data := range map[string][]byte{
		"types":   module(section(1, leb(90_000), times(90_000, func(int) []byte { return voidType }))),
		"imports": module(types, section(2, leb(4000), times(4000, func(int) []byte { return join(text("m"), text(""), bytes(0, 0)) }))),
		"data":    module(section(11, leb(90_000), times(90_000, func(int) []byte { return bytes(1, 0) }))),
		"code": module(types, section(3, leb(90_000), make([]byte, 90_000)),
			section(10, leb(90_000), times(90_000, func(int) []byte { return bytes(2, 0, 0x0b) }))),
		"sections": module(times(900, func(int) []byte { return section(0, text("x")) })),
		"lies":     module(section(1, leb(100_000), times(20_000, func(int) []byte { return voidType }))),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := wasm.Parse(data, wasm.DefaultLimits())
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > uint64(most*len(data)+1<<18) {
			t.Errorf("%s: %d bytes of file took %d of memory (%v)", name, len(data), used, err)
		}
	}
}

// TestGoModule parses an app as Go's compiler makes them.
func TestGoModule(t *testing.T) {
	data := guesttest.Go(t, "../../../plugins/hello")
	m, err := wasm.Parse(data, wasm.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Fresh) != 0 || m.Memory == nil || len(m.ImportsByModule()["wasgi_v1"]) == 0 {
		t.Errorf("fresh %v, memory %v, imports %v", m.Fresh, m.Memory, m.ImportsByModule())
	}
	if _, ok := m.Export("application"); !ok {
		t.Error("application is not exported")
	}
	for _, n := range []int{9, len(data) / 3, len(data) / 2, len(data) - 1} {
		if _, err := wasm.Parse(data[:n], wasm.DefaultLimits()); err == nil {
			t.Errorf("accepted when cut to %d bytes", n)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	data := guesttest.Go(b, "../../../plugins/hello")
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := wasm.Parse(data, wasm.DefaultLimits()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRefuse(b *testing.B) {
	data := nestedLoops(400, 400)
	for b.Loop() {
		if _, err := wasm.Parse(data, wasm.DefaultLimits()); err == nil {
			b.Fatal("accepted")
		}
	}
}
