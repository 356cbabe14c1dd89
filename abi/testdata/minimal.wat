;; Answers every request with "hello, world".
(module
  (import "wasgi_v1" "start_response"
    (func $start_response (param i32 i32 i32 i32 i32) (result i32)))

  (memory (export "memory") 1)

  (data (i32.const 16) "200 OK")
  (data (i32.const 32)                 ;; a header list of 34 bytes
    "\01\00\00\00"                     ;; one pair
    "\0c\00\00\00" "\0a\00\00\00"      ;; 12 and 10 bytes
    "content-type" "text/plain")
  (data (i32.const 80) "hello, world\n")

  ;; Everything from address 4096 on is the environ's. A second call gets the same place: the host no longer uses the first.
  (func (export "allocate") (param $len i32) (result i32)
    (local $missing i32)               ;; pages; in 64 bits, so that no sum wraps
    (local.set $missing
      (i32.sub
        (i32.wrap_i64
          (i64.shr_u
            (i64.add (i64.extend_i32_u (local.get $len)) (i64.const 69631)) ;; 4096 + 65535
            (i64.const 16)))
        (memory.size)))
    (if (i32.gt_s (local.get $missing) (i32.const 0))
      (then
        (if (i32.eq (memory.grow (local.get $missing)) (i32.const -1))
          (then (return (i32.const 0))))))
    (i32.const 4096))

  (func (export "application") (param $environ_ptr i32) (param $environ_len i32) (result i64)
    (if (i32.lt_s
          (call $start_response
            (i32.const 16) (i32.const 6)
            (i32.const 32) (i32.const 34)
            (i32.const 0))
          (i32.const 0))
      (then (unreachable)))
    (i64.or
      (i64.shl (i64.const 80) (i64.const 32))
      (i64.const 13)))
)
