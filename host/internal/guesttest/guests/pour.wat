;; Writes a block again and again, each with its number in its first 8 bytes; stops at the first error. How often, and how long a
;; block is, lies in memory after the word "blocks": tests change it.
(module
  (import "wasgi_v1" "start_response" (func $start_response (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasgi_v1" "write" (func $write (param i32 i32) (result i32)))
  (memory (export "memory") 3)
  (data (i32.const 0) "200 OK")
  (data (i32.const 16) "blocks: " "\02\00\00\00\00\00\00\00" "\10\00\00\00")
  (func (export "allocate") (param i32) (result i32) (i32.const 131072))
  (func (export "application") (param $environ i32) (param $length i32) (result i64)
    (local $n i64)
    (drop (call $start_response (i32.const 0) (i32.const 6) (i32.const 8) (i32.const 4) (i32.const 0)))
    (loop $next
      (i64.store (i32.const 1024) (local.get $n))
      (local.set $n (i64.add (local.get $n) (i64.const 1)))
      (if (i32.eqz (call $write (i32.const 1024) (i32.load (i32.const 32))))
        (then (br_if $next (i64.lt_u (local.get $n) (i64.load (i32.const 24)))))))
    (i64.const 0)))
