;; Makes the calls that the request's body lists, 24 bytes each: which function of wasgi_v1, then five parameters, of which it
;; takes as many as it has. Returns the last result.
(module
  (import "wasgi_v1" "start_response" (func $start_response (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasgi_v1" "write" (func $write (param i32 i32) (result i32)))
  (import "wasgi_v1" "input_read" (func $input_read (param i32 i32) (result i32)))
  (import "wasgi_v1" "errors_write" (func $errors_write (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "allocate") (param i32) (result i32) (i32.const 32768))
  (func $call (result i32)
    (local $which i32)
    (local.set $which (i32.load (i32.const 8)))
    (if (i32.eqz (local.get $which))
      (then (return (call $start_response (i32.load (i32.const 12)) (i32.load (i32.const 16)) (i32.load (i32.const 20))
        (i32.load (i32.const 24)) (i32.load (i32.const 28))))))
    (if (i32.eq (local.get $which) (i32.const 1))
      (then (return (call $write (i32.load (i32.const 12)) (i32.load (i32.const 16))))))
    (if (i32.eq (local.get $which) (i32.const 2))
      (then (return (call $input_read (i32.load (i32.const 12)) (i32.load (i32.const 16))))))
    (call $errors_write (i32.load (i32.const 12)) (i32.load (i32.const 16))))
  (func $application (export "application") (param $environ i32) (param $length i32) (result i64)
    (local $result i32)
    (block $end
      (loop $next
        (br_if $end (i32.ne (call $input_read (i32.const 8) (i32.const 24)) (i32.const 24)))
        (local.set $result (call $call))
        (br $next)))
    (i32.store (i32.const 0) (local.get $result))
    (i64.const 4)))
