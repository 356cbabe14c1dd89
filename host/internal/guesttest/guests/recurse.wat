;; Calls itself without end.
(module
  (memory (export "memory") 1)
  (func (export "allocate") (param i32) (result i32) (i32.const 32768))
  (func $deeper (call $deeper))
  (func $application (export "application") (param $environ i32) (param $length i32) (result i64)
    (call $deeper)
    (i64.const 0)))
