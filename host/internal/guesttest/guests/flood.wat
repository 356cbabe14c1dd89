;; Writes blocks of 32 KiB with write for as long as it is let.
(module
  (import "wasgi_v1" "start_response" (func $start_response (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasgi_v1" "write" (func $write (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "200 OK")
  (func (export "allocate") (param i32) (result i32) (i32.const 32768))
  (func $application (export "application") (param $environ i32) (param $length i32) (result i64)
    (drop (call $start_response (i32.const 0) (i32.const 6) (i32.const 8) (i32.const 4) (i32.const 0)))
    (loop $next
      (br_if $next (i32.eqz (call $write (i32.const 0) (i32.const 32768)))))
    (i64.const 0)))
