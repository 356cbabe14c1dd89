;; A middleware of http-wasm: lets those through who bring the header "authorization: open sesame", and tells what stands behind it who
;; they are. Others get 401.
(module
  (import "http_handler" "get_header_values" (func $get_header_values (param i32 i32 i32 i32 i32) (result i64)))
  (import "http_handler" "set_header_value" (func $set_header_value (param i32 i32 i32 i32 i32)))
  (import "http_handler" "remove_header" (func $remove_header (param i32 i32 i32)))
  (import "http_handler" "set_status_code" (func $set_status_code (param i32)))
  (import "http_handler" "write_body" (func $write_body (param i32 i32 i32)))

  (memory (export "memory") 1)
  (data (i32.const 0) "authorization")
  (data (i32.const 16) "open sesame\00")
  (data (i32.const 32) "www-authenticate")
  (data (i32.const 48) "Basic")
  (data (i32.const 64) "who are you?\n")
  (data (i32.const 80) "x-user")
  (data (i32.const 96) "ali baba")

  ;; Whether the only value, which lies at 1024, is the right one.
  (func $right (result i32)
    (i32.and
      (i64.eq (i64.load (i32.const 1024)) (i64.load (i32.const 16)))
      (i32.eq (i32.load (i32.const 1032)) (i32.load (i32.const 24)))))

  (func (export "handle_request") (result i64)
    (if (i64.eq
          (call $get_header_values (i32.const 0) (i32.const 0) (i32.const 13) (i32.const 1024) (i32.const 1024))
          (i64.const 0x10000000c))                  ;; one value, of 12 bytes with its end
      (then
        (if (call $right)
          (then
            (call $remove_header (i32.const 0) (i32.const 0) (i32.const 13))
            (call $set_header_value (i32.const 0) (i32.const 80) (i32.const 6) (i32.const 96) (i32.const 8))
            (return (i64.const 1))))))
    (call $set_status_code (i32.const 401))
    (call $set_header_value (i32.const 1) (i32.const 32) (i32.const 16) (i32.const 48) (i32.const 5))
    (call $write_body (i32.const 1) (i32.const 64) (i32.const 13))
    (i64.const 0))

  (func (export "handle_response") (param i32 i32))
)
