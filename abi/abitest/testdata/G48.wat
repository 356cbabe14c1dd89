;; G48: it traps at a message when it has not seen a connection open
(module
  (import "wasgi_v1" "start_response"
    (func $start_response (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 32)
  (data (i32.const 16) "200 OK")
  (data (i32.const 32) "\01\00\00\00" "\0c\00\00\00" "\0a\00\00\00" "content-type" "text/plain")
  (data (i32.const 80) "hello, world\n")

  (global $seen (mut i32) (i32.const 0))

  (global $length (mut i32) (i32.const 0)) ;; of the value

  ;; The value of the variable whose name has so many bytes, the first of them "websocke".
  (func $value (param $at i32) (param $name i32) (result i32)
    (local $key i32)
    (local.set $at (i32.add (local.get $at) (i32.const 4)))
    (loop $next (result i32)
      (local.set $key (i32.load (local.get $at)))
      (global.set $length (i32.load offset=4 (local.get $at)))
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (if (i32.eq (local.get $key) (local.get $name))
        (then
          (if (i64.eq (i64.load (local.get $at)) (i64.const 0x656b636f73626577))
            (then (return (i32.add (local.get $at) (local.get $key)))))))
      (local.set $at (i32.add (local.get $at) (i32.add (local.get $key) (global.get $length))))
      (br $next)))

  (func $allocate (export "allocate") (param $len i32) (result i32)
    (i32.const 4096))

  (func $application (export "application") (param $environ i32) (param $len i32) (result i64)
    (drop (call $start_response
      (i32.const 16) (i32.const 6) (i32.const 32) (i32.const 34) (i32.const 0)))
    (i64.const 0x500000000d))

  (func $websocket_message (export "websocket_message") (param $environ i32) (param $len i32) (result i32)
    (local $event i32)
    (local.set $event (i32.load8_u (call $value (local.get $environ) (i32.const 15)))) ;; websocket.event: "o", "m" or "c"
    (if (i32.eq (local.get $event) (i32.const 0x6f)) (then (global.set $seen (i32.const 1))))
    (if (i32.and (i32.eq (local.get $event) (i32.const 0x6d)) (i32.eqz (global.get $seen))) (then (unreachable)))
    (i32.const 0))
)
