;; Writes "unfinished" to stdout by way of WASI, without a line's end.
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "unfinished")
  (data (i32.const 0) "\10\00\00\00\0a\00\00\00")
  (func (export "allocate") (param i32) (result i32) (i32.const 32768))
  (func $application (export "application") (param $environ i32) (param $length i32) (result i64)
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 64)))
    (i64.const 0)))
