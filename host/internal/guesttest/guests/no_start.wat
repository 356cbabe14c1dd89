;; Returns a body without start_response.
(module
  (memory (export "memory") 1)
  (data (i32.const 0) "200 OK")
  (func (export "allocate") (param i32) (result i32) (i32.const 32768))
  (func $application (export "application") (param $environ i32) (param $length i32) (result i64)
    (i64.const 0x0000000000000006)))
