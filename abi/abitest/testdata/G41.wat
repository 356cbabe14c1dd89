;; G41: it returns 7 for an event whose name has 7 bytes, as message has
(module
  (import "wasgi_v1" "start_response"
    (func $start_response (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 32)
  (data (i32.const 16) "200 OK")
  (data (i32.const 32) "\01\00\00\00" "\0c\00\00\00" "\0a\00\00\00" "content-type" "text/plain")
  (data (i32.const 80) "hello, world\n")

  (func $event (export "websocket_message") (param $environ i32) (param $len i32) (result i32)
      (local $pairs i32) (local $key i32) (local $value i32)
      (local.set $pairs (i32.load (local.get $environ)))
      (local.set $environ (i32.add (local.get $environ) (i32.const 4)))
      (block $done
        (loop $next
          (br_if $done (i32.eqz (local.get $pairs)))
          (local.set $key (i32.load (local.get $environ)))
          (local.set $value (i32.load offset=4 (local.get $environ)))
          (local.set $environ (i32.add (local.get $environ) (i32.const 8)))
          (if (i32.and (i32.eq (local.get $key) (i32.const 15)) (i32.eq (i32.load (local.get $environ)) (i32.const 0x73626577))) ;; "webs"
            (then (if (i32.eq (local.get $value) (i32.const 7)) (then (return (i32.const 7))))))
          (local.set $environ (i32.add (local.get $environ) (i32.add (local.get $key) (local.get $value))))
          (local.set $pairs (i32.sub (local.get $pairs) (i32.const 1)))
          (br $next)))
      (i32.const 0))

  (func $allocate (export "allocate") (param $len i32) (result i32)
    (i32.const 4096))

  (func $application (export "application") (param $environ i32) (param $len i32) (result i64)
    (drop (call $start_response
      (i32.const 16) (i32.const 6) (i32.const 32) (i32.const 34) (i32.const 0)))
    (i64.const 0x500000000d))
)
