;; Answers with three cookies, one of them spelled differently.
(module
  (import "wasgi_v1" "start_response" (func $start_response (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "200 OK")
  (data (i32.const 64) "\03\00\00\00\0a\00\00\00\03\00\00\00Set-Cookiea=1\0a\00\00\00\03\00\00\00Set-Cookieb=2\0a\00\00\00\03\00\00\00set-cookiec=3")
  (func (export "allocate") (param i32) (result i32) (i32.const 32768))
  (func $application (export "application") (param $environ i32) (param $length i32) (result i64)
    (drop (call $start_response (i32.const 0) (i32.const 6) (i32.const 64) (i32.const 67) (i32.const 0)))
    (i64.const 0)))
