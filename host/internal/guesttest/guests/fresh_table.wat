;; Puts a function into a table while it is initialised, and answers with what that function counts: its calls in this instance,
;; as one digit.
(module
  (import "wasgi_v1" "start_response" (func $start_response (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (table $t 1 funcref)
  (elem declare func $count)
  (data (i32.const 0) "200 OK")
  (data (i32.const 128) "0")
  (func (export "allocate") (param i32) (result i32) (i32.const 32768))
  (func (export "_initialize") (table.set $t (i32.const 0) (ref.func $count)))
  (func $count
    (i32.store8 (i32.const 128) (i32.add (i32.load8_u (i32.const 128)) (i32.const 1))))
  (func $application (export "application") (param $environ i32) (param $length i32) (result i64)
    (call_indirect $t (i32.const 0))
    (drop (call $start_response (i32.const 0) (i32.const 6) (i32.const 8) (i32.const 4) (i32.const 0)))
    (i64.const 0x0000008000000001)))
