;; Writes a line to its standard output and closes it. Returns the errno of writing.
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $fd_close (param i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "a line\n")
  (data (i32.const 16) "\00\00\00\00\07\00\00\00")
  (func (export "allocate") (param i32) (result i32) (i32.const 32768))
  (func $application (export "application") (param $environ i32) (param $length i32) (result i64) (local $errno i32)
    (local.set $errno (call $fd_write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 32)))
    (drop (call $fd_close (i32.const 1)))
    (i64.extend_i32_u (local.get $errno))))
