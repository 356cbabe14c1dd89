;; Grows its memory for each buffer it is asked for, and answers with the encoded environ.
(module
  (import "wasgi_v1" "start_response" (func $start_response (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "200 OK")
  (func (export "allocate") (param $size i32) (result i32)
    (i32.shl (memory.grow (i32.shr_u (i32.add (local.get $size) (i32.const 65535)) (i32.const 16))) (i32.const 16)))
  (func $application (export "application") (param $environ i32) (param $length i32) (result i64)
    (drop (call $start_response (i32.const 0) (i32.const 6) (i32.const 8) (i32.const 4) (i32.const 0)))
    (i64.or (i64.shl (i64.extend_i32_u (local.get $environ)) (i64.const 32)) (i64.extend_i32_u (local.get $length)))))
