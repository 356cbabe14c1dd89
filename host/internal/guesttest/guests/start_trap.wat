;; Has 16 MiB of memory and traps in its start section.
(module
  (memory (export "memory") 256)
  (func (export "allocate") (param i32) (result i32) (i32.const 32768))
  (func $start unreachable)
  (func $application (export "application") (param $environ i32) (param $length i32) (result i64) (i64.const 0))
  (start $start))
