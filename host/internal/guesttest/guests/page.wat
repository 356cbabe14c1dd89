;; Grows its memory by as many pages as its first parameter says. Returns what memory.grow does.
(module
  (memory (export "memory") 1)
  (func (export "allocate") (param i32) (result i32) (i32.const 32768))
  (func $application (export "application") (param $pages i32) (param $length i32) (result i64)
    (i64.extend_i32_s (memory.grow (local.get $pages)))))
