;; Sleeps by way of WASI for as many nanoseconds as its parameters say, the upper half first. Returns the errno of the event.
(module
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "allocate") (param i32) (result i32) (i32.const 32768))
  (func $application (export "application") (param $high i32) (param $low i32) (result i64)
    (i32.store (i32.const 1040) (i32.const 1))
    (i32.store (i32.const 1048) (local.get $low))
    (i32.store (i32.const 1052) (local.get $high))
    (drop (call $poll_oneoff (i32.const 1024) (i32.const 2048) (i32.const 1) (i32.const 4096)))
    (i64.load16_u (i32.const 2056))))
