package engine_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
)

// loopShapes are bodies of a function from n to a number, each with a loop of about n turns. $i and $sum are its locals; MARK is
// a constant that shows how often the loop's content is written.
var loopShapes = map[string]string{
	"br_if at the end": `
		(loop $l STEP (br_if $l (i32.lt_u (local.get $i) (local.get $n)))) (local.get $sum)`,
	"br_if out at the front, br at the end": `
		(block $out (loop $l (br_if $out (i32.ge_u (local.get $i) (local.get $n))) STEP (br $l))) (local.get $sum)`,
	"on in the middle": `
		(loop $l STEP (br_if $l (i32.and (i32.lt_u (local.get $i) (local.get $n)) (local.get $i)))
			(local.set $sum (i32.mul (local.get $sum) (i32.const 3)))
			(br_if $l (i32.lt_u (local.get $i) (local.get $n)))) (local.get $sum)`,
	"out with a value": `
		(block $out (result i32) (block (result i32)
			(loop $l STEP (drop (br_if $out (local.get $sum) (i32.eq (local.get $i) (i32.const 7))))
				(br_if $l (i32.lt_u (local.get $i) (local.get $n))))
			(i32.const 1000)))`,
	"return inside": `
		(loop $l STEP (if (i32.ge_u (local.get $i) (local.get $n)) (then (return (local.get $sum)))) (br $l)) (i32.const 1)`,
	"return inside of a function that gives stack back": `
		(drop (call $callee))
		(loop $l STEP (if (i32.ge_u (local.get $i) (local.get $n)) (then (return (local.get $sum)))) (br $l)) (i32.const 1)`,
	"out of the function": `
		(loop $l STEP (drop (br_if 1 (local.get $sum) (i32.ge_u (local.get $i) (local.get $n)))) (br $l)) (i32.const 1)`,
	"a result": `
		(loop $l (result i32) STEP (br_if $l (i32.lt_u (local.get $i) (local.get $n))) (local.get $sum))`,
	"a result, and operands below": `
		(i32.add (i32.const 5) (loop $l (result i32) STEP (br_if $l (i32.lt_u (local.get $i) (local.get $n))) (local.get $sum)))`,
	"blocks": `
		(loop $l STEP
			(block $a (block $b (br_if $b (i32.and (local.get $i) (i32.const 1))) (br_if $a (i32.and (local.get $i) (i32.const 2)))
				(local.set $sum (i32.add (local.get $sum) (i32.const 100))))
				(local.set $sum (i32.xor (local.get $sum) (i32.const 5))))
			(br_if $l (i32.lt_u (local.get $i) (local.get $n)))) (local.get $sum)`,
	"if and else": `
		(loop $l STEP
			(if (i32.and (local.get $i) (i32.const 1)) (then (local.set $sum (i32.add (local.get $sum) (i32.const 9))))
				(else (br_if $l (i32.lt_u (local.get $i) (local.get $n)))))
			(br_if $l (i32.lt_u (local.get $i) (local.get $n)))) (local.get $sum)`,
	"on from within an if": `
		(loop $l STEP (if (i32.lt_u (local.get $i) (local.get $n)) (then (br $l))) (local.set $sum (i32.add (local.get $sum) (i32.const 1))))
		(local.get $sum)`,
	"once, but for what goes on": `
		(block $out (loop $l STEP (br_if $l (i32.lt_u (local.get $i) (local.get $n))) (br $out))) (local.get $sum)`,
	"stores": `
		(loop $l STEP (i32.store (i32.mul (local.get $i) (i32.const 4000)) (local.get $sum))
			(br_if $l (i32.lt_u (local.get $i) (local.get $n)))) (local.get $sum)`,
	"nothing but a branch": `
		(loop $l (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) MARK)) (i32.mul (local.get $n) MARK)))) (local.get $i)`,
	"code behind a branch": `
		(loop $l STEP (if (i32.lt_u (local.get $i) (local.get $n)) (then (br $l) (unreachable)))
			(block (br 0) (local.set $sum (i32.const 0)))) (local.get $sum)`,
	"a loop in a block in a loop": `
		(loop $outer (block $b (local.set $k (i32.const 0))
			(loop $l STEP (br_if $b (i32.eq (local.get $i) (i32.const 11))) (br_if $outer (i32.eq (local.get $i) (i32.const 5)))
				(br_if $l (i32.lt_u (local.tee $k (i32.add (local.get $k) (i32.const 1))) (i32.const 3)))))
			(br_if $outer (i32.lt_u (local.get $i) (local.get $n)))) (local.get $sum)`,
	"two, one behind the other": `
		(loop $l STEP (br_if $l (i32.lt_u (local.get $i) (local.get $n)))) (local.set $i (i32.const 0))
		(loop $m (local.set $sum (i32.rotl (local.get $sum) (local.get $i)))
			(br_if $m (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n)))) (local.get $sum)`,
}

