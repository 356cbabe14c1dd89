;; Changes a table, and so cannot be put back: says hello.
(module
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 64) "Content-Type: text/plain\n\nhello\n")
  (table $t 1 funcref)
  (elem declare func $fd_write)
  (func (export "_start")
    (table.set $t (i32.const 0) (ref.func $fd_write))
    (i32.store (i32.const 0) (i32.const 64))
    (i32.store (i32.const 4) (i32.const 32))
    (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))
