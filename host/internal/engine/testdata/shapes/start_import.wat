;; The start function is an imported one, which is exported too.
(module
  (import "log" "start" (func $start))
  (export "again" (func $start))
  (start $start))
