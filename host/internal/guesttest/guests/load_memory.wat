;; Starts with more memory than apps get by default: 4096 pages, 256 MiB.
(module
  (memory (export "memory") 4096)
  (func (export "allocate") (param i32) (result i32) (i32.const 32768))
  (func $application (export "application") (param $environ i32) (param $length i32) (result i64)
    (i64.const 0)))
