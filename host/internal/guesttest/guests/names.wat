;; Traps within functions whose names look like parts of a stack trace, and within one that has no name.
(module
  (memory (export "memory") 1)
  (func (export "allocate") (param i32) (result i32) (i32.const 32768))
  (func (param f64 i64) (result f32) unreachable)
  (func $a.b/c<d> (param f32) (drop (call 1 (f64.const 0) (i64.const 0))))
  (func $x:y (result i32 i64) (call $a.b/c<d> (f32.const 0)) (i32.const 0) (i64.const 0))
  (func $application (export "application") (param $environ i32) (param $length i32) (result i64)
    (drop (drop (call $x:y)))
    (i64.const 0)))
