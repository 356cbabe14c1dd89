;; What the benchmarks of checkpoints run: loops and calls, with nothing around them.
(module
  (memory (export "memory") 4)
  (func (export "tight") (param $n i64) (result i64)
    (local $s i64)
    (loop $l
      (local.set $s (i64.add (local.get $s) (i64.mul (local.get $n) (i64.const 3))))
      (br_if $l (i64.ne (local.tee $n (i64.sub (local.get $n) (i64.const 1))) (i64.const 0))))
    (local.get $s))
  (func (export "sum") (param $n i64) (result i64)
    (local $s i64) (local $i i32)
    (loop $l
      (local.set $s (i64.add (local.get $s) (i64.load (i32.and (local.get $i) (i32.const 0x1fff8)))))
      (local.set $i (i32.add (local.get $i) (i32.const 8)))
      (br_if $l (i64.ne (local.tee $n (i64.sub (local.get $n) (i64.const 1))) (i64.const 0))))
    (local.get $s))
  (func $fib (export "fib") (param $n i64) (result i64)
    (if (result i64) (i64.lt_s (local.get $n) (i64.const 2))
      (then (local.get $n))
      (else (i64.add (call $fib (i64.sub (local.get $n) (i64.const 1)))
                     (call $fib (i64.sub (local.get $n) (i64.const 2)))))))
)
