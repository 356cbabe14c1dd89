;; Looks at the clock that its first parameter names until 10 ms have gone by on it. Returns how many times it saw before that.
(module
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock_time_get (param i32 i64 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "allocate") (param i32) (result i32) (i32.const 32768))
  (func $now (param $clock i32) (result i64)
    (if (call $clock_time_get (local.get $clock) (i64.const 1) (i32.const 8)) (then (unreachable)))
    (i64.load (i32.const 8)))
  (func $application (export "application") (param $clock i32) (param $length i32) (result i64)
    (local $end i64) (local $seen i64) (local $now i64) (local $count i64)
    (local.set $now (call $now (local.get $clock)))
    (local.set $end (i64.add (local.get $now) (i64.const 10000000)))
    (loop $look
      (if (i64.ne (local.get $now) (local.get $seen))
        (then
          (local.set $seen (local.get $now))
          (local.set $count (i64.add (local.get $count) (i64.const 1)))))
      (local.set $now (call $now (local.get $clock)))
      (br_if $look (i64.lt_u (local.get $now) (local.get $end))))
    (local.get $count)))
