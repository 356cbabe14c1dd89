;; Sleeps for 50 ms by way of WASI, and then answers as hello does.
(module
  (import "wasgi_v1" "start_response" (func $start_response (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "200 OK")
  (data (i32.const 16) "hello world")
  (data (i32.const 64) "\01\00\00\00\04\00\00\00\07\00\00\00namewanghui")
  (data (i32.const 1040) "\01\00\00\00\00\00\00\00\80\f0\fa\02\00\00\00\00")
  (func (export "allocate") (param i32) (result i32) (i32.const 32768))
  (func $application (export "application") (param $environ i32) (param $length i32) (result i64)
    (drop (call $poll_oneoff (i32.const 1024) (i32.const 2048) (i32.const 1) (i32.const 4096)))
    (drop (call $start_response (i32.const 0) (i32.const 6) (i32.const 64) (i32.const 23) (i32.const 0)))
    (i64.const 0x000000100000000b)))
