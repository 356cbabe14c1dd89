package engine_test

import (
	"context"
	"fmt"
	"hash/maphash"
	"strings"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/wasgi/wasgi/host/internal/wasm"
)

// tracing bounds what one module may do: the number of calls into it, and of the checkpoints of each.
const (
	tracedCalls       = 200
	tracedCheckpoints = 50
)

// hangLimit is an export of binaryen's random modules: it allows their loops and calls some more turns.
const hangLimit = "hangLimitInitializer"

// trace is what can be seen of a module from outside: its exported functions are called in the order of the exports, with
// zeros and then with other arguments. It has a line for how each call ended, for what it called, and for the memory after it.
type trace struct {
	lines []string
	calls int // that ended by themselves
	// cut: the trace ends where a call used up its budget, which happens to different modules at different places.
	cut bool
	// changed counts the bytes that calls have changed, each of which was noted.
	changed int
}

// of runs the module with stubs for all its imports, up to a number of calls.
func (r *trace) of(t *testing.T, m *wasm.Module, prepare preparation, calls int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	b := newPlainRuntime(t, prepare, wazero.NewRuntimeConfig().WithMemoryLimitPages(1024).WithCloseOnContextDone(true))
	defer b.end()
	defer func() { r.changed = b.changed }()
	if err := b.stubs(ctx, m, ""); err != nil {
		r.lines = append(r.lines, "no stubs")
		return
	}
	instance, err := b.instantiate(ctx, m, wazero.NewModuleConfig().WithName(""))
	r.lines = append(r.lines, b.log...)
	if err != nil {
		r.lines = append(r.lines, "not instantiated")
		return
	}
	for _, call := range calling(m) {
		if r.calls == calls {
			return
		}
		b.checkpoints, b.log = tracedCheckpoints, nil
		if hang := instance.ExportedFunction(hangLimit); hang != nil {
			_, _ = b.call(ctx, hang)
		}
		_, ended := b.call(ctx, instance.ExportedFunction(call.name), call.args...)
		if r.cut = strings.HasSuffix(ended, errSpent.Error()) || strings.HasSuffix(ended, errExhausted.Error()); r.cut {
			return
		}
		r.calls++
		r.lines = append(r.lines, b.log...)
		r.lines = append(r.lines, fmt.Sprintf("%s %#x %s, memory %x", call.name, call.args, ended, memoryHash(m, instance)))
	}
}

type tracedCall struct {
	name string
	args []uint64
}

// calling lists the calls of a trace.
func calling(m *wasm.Module) (all []tracedCall) {
	for round := range 2 {
		for _, e := range m.Exports {
			if e.Kind != wasm.ExternFunction || len(all) == tracedCalls {
				continue
			}
			var args []uint64
			for i, p := range m.FunctionType(e.Index).Params {
				args = append(args, argument(p, round*(i+1))...)
			}
			all = append(all, tracedCall{e.Name, args})
		}
	}
	return all
}

// argument is a value of that type: 0 for n = 0.
func argument(t wasm.ValueType, n int) []uint64 {
	switch t {
	case wasm.I32:
		return []uint64{uint64(n * 7)}
	case wasm.F32:
		return []uint64{uint64(n) * 0x3f80_0001}
	case wasm.F64:
		return []uint64{uint64(n) * 0x3ff0_0000_0000_0001}
	case wasm.V128:
		return []uint64{uint64(n) * 0x0102_0304_0506_0708, uint64(n)}
	case wasm.FuncRef:
		return []uint64{0}
	}
	return []uint64{uint64(-n)}
}

var hashSeed = maphash.MakeSeed()

// memoryHash stands for the size and the content of an instance's memory. Only hashes of one run of the tests can be compared.
func memoryHash(m *wasm.Module, instance api.Module) uint64 {
	if m.Memory == nil {
		return 0
	}
	memory := instance.Memory()
	content, _ := memory.Read(0, memory.Size())
	return maphash.Bytes(hashSeed, content)
}

// compared counts what modules did whose traces were compared.
type compared struct{ modules, calls, cut, changed int }

func (c *compared) String() string {
	return fmt.Sprintf("%d modules, %d calls that changed %d bytes, %d modules up to the end of their budget", c.modules, c.calls, c.changed, c.cut)
}

// compareTraces runs the module rewritten, with notes of what it writes and without, and prepared otherwise. Where a rewritten one
// is cut, so is the other: it need not end at all.
func (c *compared) compareTraces(t *testing.T, name string, m *wasm.Module, otherwise preparation) {
	t.Helper()
	var got, without, want trace
	got.of(t, m, rewritten, tracedCalls)
	without.of(t, m, withoutNotes, got.calls)
	want.of(t, m, otherwise, got.calls)
	c.modules++
	c.calls += got.calls
	c.changed += got.changed
	if got.cut {
		c.cut++
	}
	sameLines(t, name, got.lines, want.lines)
	if without.cut {
		want.lines = want.lines[:min(len(without.lines), len(want.lines))]
	}
	sameLines(t, name+" without notes", without.lines, want.lines)
}

// sameLines shows the first difference.
func sameLines(t *testing.T, name string, got, want []string) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		if line(got, i) != line(want, i) {
			t.Errorf("%s: after %d equal lines\nrewritten: %s\notherwise: %s", name, i, line(got, i), line(want, i))
			return
		}
	}
}

func line(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "nothing"
}
