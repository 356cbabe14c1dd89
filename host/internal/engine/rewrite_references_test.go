package engine_test

import (
	"context"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
)

// manyReferences takes references of functions in a loop, and calls one of them at the end.
const manyReferences = `(module (table $t 2 2 funcref) (elem declare func $one $two)
	(func $one (result i32) (i32.const 1)) (func $two (result i32) (i32.const 2))
	(func (export "f") (param $n i32) (result i32)
		(loop $l
			(table.set $t (i32.const 0) (ref.func $one)) (table.set $t (i32.const 1) (ref.func $two))
			(br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
		(i32.add (call_indirect $t (result i32) (i32.const 0))
			(i32.mul (i32.const 10) (call_indirect $t (result i32) (i32.const 1))))))`

// TestReferencesTakeNoMemory takes a million references: the runtime by itself would keep 40 bytes or more for each.
func TestReferencesTakeNoMemory(t *testing.T) {
	m := assemble(t, manyReferences)
	ctx := context.Background()
	b := newPlainRuntime(t, rewritten, wazero.NewRuntimeConfig())
	instance, err := b.instantiate(ctx, m, wazero.NewModuleConfig())
	if err != nil {
		t.Fatal(err)
	}
	before := heap()
	if _, outcome := b.call(ctx, instance.ExportedFunction("f"), 500_000); outcome != "returns 0x15" {
		t.Errorf("it %s", outcome)
	}
	if more := heap() - before; more > 8*mebibyte {
		t.Errorf("the host keeps %d bytes more", more)
	}
}

// elementModule has an element segment in each of the eight encodings, with functions that return their own numbers. The function
// call calls through the first table. Functions: 0 imported, 1 call, 2 to 5 return 102 to 105, 6 fills the table from the
// passive segments.
const elementModule = "\x00asm\x01\x00\x00\x00" +
	"\x01\x0d\x03\x60\x01\x7f\x01\x7f\x60\x00\x01\x7f\x60\x00\x00" + // (i32) -> i32, () -> i32, () -> ()
	"\x02\x07\x01\x01m\x01i\x00\x01" + // import of () -> i32
	"\x03\x07\x06\x00\x01\x01\x01\x01\x02" +
	"\x04\x04\x01\x70\x00\x10" + // 16 entries
	"\x07\x0f\x02\x04call\x00\x01\x04fill\x00\x06" +
	"\x09\x3d\x08" +
	"\x00\x41\x00\x0b\x02\x02\x00" + // active, at 0: functions 2, 0
	"\x01\x00\x02\x03\x00" + // passive: 3, 0
	"\x02\x00\x41\x02\x0b\x00\x01\x04" + // active in table 0, at 2: 4
	"\x03\x00\x01\x05" + // declarative
	"\x04\x41\x03\x0b\x02\xd2\x05\x0b\xd0\x70\x0b" + // active, expressions, at 3: 5, null
	"\x05\x70\x02\xd2\x02\x0b\xd2\x00\x0b" + // passive, expressions: 2, 0
	"\x06\x00\x41\x05\x0b\x70\x01\xd2\x03\x0b" + // active in table 0, expressions, at 5: 3
	"\x07\x70\x01\xd2\x04\x0b" + // declarative, expressions
	"\x0a\x41\x06" +
	"\x07\x00\x20\x00\x11\x01\x00\x0b" + // call_indirect
	"\x05\x00\x41\xe6\x00\x0b\x05\x00\x41\xe7\x00\x0b\x05\x00\x41\xe8\x00\x0b\x05\x00\x41\xe9\x00\x0b" +
	"\x1f\x00\x41\x06\x41\x00\x41\x02\xfc\x0c\x01\x00" + // table.init of segment 1, at 6
	"\x41\x08\x41\x00\x41\x02\xfc\x0c\x05\x00" + // of segment 5, at 8
	"\x41\x0a\xd2\x05\x26\x00" + // table.set at 10: function 5
	"\xfc\x0d\x03\x0b" // elem.drop of segment 3

// TestElementEncodings calls through what each segment puts into a table, imported functions and the module's own.
func TestElementEncodings(t *testing.T) {
	t.Parallel()
	m := parse(t, []byte(elementModule))
	if len(m.Elements) != 8 {
		t.Fatalf("%d segments", len(m.Elements))
	}
	outcomes := map[string]string{}
	for name, prepare := range map[string]preparation{"as it is": asItIs, "rewritten": rewritten} {
		ctx := context.Background()
		b := newPlainRuntime(t, prepare, wazero.NewRuntimeConfig())
		if err := b.stubs(ctx, m, ""); err != nil {
			t.Fatal(err)
		}
		instance, err := b.instantiate(ctx, m, wazero.NewModuleConfig())
		if err != nil {
			t.Fatal(err)
		}
		if _, outcome := b.call(ctx, instance.ExportedFunction("fill")); outcome != "returns " {
			t.Errorf("%s: to fill the table %s", name, outcome)
		}
		var all []string
		for at := range uint64(12) {
			_, outcome := b.call(ctx, instance.ExportedFunction("call"), at)
			all = append(all, strings.TrimPrefix(outcome, "returns "))
		}
		outcomes[name] = strings.Join(all, " ")
	}
	const null = "traps: invalid table access"
	const want = "0x66 0x0 0x68 0x69 " + null + " 0x67 0x67 0x0 0x66 0x0 0x69 " + null
	if outcomes["rewritten"] != want || outcomes["as it is"] != want {
		t.Errorf("got  %v\nwant %s", outcomes, want)
	}
}
