;; Sends the request's body back byte by byte, and rests for 100 ms between reading one and writing it.
(module
  (import "wasgi_v1" "start_response" (func $start_response (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasgi_v1" "write" (func $write (param i32 i32) (result i32)))
  (import "wasgi_v1" "input_read" (func $input_read (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "200 OK")
  (data (i32.const 2064) "\01\00\00\00\00\00\00\00" "\00\e1\f5\05\00\00\00\00") ;; of a subscription: which clock, 100 ms
  (func (export "allocate") (param i32) (result i32) (i32.const 32768))
  (func (export "application") (param $environ i32) (param $length i32) (result i64)
    (drop (call $start_response (i32.const 0) (i32.const 6) (i32.const 8) (i32.const 4) (i32.const 0)))
    (loop $next
      (if (i32.gt_s (call $input_read (i32.const 1024) (i32.const 1)) (i32.const 0))
        (then
          (drop (call $poll_oneoff (i32.const 2048) (i32.const 4096) (i32.const 1) (i32.const 8192)))
          (br_if $next (i32.eqz (call $write (i32.const 1024) (i32.const 1)))))))
    (i64.const 0)))
