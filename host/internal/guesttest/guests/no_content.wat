;; Answers 204 with a body, which must not be sent.
(module
  (import "wasgi_v1" "start_response" (func $start_response (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 32) "204 No Content")
  (func (export "allocate") (param i32) (result i32) (i32.const 32768))
  (func $application (export "application") (param $environ i32) (param $length i32) (result i64)
    (drop (call $start_response (i32.const 32) (i32.const 14) (i32.const 8) (i32.const 4) (i32.const 0)))
    (i64.const 0x000000200000000e)))
