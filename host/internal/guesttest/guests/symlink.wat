;; Makes a symbolic link to "../secret" in the first directory it was given, unless it is there, and reads through it into its memory
;; at 1024. Returns how many bytes it got, or the negative errno of what failed.
(module
  (import "wasi_snapshot_preview1" "path_symlink" (func $path_symlink (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "../secret")
  (data (i32.const 16) "\00\04\00\00\40\00\00\00")
  (func (export "allocate") (param i32) (result i32) (i32.const 32768))
  (func $application (export "application") (param $environ i32) (param $length i32) (result i64) (local $errno i32)
    (drop (call $path_symlink (i32.const 0) (i32.const 9) (i32.const 3) (i32.const 3) (i32.const 6)))
    (local.set $errno (call $path_open (i32.const 3) (i32.const 1) (i32.const 3) (i32.const 6)
      (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 32)))
    (if (local.get $errno) (then (return (i64.sub (i64.const 0) (i64.extend_i32_u (local.get $errno))))))
    (local.set $errno (call $fd_read (i32.load (i32.const 32)) (i32.const 16) (i32.const 1) (i32.const 36)))
    (if (local.get $errno) (then (return (i64.sub (i64.const 0) (i64.extend_i32_u (local.get $errno))))))
    (i64.load32_u (i32.const 36))))
