;; Middleware: has the next application answer the same request, and puts brackets around the body, as it streams. What fails behind it
;; is passed on. With the query "twice" it calls a second time, which must be refused, with "leave" it answers by itself before it has
;; read the body.
(module
  (import "wasgi_v1" "start_response" (func $start_response (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasgi_v1" "write" (func $write (param i32 i32) (result i32)))
  (import "wasgi_next_v1" "call" (func $call (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasgi_next_v1" "read_head" (func $read_head (param i32 i32 i32) (result i32)))
  (import "wasgi_next_v1" "read_body" (func $read_body (param i32 i32 i32) (result i32)))
  (import "wasgi_next_v1" "close" (func $close (param i32) (result i32)))

  (memory (export "memory") 4)
  (data (i32.const 16) "[")
  (data (i32.const 17) "]")
  (data (i32.const 32) "200 OK")
  (data (i32.const 64) "left")

  (func (export "allocate") (param i32) (result i32) (i32.const 131072))

  ;; Whether the environ has this word of 8 bytes anywhere.
  (func $has (param $environ i32) (param $length i32) (param $word i64) (result i32)
    (local $end i32)
    (local.set $end (i32.add (local.get $environ) (i32.sub (local.get $length) (i32.const 8))))
    (loop $next
      (if (i64.eq (i64.load (local.get $environ)) (local.get $word)) (then (return (i32.const 1))))
      (local.set $environ (i32.add (local.get $environ) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $environ) (local.get $end))))
    (i32.const 0))

  (func (export "application") (param $environ i32) (param $length i32) (result i64)
    (local $handle i32) (local $n i32) (local $status i32) (local $headers i32)
    (local.set $handle
      (call $call (local.get $environ) (local.get $length) (i32.const 0) (i32.const 0) (i32.const 1)))
    (if (i32.lt_s (local.get $handle) (i32.const 0)) (then (unreachable)))
    (if (call $has (local.get $environ) (local.get $length) (i64.const 0x65636977743d6f64))  ;; do=twice
      (then
        (if (i32.ne
              (call $call (local.get $environ) (local.get $length) (i32.const 0) (i32.const 0) (i32.const 1))
              (i32.const -4))
          (then (unreachable)))))
    (local.set $n (call $read_head (local.get $handle) (i32.const 1024) (i32.const 32768)))
    (if (i32.lt_s (local.get $n) (i32.const 0)) (then (return (i64.const 0))))
    (if (call $has (local.get $environ) (local.get $length) (i64.const 0x65766165_6c3d6f64)) ;; do=leave
      (then
        (drop (call $start_response (i32.const 32) (i32.const 6) (i32.const 80) (i32.const 4) (i32.const 0)))
        (return (i64.const 0x4000000004))))
    ;; The first pair is the status; behind it begins a list of the others, once it has their number.
    (local.set $status (i32.load (i32.const 1032)))
    (memory.copy (i32.const 512) (i32.const 1043) (local.get $status))
    (local.set $headers (i32.add (i32.const 1039) (local.get $status)))
    (i32.store (local.get $headers) (i32.sub (i32.load (i32.const 1024)) (i32.const 1)))
    (drop (call $start_response (i32.const 512) (local.get $status)
      (local.get $headers) (i32.sub (local.get $n) (i32.add (i32.const 15) (local.get $status))) (i32.const 0)))
    (drop (call $write (i32.const 16) (i32.const 1)))
    (block $end
      (loop $more
        (local.set $n (call $read_body (local.get $handle) (i32.const 40960) (i32.const 16384)))
        (br_if $end (i32.eqz (local.get $n)))
        (if (i32.lt_s (local.get $n) (i32.const 0)) (then (unreachable)))
        (drop (call $write (i32.const 40960) (local.get $n)))
        (br $more)))
    (drop (call $close (local.get $handle)))
    (i64.const 0x1100000001))
)
