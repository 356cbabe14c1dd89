;; Exports application with a type of its own.
(module
  (memory (export "memory") 1)
  (func (export "allocate") (param i32) (result i32) (i32.const 32768))
  (func (export "application") (param i32) (result i64) (i64.const 0)))
