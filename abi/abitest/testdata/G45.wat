;; G45: it chooses a subprotocol in every event
(module
  (import "wasgi_v1" "start_response"
    (func $start_response (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasgi_websocket_v1" "accept_protocol"
    (func $accept_protocol (param i32 i32) (result i32)))
  (memory (export "memory") 32)
  (data (i32.const 16) "200 OK")
  (data (i32.const 32) "\01\00\00\00" "\0c\00\00\00" "\0a\00\00\00" "content-type" "text/plain")
  (data (i32.const 80) "hello, world\n")

  (func $allocate (export "allocate") (param $len i32) (result i32)
    (i32.const 4096))

  (func $application (export "application") (param $environ i32) (param $len i32) (result i64)
    (drop (call $start_response
      (i32.const 16) (i32.const 6) (i32.const 32) (i32.const 34) (i32.const 0)))
    (i64.const 0x500000000d))

  (func $websocket_message (export "websocket_message") (param $environ i32) (param $len i32) (result i32)
    (drop (call $accept_protocol (i32.const 16) (i32.const 6)))
    (i32.const 0))
)
