;; Three functions, each of which loops as often as the first parameter says, and at most 4096 times; the outer ones call the
;; next one in each turn.
(module
  (memory (export "memory") 1)
  (func (export "allocate") (param i32) (result i32) (i32.const 32768))
  (func $inner (param $n i32) (local $i i32)
    (local.set $i (local.get $n))
    (loop $again
      (br_if $again (local.tee $i (i32.sub (local.get $i) (i32.const 1))))))
  (func $middle (param $n i32) (local $i i32)
    (local.set $i (local.get $n))
    (loop $again
      (call $inner (local.get $n))
      (br_if $again (local.tee $i (i32.sub (local.get $i) (i32.const 1))))))
  (func $outer (param $n i32) (local $i i32)
    (local.set $i (local.get $n))
    (loop $again
      (call $middle (local.get $n))
      (br_if $again (local.tee $i (i32.sub (local.get $i) (i32.const 1))))))
  (func $application (export "application") (param $n i32) (param $length i32) (result i64)
    (call $outer (select (local.get $n) (i32.const 4096) (i32.lt_u (local.get $n) (i32.const 4096))))
    (i64.const 0)))
