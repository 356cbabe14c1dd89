;; A middleware of http-wasm that does what the first letter of its configuration says, and has the next handler called but for t, s and n.
;;
;;   t  traps in handle_request            T  traps in handle_response
;;   s  spins in handle_request            S  spins in handle_response
;;   n  answers by itself: 203 and "mine"
;;   h  sets the response's header x-mw before
;;   u  sets the status afterwards, which is not held back
;;   b  holds the response back, and makes it 202 with the body "made over"
;;   B  holds the response back, and leaves it alone
;;   r  reads all of the request's body, which it keeps
;;   w  puts "another" in the place of the request's body
;;   c  counts in its memory, and says in x-mw how often it has run: "1" each time, if it is restored
;;   x  sets a header that cannot be sent
;;   e  logs "failed" if what stands behind it has failed
(module
  (import "http_handler" "enable_features" (func $enable_features (param i32) (result i32)))
  (import "http_handler" "get_config" (func $get_config (param i32 i32) (result i32)))
  (import "http_handler" "log" (func $log (param i32 i32 i32)))
  (import "http_handler" "set_header_value" (func $set_header_value (param i32 i32 i32 i32 i32)))
  (import "http_handler" "set_status_code" (func $set_status_code (param i32)))
  (import "http_handler" "read_body" (func $read_body (param i32 i32 i32) (result i64)))
  (import "http_handler" "write_body" (func $write_body (param i32 i32 i32)))

  (memory (export "memory") 1)
  (data (i32.const 16) "x-mw")
  (data (i32.const 32) "0")
  (data (i32.const 48) "mine")
  (data (i32.const 64) "made over")
  (data (i32.const 80) "another")
  (data (i32.const 96) "upgrade")
  (data (i32.const 112) "failed")

  (func $is (param $letter i32) (result i32) (i32.eq (i32.load8_u (i32.const 0)) (local.get $letter)))
  (func $spin (loop $again (br $again)))

  (func (export "handle_request") (result i64)
    (drop (call $get_config (i32.const 0) (i32.const 8)))
    (if (call $is (i32.const 116)) (then (unreachable)))                                    ;; t
    (if (call $is (i32.const 115)) (then (call $spin)))                                     ;; s
    (if (call $is (i32.const 110))                                                          ;; n
      (then
        (call $set_status_code (i32.const 203))
        (call $write_body (i32.const 1) (i32.const 48) (i32.const 4))
        (return (i64.const 0))))
    (if (i32.or (call $is (i32.const 98)) (call $is (i32.const 66)))                        ;; b, B
      (then (drop (call $enable_features (i32.const 2)))))
    (if (i32.or (call $is (i32.const 104)) (call $is (i32.const 99)))                       ;; h, c
      (then
        (i32.store8 (i32.const 32) (i32.add (i32.load8_u (i32.const 32)) (i32.const 1)))
        (call $set_header_value (i32.const 1) (i32.const 16) (i32.const 4) (i32.const 32) (i32.const 1))))
    (if (call $is (i32.const 120))                                                          ;; x
      (then (call $set_header_value (i32.const 1) (i32.const 96) (i32.const 7) (i32.const 32) (i32.const 1))))
    (if (call $is (i32.const 119))                                                          ;; w
      (then (call $write_body (i32.const 0) (i32.const 80) (i32.const 7))))
    (if (call $is (i32.const 114))                                                          ;; r
      (then
        (drop (call $enable_features (i32.const 1)))
        (loop $more
          (br_if $more
            (i64.eqz (i64.shr_u (call $read_body (i32.const 0) (i32.const 4096) (i32.const 8192)) (i64.const 32)))))))
    (i64.const 0x700000001))                                                                ;; with 7 as its own

  (func (export "handle_response") (param $mine i32) (param $failed i32)
    (if (i32.ne (local.get $mine) (i32.const 7)) (then (unreachable)))
    (if (call $is (i32.const 84)) (then (unreachable)))                                     ;; T
    (if (call $is (i32.const 83)) (then (call $spin)))                                      ;; S
    (if (call $is (i32.const 117)) (then (call $set_status_code (i32.const 202))))          ;; u
    (if (i32.and (call $is (i32.const 101)) (local.get $failed))                            ;; e
      (then (call $log (i32.const 1) (i32.const 112) (i32.const 6))))
    (if (call $is (i32.const 98))                                                           ;; b
      (then
        (call $set_status_code (i32.const 202))
        (call $write_body (i32.const 1) (i32.const 64) (i32.const 9)))))
)
