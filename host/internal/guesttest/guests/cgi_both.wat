;; Exports application beside _start: a guest of the project's own ABI.
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start"))
  (func (export "application") (param i32 i32) (result i64) (i64.const 0)))
