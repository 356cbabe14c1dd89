;; Nothing but exports of a function without content.
(module (func (export "f")) (func (export "g") (param i32) (result i32) (local.get 0)))
