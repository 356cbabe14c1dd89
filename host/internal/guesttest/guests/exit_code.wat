;; Calls proc_exit with its first parameter.
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 1)
  (func (export "allocate") (param i32) (result i32) (i32.const 32768))
  (func $application (export "application") (param $code i32) (param $length i32) (result i64)
    (call $proc_exit (local.get $code))
    (i64.const 0)))
