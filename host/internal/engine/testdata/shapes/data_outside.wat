;; The second segment does not fit: there is no instance.
(module
  (memory (export "memory") 1)
  (data (i32.const 0) "a")
  (data (i32.const -1) "b")
  (func (export "f")))