// loopsLeftAlone have what is not copied: their content is written once.
var loopsLeftAlone = map[string]string{
	"a call": `
		(loop $l STEP (local.set $sum (i32.add (local.get $sum) (call $callee))) (br_if $l (i32.lt_u (local.get $i) (local.get $n))))
		(local.get $sum)`,
	"br_table": `
		(block $out (loop $l STEP (br_table $out $l $out (i32.lt_u (local.get $i) (local.get $n))))) (local.get $sum)`,
	"a parameter": `
		(i32.const 3) (loop $l (param i32) (result i32) STEP (i32.add (i32.const 1))
			(br_if $l (i32.lt_u (local.get $i) (local.get $n)))) (i32.add (local.get $sum))`,
	"long": `
		(loop $l STEP ` + strings.Repeat(`(local.set $sum (i32.rotl (local.get $sum) (i32.const 3)))`, 30) + `
			(br_if $l (i32.lt_u (local.get $i) (local.get $n)))) (local.get $sum)`,
}

const loopStep = `(local.set $i (i32.add (local.get $i) (i32.const 1)))
	(local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 31)) (i32.xor (local.get $i) MARK)))`

// loopMark is MARK as it is encoded.
var loopMark = []byte{0x41, 0xd4, 0xfd, 0xc2, 0x1a}

// TestUnrolledLoops runs short loops of all shapes for as many turns as there may be copies, and more.
func TestUnrolledLoops(t *testing.T) {
	t.Parallel()
	for name, body := range loopShapes {
		t.Run(name, func(t *testing.T) { compareLoop(t, body, true) })
	}
	for name, body := range loopsLeftAlone {
		t.Run(name, func(t *testing.T) { compareLoop(t, body, false) })
	}
}

func compareLoop(t *testing.T, body string, copied bool) {
	t.Parallel()
	text := strings.ReplaceAll(strings.ReplaceAll(body, "STEP", loopStep), "MARK", "(i32.const 55623380)")
	m := assemble(t, `(module (memory (export "memory") 2)
		(func $callee (result i32) (i32.const 2))
		(func (export "f") (param $n i32) (result i32) (local $i i32) (local $sum i32) (local $k i32) `+text+`))`)
	ctx := context.Background()
	sides := []*plainRuntime{
		newPlainRuntime(t, asItIs, wazero.NewRuntimeConfig()), newPlainRuntime(t, rewritten, wazero.NewRuntimeConfig()),
	}
	for _, b := range sides {
		if _, err := b.instantiate(ctx, m, wazero.NewModuleConfig()); err != nil {
			t.Fatal(err)
		}
	}
	once := bytes.Count(m.Data, loopMark)
	if n := bytes.Count(rewritten(m).data, loopMark); n == 0 || copied != (n >= 2*once) {
		t.Errorf("the content is written %d times, and was %d times", n, once)
	}
	for n := range uint64(21) {
		var outcomes [2]string
		for i, b := range sides {
			_, outcome := b.call(ctx, b.instances[0].ExportedFunction("f"), n)
			outcomes[i] = fmt.Sprintf("%s, memory %x", outcome, memoryHash(m, b.instances[0]))
		}
		if outcomes[0] != outcomes[1] {
			t.Errorf("%d turns: it %s, rewritten it %s", n, outcomes[0], outcomes[1])
		}
	}
}
