;; Gives the descriptor that its first parameter names the number 2147483632; 0 stands for one that it opens, the first directory it
;; was given. Returns the errno.
(module
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_renumber" (func $fd_renumber (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) ".")
  (func (export "allocate") (param i32) (result i32) (i32.const 32768))
  (func $application (export "application") (param $descriptor i32) (param $length i32) (result i64)
    (if (i32.eqz (local.get $descriptor))
      (then
        (drop (call $path_open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 1)
          (i32.const 0) (i64.const 0) (i64.const 0) (i32.const 0) (i32.const 32)))
        (local.set $descriptor (i32.load (i32.const 32)))))
    (i64.extend_i32_u (call $fd_renumber (local.get $descriptor) (i32.const 2147483632)))))
