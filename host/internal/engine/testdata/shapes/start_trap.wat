;; The start function traps after it has called out.
(module
  (import "log" "i" (func $log (param i32)))
  (func $start (call $log (i32.const 7)) unreachable)
  (start $start)
  (func (export "f")))
