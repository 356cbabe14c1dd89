;; Reads the body of the request and answers with its length as 8 bytes, little-endian, then the last result of input_read as 4.
(module
  (import "wasgi_v1" "start_response" (func $start_response (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasgi_v1" "input_read" (func $input_read (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "200 OK")
  (func (export "allocate") (param i32) (result i32) (i32.const 32768))
  (func $application (export "application") (param $environ i32) (param $length i32) (result i64)
    (local $n i32)
    (drop (call $start_response (i32.const 0) (i32.const 6) (i32.const 8) (i32.const 4) (i32.const 0)))
    (i64.store (i32.const 128) (i64.const 0))
    (loop $next
      (local.set $n (call $input_read (i32.const 1024) (i32.const 16384)))
      (if (i32.gt_s (local.get $n) (i32.const 0))
        (then
          (i64.store (i32.const 128) (i64.add (i64.load (i32.const 128)) (i64.extend_i32_u (local.get $n))))
          (br $next))))
    (i32.store (i32.const 136) (local.get $n))
    (i64.const 0x000000800000000c)))
