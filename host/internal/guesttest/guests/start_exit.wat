;; Calls proc_exit(3) in its start section.
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (func (export "allocate") (param i32) (result i32) (i32.const 32768))
  (func $application (export "application") (param $environ i32) (param $length i32) (result i64)
    (i64.const 0))
  (func $start (call $proc_exit (i32.const 3)))
  (start $start))
