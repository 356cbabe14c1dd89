;; The start function is run once, after the data segments are applied, in their order.
(module
  (import "log" "i" (func $log (param i32)))
  (memory (export "memory") 1)
  (global $runs (export "runs") (mut i32) (i32.const 0))
  (data (i32.const 4) "\01\02\03\04")
  (data (i32.const 6) "\0a")
  (data (i32.const 65536) "")
  (func $start
    (call $log (i32.load (i32.const 4)))
    (global.set $runs (i32.add (global.get $runs) (i32.const 1)))
    (i32.store (i32.const 0) (i32.const 42)))
  (start $start)
  (func (export "get") (result i32 i32) (i32.load (i32.const 0)) (global.get $runs)))
