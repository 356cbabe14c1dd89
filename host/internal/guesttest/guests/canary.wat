;; Looks for marks that an earlier request has left, and answers with how many it has found: "0" to "9". A mark is a byte of 0xa7,
;; which is nowhere in the module, wherever in memory but in this request's environ, or in a global; or stdout being closed. Then
;; it leaves marks wherever it can, and does what the first byte of the request's body says:
;;   q  leaves none but what the host writes: environ and body
;;   g  grows the memory first     d  calls itself deep     t  traps     s  spins     e  exits
;;   r  calls itself without end   w  writes without end
(module
  (import "wasgi_v1" "start_response" (func $start_response (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasgi_v1" "write" (func $write (param i32 i32) (result i32)))
  (import "wasgi_v1" "input_read" (func $input_read (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_get" (func $stat (param i32 i32) (result i32)))
  (memory (export "memory") 3)
  (data (i32.const 0) "200 OK")
  (global $i32 (mut i32) (i32.const 1))
  (global $i64 (mut i64) (i64.const 2))
  (global $f32 (mut f32) (f32.const 3))
  (global $f64 (mut f64) (f64.const 4))
  (global $allocated (mut i32) (i32.const 0x10000))
  (func (export "allocate") (param i32) (result i32)
    (global.get $allocated)
    (global.set $allocated (i32.add (global.get $allocated) (i32.const 8))))
  (func $byte (result i32) (i32.add (i32.const 0x53) (i32.const 0x54)))
  (func $word (result i64) (i64.mul (i64.extend_i32_u (call $byte)) (i64.const 0x0101010101010101)))
  (func $end (result i32) (i32.shl (memory.size) (i32.const 16)))

  (func $scan (param $environ i32) (param $length i32) (result i32)
    (local $found i32) (local $at i32) (local $mark i32)
    (local.set $mark (call $byte))
    (loop $next
      (if (i32.and
            (i32.eq (i32.load8_u (local.get $at)) (local.get $mark))
            (i32.ge_u (i32.sub (local.get $at) (local.get $environ)) (local.get $length)))
        (then (local.set $found (i32.add (local.get $found) (i32.const 1)))))
      (br_if $next (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 1))) (call $end))))
    (local.get $found)
    (i32.add (i32.ne (global.get $i32) (i32.const 1)))
    (i32.add (i64.ne (global.get $i64) (i64.const 2)))
    (i32.add (f32.ne (global.get $f32) (f32.const 3)))
    (i32.add (f64.ne (global.get $f64) (f64.const 4)))
    (i32.add (i32.gt_u (global.get $allocated) (i32.const 0x10010)))
    (i32.add (i32.ne (call $stat (i32.const 1) (i32.const 64)) (i32.const 0)))
    (if (i32.gt_u (local.tee $found) (i32.const 9)) (then (local.set $found (i32.const 9))))
    (local.get $found))

  ;; Each quarter of the memory in another way.
  (func $mark (local $at i32) (local $quarter i32) (local $vector v128)
    (local.set $quarter (i32.div_u (call $end) (i32.const 4)))
    (local.set $vector (i8x16.splat (call $byte)))
    (loop $bytes
      (i32.store8 (local.get $at) (call $byte))
      (i32.store8 offset=1 (local.get $at) (call $byte))
      (i32.store16 offset=2 (local.get $at) (i32.wrap_i64 (call $word)))
      (br_if $bytes (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 4))) (local.get $quarter))))
    (loop $words
      (i64.store (local.get $at) (call $word))
      (v128.store offset=8 (local.get $at) (local.get $vector))
      (f32.store offset=24 (local.get $at) (f32.reinterpret_i32 (i32.wrap_i64 (call $word))))
      (v128.store32_lane offset=28 1 (local.get $at) (local.get $vector))
      (br_if $words (i32.lt_u
        (local.tee $at (i32.add (local.get $at) (i32.const 32))) (i32.mul (local.get $quarter) (i32.const 2)))))
    (memory.fill (local.get $at) (call $byte) (local.get $quarter))
    (memory.copy (i32.mul (local.get $quarter) (i32.const 3)) (local.get $at) (local.get $quarter))
    (global.set $i32 (i32.wrap_i64 (call $word)))
    (global.set $i64 (call $word))
    (global.set $f32 (f32.reinterpret_i32 (i32.wrap_i64 (call $word))))
    (global.set $f64 (f64.reinterpret_i64 (call $word)))
    (global.set $allocated (i32.const 0x10018))
    (drop (call $close (i32.const 1))))

  (func $deep (param i32) (result i32)
    (if (result i32) (i32.eqz (local.get 0))
      (then (i32.const 0))
      (else (i32.add (i32.const 1) (call $deep (i32.sub (local.get 0) (i32.const 1)))))))
  (func $deeper (call $deeper))

  (func $misbehave (param $how i32)
    (if (i32.eq (local.get $how) (i32.const 0x64)) (then (drop (call $deep (i32.const 3000)))))
    (if (i32.eq (local.get $how) (i32.const 0x74)) (then unreachable))
    (if (i32.eq (local.get $how) (i32.const 0x73)) (then (loop $spin (br $spin))))
    (if (i32.eq (local.get $how) (i32.const 0x65)) (then (call $exit (i32.const 0))))
    (if (i32.eq (local.get $how) (i32.const 0x72)) (then (call $deeper)))
    (if (i32.eq (local.get $how) (i32.const 0x77)) (then (loop $more (br_if $more (i32.eqz (call $write (i32.const 0) (i32.const 8192))))))))

  (func (export "application") (param $environ i32) (param $length i32) (result i64)
    (local $found i32) (local $how i32)
    (local.set $found (call $scan (local.get $environ) (local.get $length)))
    (drop (call $start_response (i32.const 0) (i32.const 6) (i32.const 8) (i32.const 4) (i32.const 0)))
    (drop (call $input_read (i32.const 128) (i32.const 1)))
    (local.set $how (i32.load8_u (i32.const 128)))
    (loop $body
      (br_if $body (i32.gt_s (call $input_read (i32.const 0x8000) (i32.const 0x4000)) (i32.const 0))))
    (if (i32.eq (local.get $how) (i32.const 0x67)) (then (drop (memory.grow (i32.const 1)))))
    (if (i32.ne (local.get $how) (i32.const 0x71)) (then (call $mark)))
    (call $misbehave (local.get $how))
    (i32.store8 (i32.const 256) (i32.add (i32.const 0x30) (local.get $found)))
    (i64.const 0x0000010000000001)))
