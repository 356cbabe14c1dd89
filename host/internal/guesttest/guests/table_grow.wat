;; Grows a table by as many entries as its first parameter says. Returns what table.grow does.
(module
  (memory (export "memory") 1)
  (table $t 0 funcref)
  (func (export "allocate") (param i32) (result i32) (i32.const 32768))
  (func $application (export "application") (param $entries i32) (param $length i32) (result i64)
    (i64.extend_i32_s (table.grow $t (ref.null func) (local.get $entries)))))
