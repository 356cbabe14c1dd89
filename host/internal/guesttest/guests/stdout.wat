;; Writes a line to stdout and one to stderr by way of WASI.
(module
  (import "wasgi_v1" "start_response" (func $start_response (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "200 OK")
  (data (i32.const 128) "to stdout\nto stderr\n")
  (data (i32.const 160) "\80\00\00\00\0a\00\00\00\8a\00\00\00\0a\00\00\00")
  (func (export "allocate") (param i32) (result i32) (i32.const 32768))
  (func $application (export "application") (param $environ i32) (param $length i32) (result i64)
    (drop (call $fd_write (i32.const 1) (i32.const 160) (i32.const 1) (i32.const 4096)))
    (drop (call $fd_write (i32.const 2) (i32.const 168) (i32.const 1) (i32.const 4096)))
    (drop (call $start_response (i32.const 0) (i32.const 6) (i32.const 8) (i32.const 4) (i32.const 0)))
    (i64.const 0)))
