;; Grows its memory page by page until it is refused, and writes to each. Answers with the number of pages it has then, 4 bytes.
(module
  (import "wasgi_v1" "start_response" (func $start_response (param i32 i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "200 OK")
  (func (export "allocate") (param i32) (result i32) (i32.const 32768))
  (func $application (export "application") (param $environ i32) (param $length i32) (result i64) (local $page i32) (local $at i32)
    (block $refused
      (loop $more
        (local.set $page (memory.grow (i32.const 1)))
        (br_if $refused (i32.eq (local.get $page) (i32.const -1)))
        (local.set $at (i32.mul (local.get $page) (i32.const 65536)))
        (memory.fill (local.get $at) (i32.const 7) (i32.const 65536))
        (br $more)))
    (i32.store (i32.const 128) (memory.size))
    (drop (call $start_response (i32.const 0) (i32.const 6) (i32.const 8) (i32.const 4) (i32.const 0)))
    (i64.const 0x0000008000000004)))
