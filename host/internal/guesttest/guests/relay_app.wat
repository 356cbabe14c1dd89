;; Calls the app "users" with the same request, and answers with what that answers. If it cannot, the answer is 502 and the letter "A" plus
;; the code, as "H" for CodeClosed.
(module
  (import "wasgi_v1" "start_response" (func $start_response (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasgi_v1" "write" (func $write (param i32 i32) (result i32)))
  (import "wasgi_apps_v1" "call" (func $call (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wasgi_apps_v1" "read_head" (func $read_head (param i32 i32 i32) (result i32)))
  (import "wasgi_apps_v1" "read_body" (func $read_body (param i32 i32 i32) (result i32)))

  (memory (export "memory") 4)
  (data (i32.const 16) "users")
  (data (i32.const 32) "200 OK")
  (data (i32.const 48) "502 Bad Gateway")

  (func (export "allocate") (param i32) (result i32) (i32.const 131072))

  (func $fail (param $code i32) (result i64)
    (i32.store8 (i32.const 80) (i32.sub (i32.const 65) (local.get $code)))
    (drop (call $start_response (i32.const 48) (i32.const 15) (i32.const 96) (i32.const 4) (i32.const 0)))
    (i64.const 0x5000000001))

  (func (export "application") (param $environ i32) (param $length i32) (result i64)
    (local $handle i32) (local $n i32)
    (local.set $handle
      (call $call (i32.const 16) (i32.const 5) (local.get $environ) (local.get $length) (i32.const 0) (i32.const 0) (i32.const 1)))
    (if (i32.lt_s (local.get $handle) (i32.const 0)) (then (return (call $fail (local.get $handle)))))
    (local.set $n (call $read_head (local.get $handle) (i32.const 1024) (i32.const 32768)))
    (if (i32.lt_s (local.get $n) (i32.const 0)) (then (return (call $fail (local.get $n)))))
    (drop (call $start_response (i32.const 32) (i32.const 6) (i32.const 96) (i32.const 4) (i32.const 0)))
    (block $end
      (loop $more
        (local.set $n (call $read_body (local.get $handle) (i32.const 40960) (i32.const 16384)))
        (br_if $end (i32.eqz (local.get $n)))
        (if (i32.lt_s (local.get $n) (i32.const 0)) (then (unreachable)))
        (drop (call $write (i32.const 40960) (local.get $n)))
        (br $more)))
    (i64.const 0))
)
