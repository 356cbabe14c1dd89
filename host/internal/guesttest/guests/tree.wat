;; Calls functions that call two functions each, as deep as its first parameter says, and at most 32: without a check at function
;; entries that is a quarter of a minute of work.
(module
  (memory (export "memory") 1)
  (func (export "allocate") (param i32) (result i32) (i32.const 32768))
  (func $tree (param $depth i32)
    (if (local.get $depth)
      (then
        (call $tree (i32.sub (local.get $depth) (i32.const 1)))
        (call $tree (i32.sub (local.get $depth) (i32.const 1))))))
  (func $application (export "application") (param $depth i32) (param $length i32) (result i64)
    (call $tree (select (local.get $depth) (i32.const 32) (i32.lt_u (local.get $depth) (i32.const 32))))
    (i64.const 0)))
