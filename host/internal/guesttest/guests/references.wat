;; Has globals that the host cannot copy. "high" returns the upper half of a vector, "who" calls the function that a global refers to:
;; at first one that returns the word at 0 of its memory.
(module
  (memory (export "memory") 1)
  (table $t 1 funcref)
  (global $vector (export "vector") (mut v128) (v128.const i64x2 1 2))
  (global $function (export "function") (mut funcref) (ref.func $word))
  (func (export "allocate") (param i32) (result i32) (i32.const 32768))
  (func $word (result i32) (i32.load (i32.const 0)))
  (func (export "high") (result i64) (i64x2.extract_lane 1 (global.get $vector)))
  (func (export "who") (result i32)
    (table.set $t (i32.const 0) (global.get $function))
    (call_indirect $t (result i32) (i32.const 0)))
  (func $application (export "application") (param $environ i32) (param $length i32) (result i64) (i64.const 0)))
