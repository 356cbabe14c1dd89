;; Segments at the very end of the memory, and an empty one behind it.
(module
  (memory (export "memory") 1)
  (data (i32.const 65535) "z")
  (data (i32.const 65536) "")
  (func (export "f") (result i32) (i32.load8_u (i32.const 65535))))
