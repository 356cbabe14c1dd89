;; What follows an instruction with a limit of its own is rewritten like all else: a loop, calls, a store.
(module
  (memory (export "memory") 1)
  (table $t 1 10 funcref)
  (func $five (result i32) (i32.const 5))
  (func $six (result i32) (i32.const 6))
  (func (export "f") (param i32) (result i32)
    (drop (table.grow $t (ref.null func) (i32.const 1)))
    (local.set 0 (i32.const 100))
    (loop $again (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (i32.store (local.get 0) (call $five))
    (i32.mul (call $six) (call $five)))
  (func (export "size") (result i32) (table.size $t)))
