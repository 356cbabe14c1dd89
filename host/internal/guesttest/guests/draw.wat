;; Answers with 8 random bytes that _initialize drew, 8 that warm_up drew, and 8 that are new.
(module
  (import "wasgi_v1" "start_response" (func $start_response (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "200 OK")
  (func (export "allocate") (param i32) (result i32) (i32.const 32768))
  (func (export "_initialize") (drop (call $random_get (i32.const 128) (i32.const 8))))
  (func (export "warm_up") (drop (call $random_get (i32.const 136) (i32.const 8))))
  (func $application (export "application") (param $environ i32) (param $length i32) (result i64)
    (drop (call $random_get (i32.const 144) (i32.const 8)))
    (drop (call $start_response (i32.const 0) (i32.const 6) (i32.const 8) (i32.const 4) (i32.const 0)))
    (i64.const 0x0000008000000018)))
