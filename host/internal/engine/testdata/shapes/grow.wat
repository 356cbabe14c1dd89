;; The memory grows up to its maximum; its size is seen.
(module
  (memory (export "memory") 0 3)
  (func (export "size") (result i32) (memory.size))
  (func (export "grow") (param i32) (result i32 i32) (memory.grow (local.get 0)) (memory.size))
  (func (export "one") (result i32) (memory.grow (i32.const 1)))
  (func (export "fill") (memory.fill (i32.const 0) (i32.const 7) (i32.const 65536)))
  (func (export "in a loop") (result i32) (local $i i32)
    (loop $l
      (memory.fill (local.get $i) (local.get $i) (i32.const 300))
      (memory.copy (i32.const 1000) (local.get $i) (i32.const 200))
      (drop (memory.grow (i32.const 0)))
      (local.set $i (i32.add (local.get $i) (i32.const 17)))
      (br_if $l (i32.lt_u (local.get $i) (i32.const 900))))
    (i32.load (i32.const 1000))))
