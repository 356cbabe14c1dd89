;; Puts a function into a table while it is initialised. Returns what that function does: 42.
(module
  (memory (export "memory") 1)
  (table $t 1 funcref)
  (elem declare func $answer)
  (func (export "allocate") (param i32) (result i32) (i32.const 32768))
  (func $answer (result i64) (i64.const 42))
  (func (export "_initialize") (table.set $t (i32.const 0) (ref.func $answer)))
  (func $application (export "application") (param $environ i32) (param $length i32) (result i64)
    (call_indirect $t (result i64) (i32.const 0))))
