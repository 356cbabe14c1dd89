package engine_test

import (
	"encoding/binary"
	"log/slog"
	"maps"
	"slices"
	"testing"

	"github.com/wasgi/wasgi/host/internal/engine"
)

// trampolines is a module that exports each of the functions under its name: it passes its parameters on. The memory has one
// page.
func trampolines(module string, functions map[string]engine.Signature) []byte {
	var types, imports, declared, exports, code [][]byte
	exports = append(exports, slices.Concat(text("memory"), []byte{2, 0}))
	for n, name := range slices.Sorted(maps.Keys(functions)) {
		signature, index := functions[name], number(n)
		types = append(types, slices.Concat([]byte{0x60}, bytesOf(signature.Params), bytesOf(signature.Results)))
		imports = append(imports, slices.Concat(text(module), text(name), []byte{0}, index))
		declared = append(declared, index)
		exports = append(exports, slices.Concat(text(name), []byte{0}, number(len(functions)+n)))
		body := []byte{0} // no locals
		for k := range signature.Params {
			body = slices.Concat(body, []byte{0x20}, number(k)) // local.get
		}
		code = append(code, bytesOf(slices.Concat(body, []byte{0x10}, index, []byte{0x0b}))) // call, end
	}
	return slices.Concat([]byte("\x00asm\x01\x00\x00\x00"), section(1, types), section(2, imports), section(3, declared),
		section(5, [][]byte{{0, 1}}), section(7, exports), section(10, code))
}

func section(id byte, entries [][]byte) []byte {
	return slices.Concat([]byte{id}, bytesOf(slices.Concat(number(len(entries)), slices.Concat(entries...))))
}

func number(n int) []byte     { return binary.AppendUvarint(nil, uint64(n)) }
func bytesOf(b []byte) []byte { return append(number(len(b)), b...) }
func text(s string) []byte    { return bytesOf([]byte(s)) }
func u32s(values ...uint32) []byte {
	var out []byte
	for _, v := range values {
		out = binary.LittleEndian.AppendUint32(out, v)
	}
	return out
}

// caller is a guest through which a test calls what the engine offers.
type caller struct {
	*engine.Instance
	t         testing.TB
	functions map[string]engine.Signature
	lines     *lineHandler
}

// wasiModule compiles a guest that passes everything on to WASI.
func wasiModule(t testing.TB) (*engine.Module, map[string]engine.Signature) {
	t.Helper()
	e := newEngine(t, "", slog.New(slog.DiscardHandler))
	functions := e.Linked(engine.WASI)
	module, err := e.Compile(t.Context(), trampolines(engine.WASI, functions), false, engine.Bounds{})
	if err != nil {
		t.Fatal(err)
	}
	return module, functions
}

func newCaller(t testing.TB, config engine.Config) *caller {
	t.Helper()
	module, functions := wasiModule(t)
	lines := &lineHandler{}
	config.Memory, config.Stack, config.Log = 1<<20, 1<<20, slog.New(lines)
	i, err := module.Instantiate(t.Context(), config, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(i.Close)
	return &caller{Instance: i, t: t, functions: functions, lines: lines}
}

// call returns the errno.
func (c *caller) call(name string, params ...uint64) uint32 {
	c.t.Helper()
	if len(params) != len(c.functions[name].Params) {
		c.t.Fatalf("%s takes %d parameters", name, len(c.functions[name].Params))
	}
	stack := append(params, 0)
	if err := c.Call(c.t.Context(), c.Function(name), stack); err != nil {
		c.t.Fatalf("%s%v: %v", name, params, err)
	}
	return uint32(stack[0])
}

// expect calls a function and checks the errno.
func (c *caller) expect(want uint32, name string, params ...uint64) {
	c.t.Helper()
	if got := c.call(name, params...); got != want {
		c.t.Errorf("%s%v = %d, want %d", name, params, got, want)
	}
}

// bytes is what lies in the guest's memory.
func (c *caller) bytes(ptr, length uint32) []byte {
	c.t.Helper()
	view, ok := c.View(ptr, length)
	if !ok {
		c.t.Fatalf("%d bytes at %d lie outside of the memory", length, ptr)
	}
	return view
}

func (c *caller) u32(ptr uint32) uint32 { return binary.LittleEndian.Uint32(c.bytes(ptr, 4)) }
func (c *caller) u64(ptr uint32) uint64 { return binary.LittleEndian.Uint64(c.bytes(ptr, 8)) }

func (c *caller) put(ptr uint32, data []byte) { copy(c.bytes(ptr, uint32(len(data))), data) }
