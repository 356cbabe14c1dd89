;; Traps in warm_up.
(module
  (memory (export "memory") 1)
  (func (export "allocate") (param i32) (result i32) (i32.const 32768))
  (func $application (export "application") (param $environ i32) (param $length i32) (result i64)
    (i64.const 0))
  (func $warm_up (export "warm_up") unreachable))
