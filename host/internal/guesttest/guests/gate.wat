;; Sends its headers, then a byte for each byte of input it reads: whoever talks to it controls its pace.
(module
  (import "wasgi_v1" "start_response" (func $start_response (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasgi_v1" "write" (func $write (param i32 i32) (result i32)))
  (import "wasgi_v1" "input_read" (func $input_read (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "200 OK")
  (data (i32.const 128) ".")
  (func (export "allocate") (param i32) (result i32) (i32.const 32768))
  (func $application (export "application") (param $environ i32) (param $length i32) (result i64)
    (drop (call $start_response (i32.const 0) (i32.const 6) (i32.const 8) (i32.const 4) (i32.const 0)))
    (drop (call $write (i32.const 128) (i32.const 0)))
    (loop $next
      (if (i32.gt_s (call $input_read (i32.const 256) (i32.const 1)) (i32.const 0))
        (then (br_if $next (i32.eqz (call $write (i32.const 128) (i32.const 1)))))))
    (i64.const 0)))
