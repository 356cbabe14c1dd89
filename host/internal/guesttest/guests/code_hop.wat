;; Gives start_response a header of the connection. Answers with what the host returned, 4 bytes.
(module
  (import "wasgi_v1" "start_response" (func $start_response (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "200 OK")
  (data (i32.const 32) "200 OK")
  (data (i32.const 64) "\01\00\00\00\0a\00\00\00\05\00\00\00Connectionclose")
  (func (export "allocate") (param i32) (result i32) (i32.const 32768))
  (func $application (export "application") (param $environ i32) (param $length i32) (result i64)
    (i32.store (i32.const 128) (call $start_response (i32.const 32) (i32.const 6) (i32.const 64) (i32.const 27) (i32.const 0)))
    (drop (call $start_response (i32.const 0) (i32.const 6) (i32.const 8) (i32.const 4) (i32.const 0)))
    (i64.const 0x0000008000000004)))
