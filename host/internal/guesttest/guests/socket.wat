;; Takes WebSocket events. What it does at open is the first letter of the query, what it does with a message is that message's first
;; byte; both are listed below. A request publishes its query to the topic "all" and answers with the number of those who got it.
(module
  (import "wasgi_v1" "start_response" (func $start_response (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasgi_v1" "write" (func $write (param i32 i32) (result i32)))
  (import "wasgi_v1" "input_read" (func $input_read (param i32 i32) (result i32)))
  (import "wasgi_v1" "errors_write" (func $errors_write (param i32 i32) (result i32)))
  (import "wasgi_websocket_v1" "send" (func $send (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasgi_websocket_v1" "close" (func $close (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasgi_websocket_v1" "subscribe" (func $subscribe (param i32 i32 i32 i32) (result i32)))
  (import "wasgi_websocket_v1" "unsubscribe" (func $unsubscribe (param i32 i32 i32 i32) (result i32)))
  (import "wasgi_websocket_v1" "publish" (func $publish (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasgi_websocket_v1" "accept_protocol" (func $accept_protocol (param i32 i32) (result i32)))
  (memory (export "memory") 4)
  (data (i32.const 64) "200 OK")
  (data (i32.const 72) "\00\00\00\00")
  (data (i32.const 80) "all")
  (data (i32.const 96) "welcome1")
  (data (i32.const 112) "bye")
  (data (i32.const 128) "left 0000")
  (data (i32.const 144) "v2.chat")
  (data (i32.const 160) "websocket.event")
  (data (i32.const 192) "websocket.connection")
  (data (i32.const 224) "websocket.code")
  (data (i32.const 256) "QUERY_STRING")
  (data (i32.const 288) "websocket.type")
  (func (export "allocate") (param i32) (result i32) (i32.const 131072))

  ;; The value of a variable: its address is at 0, its length at 4; both are 0 if there is none.
  (func $find (param $key i32) (param $length i32)
    (local $p i32) (local $left i32) (local $k i32) (local $v i32) (local $i i32)
    (i64.store (i32.const 0) (i64.const 0))
    (local.set $left (i32.load (i32.const 131072)))
    (local.set $p (i32.const 131076))
    (block $none
      (loop $next
        (br_if $none (i32.eqz (local.get $left)))
        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
        (local.set $k (i32.load (local.get $p)))
        (local.set $v (i32.load offset=4 (local.get $p)))
        (local.set $p (i32.add (local.get $p) (i32.const 8)))
        (block $other
          (br_if $other (i32.ne (local.get $k) (local.get $length)))
          (local.set $i (i32.const 0))
          (loop $byte
            (br_if $other (i32.ne (i32.load8_u (i32.add (local.get $p) (local.get $i)))
                                  (i32.load8_u (i32.add (local.get $key) (local.get $i)))))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $byte (i32.lt_u (local.get $i) (local.get $length))))
          (i32.store (i32.const 0) (i32.add (local.get $p) (local.get $k)))
          (i32.store (i32.const 4) (local.get $v))
          (return))
        (local.set $p (i32.add (local.get $p) (i32.add (local.get $k) (local.get $v))))
        (br $next))))

  ;; The first byte of the query, 0 for none.
  (func $query (result i32)
    (call $find (i32.const 256) (i32.const 12))
    (if (result i32) (i32.load (i32.const 4))
      (then (i32.load8_u (i32.load (i32.const 0))))
      (else (i32.const 0))))

  ;; Sends to the connection of the event.
  (func $reply (param $type i32) (param $p i32) (param $n i32)
    (call $find (i32.const 192) (i32.const 20))
    (drop (call $send (i32.load (i32.const 0)) (i32.load (i32.const 4)) (local.get $type) (local.get $p) (local.get $n))))

  ;; Sends a number of four bytes.
  (func $tell (param $result i32)
    (i32.store (i32.const 16) (local.get $result))
    (call $reply (i32.const 2) (i32.const 16) (i32.const 4)))

  (func $spin (loop $on (br $on)))

  (func $opened (result i32)
    (local $letter i32)
    (local.set $letter (call $query))
    (if (i32.eq (local.get $letter) (i32.const 114)) (then (return (i32.const 403))))          ;; r: refuses
    (if (i32.eq (local.get $letter) (i32.const 120)) (then (return (i32.const 7))))            ;; x: breaks the contract
    (if (i32.eq (local.get $letter) (i32.const 116)) (then unreachable))                       ;; t: traps
    (if (i32.eq (local.get $letter) (i32.const 108)) (then (call $spin)))                      ;; l: never returns
    (if (i32.eq (local.get $letter) (i32.const 110)) (then (return (i32.const 0))))            ;; n: does nothing
    (if (i32.eq (local.get $letter) (i32.const 112))                                           ;; p: takes a subprotocol
      (then (call $tell (call $accept_protocol (i32.const 144) (i32.const 7)))))
    (if (i32.eq (local.get $letter) (i32.const 99))                                            ;; c: closes
      (then
        (call $find (i32.const 192) (i32.const 20))
        (drop (call $close (i32.load (i32.const 0)) (i32.load (i32.const 4)) (i32.const 4000) (i32.const 112) (i32.const 3)))
        (return (i32.const 0))))
    ;; Otherwise: subscribes to "all" and says welcome.
    (call $find (i32.const 192) (i32.const 20))
    (drop (call $subscribe (i32.load (i32.const 0)) (i32.load (i32.const 4)) (i32.const 80) (i32.const 3)))
    (call $reply (i32.const 1) (i32.const 96) (i32.const 8))
    (i32.const 0))

  (func $received (result i32)
    (local $n i32) (local $end i32) (local $letter i32)
    (local.set $end (i32.const 1024))
    (loop $more
      (local.set $n (call $input_read (local.get $end) (i32.sub (i32.const 131072) (local.get $end))))
      (if (i32.gt_s (local.get $n) (i32.const 0))
        (then
          (local.set $end (i32.add (local.get $end) (local.get $n)))
          (br $more))))
    (local.set $n (i32.sub (local.get $end) (i32.const 1025))) ;; without the first byte
    (local.set $letter (i32.load8_u (i32.const 1024)))
    (if (i32.eq (local.get $letter) (i32.const 101))                                           ;; e: echoes the rest as text
      (then (call $reply (i32.const 1) (i32.const 1025) (local.get $n))))
    (if (i32.eq (local.get $letter) (i32.const 98))                                            ;; b: echoes the rest as bytes
      (then (call $reply (i32.const 2) (i32.const 1025) (local.get $n))))
    (if (i32.eq (local.get $letter) (i32.const 122)) (then (call $tell (local.get $n))))       ;; z: tells how long the rest is
    (if (i32.eq (local.get $letter) (i32.const 112))                                           ;; p: publishes the rest to "all"
      (then (drop (call $publish (i32.const 80) (i32.const 3) (i32.const 1) (i32.const 1025) (local.get $n)))))
    (if (i32.eq (local.get $letter) (i32.const 84))                                            ;; T: publishes to a topic of one letter
      (then (call $tell (call $publish (i32.const 1025) (i32.const 1) (i32.const 1) (i32.const 1026) (i32.sub (local.get $n) (i32.const 1))))))
    (if (i32.eq (local.get $letter) (i32.const 115))                                           ;; s: subscribes to the rest
      (then
        (call $find (i32.const 192) (i32.const 20))
        (call $tell (call $subscribe (i32.load (i32.const 0)) (i32.load (i32.const 4)) (i32.const 1025) (local.get $n)))))
    (if (i32.eq (local.get $letter) (i32.const 117))                                           ;; u: unsubscribes from the rest
      (then
        (call $find (i32.const 192) (i32.const 20))
        (call $tell (call $unsubscribe (i32.load (i32.const 0)) (i32.load (i32.const 4)) (i32.const 1025) (local.get $n)))))
    (if (i32.eq (local.get $letter) (i32.const 83))                                            ;; S: sends to the id of 26 bytes that follows
      (then (call $tell (call $send (i32.const 1025) (i32.const 26) (i32.const 1) (i32.const 1051) (i32.sub (local.get $n) (i32.const 26))))))
    (if (i32.eq (local.get $letter) (i32.const 105))                                           ;; i: tells the connection's id
      (then
        (call $find (i32.const 192) (i32.const 20))
        (call $reply (i32.const 1) (i32.load (i32.const 0)) (i32.load (i32.const 4)))))
    (if (i32.eq (local.get $letter) (i32.const 121))                                           ;; y: tells the message's type
      (then
        (call $find (i32.const 288) (i32.const 14))
        (memory.copy (i32.const 16) (i32.load (i32.const 0)) (i32.load (i32.const 4)))
        (call $reply (i32.const 1) (i32.const 16) (i32.load (i32.const 4)))))
    (if (i32.eq (local.get $letter) (i32.const 119))                                           ;; w: tries to respond
      (then
        (call $tell (call $start_response (i32.const 64) (i32.const 6) (i32.const 72) (i32.const 4) (i32.const 0)))
        (call $tell (call $write (i32.const 64) (i32.const 6)))
        (call $tell (call $accept_protocol (i32.const 144) (i32.const 7)))))
    (if (i32.eq (local.get $letter) (i32.const 99))                                            ;; c: closes, and sends what is not sent any more
      (then
        (call $find (i32.const 192) (i32.const 20))
        (drop (call $close (i32.load (i32.const 0)) (i32.load (i32.const 4)) (i32.const 4000) (i32.const 112) (i32.const 3)))
        (call $reply (i32.const 1) (i32.const 96) (i32.const 8))))
    (if (i32.eq (local.get $letter) (i32.const 102))                                           ;; f: sends the rest a thousand times
      (then
        (local.set $end (i32.const 1000))
        (loop $again
          (call $reply (i32.const 2) (i32.const 1025) (local.get $n))
          (br_if $again (local.tee $end (i32.sub (local.get $end) (i32.const 1)))))))
    (if (i32.eq (local.get $letter) (i32.const 103))                                           ;; g: logs the rest
      (then (drop (call $errors_write (i32.const 1025) (local.get $n)))))
    (if (i32.eq (local.get $letter) (i32.const 116)) (then unreachable))                       ;; t: traps
    (if (i32.eq (local.get $letter) (i32.const 108)) (then (call $spin)))                      ;; l: never returns
    (i32.eq (local.get $letter) (i32.const 120)))                                              ;; x: breaks the contract

  ;; Publishes "left" and the code; traps if the query begins with a C.
  (func $left (result i32)
    (if (i32.eq (call $query) (i32.const 67)) (then unreachable))
    (call $find (i32.const 224) (i32.const 14))
    (memory.copy (i32.const 133) (i32.load (i32.const 0)) (i32.const 4))
    (drop (call $publish (i32.const 80) (i32.const 3) (i32.const 1) (i32.const 128) (i32.const 9)))
    (i32.const 0))

  (func (export "websocket_message") (param $environ i32) (param $length i32) (result i32)
    (local $event i32)
    (call $find (i32.const 160) (i32.const 15))
    (local.set $event (i32.load8_u (i32.load (i32.const 0))))
    (if (result i32) (i32.eq (local.get $event) (i32.const 111))
      (then (call $opened))
      (else
        (if (result i32) (i32.eq (local.get $event) (i32.const 109))
          (then (call $received))
          (else (call $left))))))

  (func (export "application") (param $environ i32) (param $length i32) (result i64)
    (drop (call $start_response (i32.const 64) (i32.const 6) (i32.const 72) (i32.const 4) (i32.const 0)))
    (drop (call $query))
    (i32.store8 (i32.const 16)
      (i32.add (i32.const 48)
        (call $publish (i32.const 80) (i32.const 3) (i32.const 1) (i32.load (i32.const 0)) (i32.load (i32.const 4)))))
    (i64.or (i64.shl (i64.const 16) (i64.const 32)) (i64.const 1))))
