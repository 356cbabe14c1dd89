package engine_test

import (
	"fmt"
	"maps"
	"strings"
)

// workShapes are modules whose function f never ends, made to do as much as they can for what they are charged. If there is a
// function link, it is called before.
func workShapes() map[string]string {
	all := map[string]string{}
	for _, some := range []map[string]string{loopsThatWork(), callsThatWork(), loadsThatMiss(), valuesThatMove(), instructionsThatWork()} {
		maps.Copy(all, some)
	}
	return all
}

// times writes code n times.
func times(n int, code string) string { return strings.Repeat(code+" ", n) }

// again is a loop without end around n times the code.
func again(n int, code string) string { return `(loop ` + times(n, code) + `(br 0))` }

// f is the function f, with locals to work on.
func f(code string) string {
	return `(func (export "f") (local $x i32) (local $y i32) (local $v v128) ` + code + `)`
}

const (
	addition = `(local.set $x (i32.add (local.get $x) (i32.const 3)))`
	random   = `(i32.add (i32.mul (global.get $g) (i32.const 1664525)) (i32.const 1013904223))`
	counted  = `(global $g (mut i32) (i32.const 1))`
)

func loopsThatWork() map[string]string {
	return map[string]string{
		"a short loop":    f(again(1, addition)),
		"a long loop":     f(again(20_000, addition)),
		"a long function": counted + `(func $long (local $x i32) ` + times(20_000, addition) + `(global.set $g (local.get $x)))` + f(again(1, `(call $long)`)),
		"loops in one another": f(`
			(loop $a (loop $b (loop $c ` + addition + `
				(br_if $c (i32.and (local.get $x) (i32.const 7)))) (br_if $b (i32.and (local.get $x) (i32.const 56)))) (br $a))`),
		"a loop that runs little of itself": f(again(1, `
			(if (i32.eq (local.get $x) (i32.const -1)) (then `+times(5000, addition)+`)) `+addition)),
		"a table of branches": counted + f(`
			(loop $l `+times(200, "(block")+`
				(global.set $g `+random+`)
				(br_table `+numbers(200)+` (i32.rem_u (i32.shr_u (global.get $g) (i32.const 16)) (i32.const 200)))
			`+times(200, ") (br $l)")+`)`),
	}
}

func numbers(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%d ", i)
	}
	return b.String()
}

func callsThatWork() map[string]string {
	small := `(func $small (param i32) (result i32) (local.get 0)` + times(24, "(i32.popcnt)") + `)`
	return map[string]string{
		"small functions": small + f(again(5000, `(local.set $x (call $small (local.get $x)))`)),
		"small functions through a table": small + `(table 1 funcref) (elem (i32.const 0) $small)` +
			f(again(5000, `(local.set $x (call_indirect (param i32) (result i32) (local.get $x) (i32.const 0)))`)),
		"functions that come to no call": `(func $lazy (param i32)
				(if (i32.popcnt (i32.popcnt (i32.popcnt (i32.popcnt (local.get 0))))) (then (call $lazy (i32.const 0)))))` +
			f(again(5000, `(call $lazy (i32.const 0))`)),
		"a tree of calls": `(func $tree (param i32)
				(if (local.get 0)
					(then (call $tree (i32.sub (local.get 0) (i32.const 1))) (call $tree (i32.sub (local.get 0) (i32.const 1))))))` +
			f(again(1, `(call $tree (i32.const 200))`)),
	}
}

// loadsThatMiss load from 2^21 places in 128 MiB, 64 bytes apart, that are linked to a ring in an order that no processor foretells:
// each load takes as long as memory is far.
func loadsThatMiss() map[string]string {
	const memory = `(memory 2048) (func (export "link") (local $at i32) (local $to i32)
		(loop $next
			(local.set $to (i32.and (i32.add (i32.mul (local.get $at) (i32.const 1664525)) (i32.const 1013904223)) (i32.const 0x1fffff)))
			(i32.store (i32.shl (local.get $at) (i32.const 6)) (i32.shl (local.get $to) (i32.const 6)))
			(br_if $next (local.tee $at (local.get $to)))))`
	const load = `(local.set $x (i32.load (local.get $x)))`
	return map[string]string{
		"loads that miss, in a short loop": memory + f(again(1, load)),
		"loads that miss, 42 in a loop":    memory + f(again(42, load)),
		"loads that miss, 1000 in a loop":  memory + f(again(1000, load)),
		"loads that miss, 20000 in a loop": memory + f(again(20_000, load)),
		"loads that miss, in small functions": memory + `(func $small (param i32) (result i32) (local.get 0)` + times(8, "(i32.load)") + `)` +
			f(again(5000, `(local.set $x (call $small (local.get $x)))`)),
		"loads that miss, around branches": memory + f(again(2000,
			`(block (br_if 0 (i32.and (local.tee $x (i32.load (local.get $x))) (i32.const 1))) `+load+`)`)),
	}
}

// valuesThatMove have a thousand operands, and branches that move each of them by one place.
func valuesThatMove() map[string]string {
	thousand := fmt.Sprintf(`(memory 1) (type $t (func (param %[1]s) (result %[1]s)))`, times(1000, "i32"))
	filled := times(1000, "(i32.load (i32.const 0))")
	return map[string]string{
		"values that move in a loop": thousand +
			f(filled+`(loop (type $t) (local.get $x) (br_if 0 (i32.const 1)) drop)`+times(1000, "drop")),
		"values that move between blocks": thousand +
			f(filled+`(loop (type $t) `+times(100, `(block (type $t) (local.get $x) (br_if 0 (i32.load (i32.const 4))) drop)`)+`(br 0)) unreachable`),
		"locals that move": counted + `(memory 1) (func (export "f") (local ` + times(2000, "i32") + `)
			(loop ` + times(20, `(if (i32.load (i32.const 4)) (then `+each(2000, `(local.set %d (i32.load (i32.const 8)))`)+`))`) + `(br 0))
			` + each(2000, `(global.set $g (local.get %d))`) + `)`,
	}
}

// each writes code once for each number below n.
func each(n int, code string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, code, i)
	}
	return b.String()
}

func instructionsThatWork() map[string]string {
	const memory, table = `(memory 4096)`, `(table 1000000 1000000 funcref)`
	return map[string]string{
		"divisions":               f(again(5000, `(local.set $x (i32.div_u (i32.const 100) (i32.or (local.get $x) (i32.const 1))))`)),
		"vectors":                 f(again(5000, `(local.set $v (i8x16.shr_s (i64x2.mul (local.get $v) (local.get $v)) (i32.const 3)))`)),
		"references":              `(elem declare func $g) (func $g)` + f(again(1, `(drop (ref.func $g))`)),
		"memory.fill":             memory + f(again(1, `(memory.fill (i32.const 0) (i32.const 1) (i32.const 0xfffffff))`)),
		"memory.fill of little":   memory + f(again(5000, `(memory.fill (i32.const 0) (i32.const 1) (i32.const 63))`)),
		"memory.copy":             memory + f(again(1, `(memory.copy (i32.const 0) (i32.const 0x7ffffff) (i32.const 0x7ffffff))`)),
		"memory.grow":             memory + f(again(1, `(drop (memory.grow (i32.const 0)))`)),
		"table.fill":              table + f(again(1, `(table.fill 0 (i32.const 0) (ref.null func) (i32.const 1000000))`)),
		"table.copy":              table + f(again(1, `(table.copy (i32.const 0) (i32.const 1) (i32.const 999999))`)),
		"table.get and table.set": table + f(again(1, `(table.set 0 (i32.const 0) (table.get 0 (i32.const 5)))`)),
	}
}
