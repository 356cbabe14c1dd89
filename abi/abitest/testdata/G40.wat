;; G40: it goes on writing when the client is gone
(module
  (import "wasgi_v1" "start_response"
    (func $start_response (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasgi_v1" "write"
    (func $write (param i32 i32) (result i32)))
  (memory (export "memory") 32)
  (data (i32.const 16) "200 OK")
  (data (i32.const 32) "\01\00\00\00" "\0c\00\00\00" "\0a\00\00\00" "content-type" "text/plain")
  (data (i32.const 80) "hello, world\n")

  (func $allocate (export "allocate") (param $len i32) (result i32)
    (i32.const 4096))

  (func $application (export "application") (param $environ i32) (param $len i32) (result i64)
    (local $n i32)
    (drop (call $start_response
      (i32.const 16) (i32.const 6) (i32.const 32) (i32.const 34) (i32.const 0)))
    (local.set $n (i32.const 100))
    (loop $more
      (drop (call $write (i32.const 80) (i32.const 13)))
      (br_if $more (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (i64.const 0))
)
