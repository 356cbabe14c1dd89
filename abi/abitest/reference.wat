;; The reference guest: it plays what the request's header X-Play says, instruction by instruction, so that a test decides what an
;; application does and this module never changes. An instruction is one letter and its argument, up to ";" or the end. In
;; an argument %XX is a byte.
;;
;;   +NAME=VALUE  put a header into the list for the next s or x
;;   hBYTES       make the list these bytes, whatever they are
;;   sSTATUS      start_response with the list, which is empty then; x does the same with exc_info
;;   wBYTES       write; WN writes N bytes that count up from 0, at most 1 MiB; k writes blocks of 64 KiB until one is refused
;;   rN           input_read of at most N bytes, at most 1 MiB; R repeats that up to a result of 0 or less
;;   cN           read at most N bytes and write them, until there are none
;;   eBYTES       errors_write
;;   ?N           leave out the next instruction unless the last result was -N
;;   n            count in memory from 0, and take the count for a result
;;   p            fill the environ buffer with aa
;;   f            call each import with pointers or lengths that reach outside of memory, and write with nothing at its very end
;;   t            trap; l loops for ever
;;   bBYTES       return these bytes; BN returns N that count up from 0, v the report, V the environ as it came
;;
;; The script ends with what is returned, or without a body. The report is a list, encoded as the environ is, of one pair for
;; each call of the host and each n: the key is the letter, the value the result in four bytes, little-endian, and what
;; was read; of k it has the last. Without X-Play the body is sent back.
(module
  (import "wasgi_v1" "start_response"
    (func $start_response (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasgi_v1" "write" (func $write (param i32 i32) (result i32)))
  (import "wasgi_v1" "input_read" (func $input_read (param i32 i32) (result i32)))
  (import "wasgi_v1" "errors_write" (func $errors_write (param i32 i32) (result i32)))

  ;; 00000 constants  10000 the argument  18000 the script  20000 the header list  40000 the report  100000 blocks
  ;; 200000 the environ
  (memory (export "memory") 33)
  (data (i32.const 0x00) "HTTP_X_PLAY")
  (data (i32.const 0x10) "+Content-Type=application/octet-stream;s200 OK;c4096")

  (global $cursor (mut i32) (i32.const 0))        ;; where the script goes on
  (global $end (mut i32) (i32.const 0))           ;; of the script
  (global $argument (mut i32) (i32.const 0))      ;; bytes of the argument
  (global $headers (mut i32) (i32.const 0x20004)) ;; the end of the header list
  (global $report (mut i32) (i32.const 0x40004))  ;; the end of the report
  (global $last (mut i32) (i32.const 0))          ;; the last result
  (global $count (mut i32) (i32.const 0))         ;; what n counts

  ;; 0 if memory cannot grow. A second call gets the same place: the host no longer uses the first.
  (func (export "allocate") (param $len i32) (result i32)
    (local $missing i32) ;; pages; in 64 bits, so that no sum wraps
    (local.set $missing
      (i32.sub
        (i32.wrap_i64
          (i64.shr_u (i64.add (i64.extend_i32_u (local.get $len)) (i64.const 0x20ffff)) (i64.const 16)))
        (memory.size)))
    (if (i32.gt_s (local.get $missing) (i32.const 0))
      (then
        (if (i32.eq (memory.grow (local.get $missing)) (i32.const -1))
          (then (return (i32.const 0))))))
    (i32.const 0x200000))

  ;; Whether n bytes at a and b are the same.
  (func $same (param $a i32) (param $b i32) (param $n i32) (result i32)
    (loop $next
      (if (i32.eqz (local.get $n)) (then (return (i32.const 1))))
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br_if $next
        (i32.eq
          (i32.load8_u (i32.add (local.get $a) (local.get $n)))
          (i32.load8_u (i32.add (local.get $b) (local.get $n))))))
    (i32.const 0))

  ;; Copies the script to its place, since p fills the environ: what HTTP_X_PLAY says, or the default.
  (func $find_script (param $environ i32)
    (local $pairs i32) (local $key i32) (local $value i32)
    (local.set $pairs (i32.load (local.get $environ)))
    (local.set $environ (i32.add (local.get $environ) (i32.const 4)))
    (global.set $cursor (i32.const 0x18000))
    (loop $next
      (if (i32.eqz (local.get $pairs))
        (then
          (memory.copy (i32.const 0x18000) (i32.const 0x10) (i32.const 52))
          (global.set $end (i32.const 0x18034))
          (return)))
      (local.set $key (i32.load (local.get $environ)))
      (local.set $value (i32.load offset=4 (local.get $environ)))
      (local.set $environ (i32.add (local.get $environ) (i32.const 8)))
      (if (i32.eq (local.get $key) (i32.const 11))
        (then
          (if (call $same (local.get $environ) (i32.const 0) (i32.const 11))
            (then
              (if (i32.gt_u (local.get $value) (i32.const 0x8000)) (then (unreachable)))
              (memory.copy (i32.const 0x18000) (i32.add (local.get $environ) (i32.const 11)) (local.get $value))
              (global.set $end (i32.add (i32.const 0x18000) (local.get $value)))
              (return)))))
      (local.set $environ (i32.add (local.get $environ) (i32.add (local.get $key) (local.get $value))))
      (local.set $pairs (i32.sub (local.get $pairs) (i32.const 1)))
      (br $next)))

  (func $digit (param $c i32) (result i32)
    (if (i32.ge_u (local.get $c) (i32.const 0x61)) ;; "a"
      (then (return (i32.sub (local.get $c) (i32.const 0x57)))))
    (if (i32.ge_u (local.get $c) (i32.const 0x41)) ;; "A"
      (then (return (i32.sub (local.get $c) (i32.const 0x37)))))
    (i32.sub (local.get $c) (i32.const 0x30)))

  ;; Decodes an argument, up to ";", and goes on behind it.
  (func $take_argument
    (local $c i32) (local $to i32)
    (local.set $to (i32.const 0x10000))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (global.get $cursor) (global.get $end)))
        (local.set $c (i32.load8_u (global.get $cursor)))
        (global.set $cursor (i32.add (global.get $cursor) (i32.const 1)))
        (br_if $done (i32.eq (local.get $c) (i32.const 0x3b))) ;; ";"
        (if (i32.eq (local.get $c) (i32.const 0x25)) ;; "%"
          (then
            (local.set $c
              (i32.or
                (i32.shl (call $digit (i32.load8_u (global.get $cursor))) (i32.const 4))
                (call $digit (i32.load8_u offset=1 (global.get $cursor)))))
            (global.set $cursor (i32.add (global.get $cursor) (i32.const 2)))))
        (i32.store8 (local.get $to) (local.get $c))
        (local.set $to (i32.add (local.get $to) (i32.const 1)))
        (br $next)))
    (global.set $argument (i32.sub (local.get $to) (i32.const 0x10000))))

  ;; The argument as a number, at most 1 MiB.
  (func $number (result i32)
    (local $n i32) (local $at i32)
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (global.get $argument)))
        (local.set $n
          (i32.add
            (i32.mul (local.get $n) (i32.const 10))
            (call $digit (i32.load8_u offset=0x10000 (local.get $at)))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))
    (if (i32.gt_u (local.get $n) (i32.const 0x100000)) (then (unreachable)))
    (local.get $n))

  ;; Appends a pair to the header list: the argument, cut at its first "=".
  (func $add_header
    (local $key i32)
    (block $found
      (loop $next
        (br_if $found (i32.eq (i32.load8_u offset=0x10000 (local.get $key)) (i32.const 0x3d)))
        (local.set $key (i32.add (local.get $key) (i32.const 1)))
        (br_if $next (i32.lt_u (local.get $key) (global.get $argument))))
      (unreachable))
    (i32.store (global.get $headers) (local.get $key))
    (i32.store offset=4 (global.get $headers)
      (i32.sub (i32.sub (global.get $argument) (local.get $key)) (i32.const 1)))
    (global.set $headers (i32.add (global.get $headers) (i32.const 8)))
    (memory.copy (global.get $headers) (i32.const 0x10000) (local.get $key))
    (global.set $headers (i32.add (global.get $headers) (local.get $key)))
    (local.set $key (i32.add (local.get $key) (i32.const 1)))
    (memory.copy (global.get $headers) (i32.add (i32.const 0x10000) (local.get $key))
      (i32.sub (global.get $argument) (local.get $key)))
    (global.set $headers (i32.add (global.get $headers) (i32.sub (global.get $argument) (local.get $key))))
    (i32.store (i32.const 0x20000) (i32.add (i32.load (i32.const 0x20000)) (i32.const 1))))

  ;; Appends a pair to the report. What does not fit is left out.
  (func $note (param $letter i32) (param $result i32) (param $data i32) (param $len i32)
    (global.set $last (local.get $result))
    (if (i32.gt_u (i32.add (global.get $report) (i32.add (local.get $len) (i32.const 13))) (i32.const 0x100000))
      (then (return)))
    (i32.store (global.get $report) (i32.const 1))
    (i32.store offset=4 (global.get $report) (i32.add (local.get $len) (i32.const 4)))
    (i32.store8 offset=8 (global.get $report) (local.get $letter))
    (i32.store offset=9 (global.get $report) (local.get $result))
    (memory.copy (i32.add (global.get $report) (i32.const 13)) (local.get $data) (local.get $len))
    (global.set $report (i32.add (global.get $report) (i32.add (local.get $len) (i32.const 13))))
    (i32.store (i32.const 0x40000) (i32.add (i32.load (i32.const 0x40000)) (i32.const 1))))

  (func $start (param $letter i32)
    (call $note (local.get $letter)
      (call $start_response
        (i32.const 0x10000) (global.get $argument)
        (i32.const 0x20000) (i32.sub (global.get $headers) (i32.const 0x20000))
        (i32.eq (local.get $letter) (i32.const 0x78))) ;; "x"
      (i32.const 0) (i32.const 0))
    (global.set $headers (i32.const 0x20004))
    (i32.store (i32.const 0x20000) (i32.const 0)))

  (func $send (param $letter i32) (param $ptr i32) (param $len i32)
    (call $note (local.get $letter) (call $write (local.get $ptr) (local.get $len)) (i32.const 0) (i32.const 0)))

  (func $receive (param $letter i32) (param $most i32)
    (local $n i32)
    (local.set $n (call $input_read (i32.const 0x100000) (local.get $most)))
    (call $note (local.get $letter) (local.get $n) (i32.const 0x100000)
      (select (local.get $n) (i32.const 0) (i32.gt_s (local.get $n) (i32.const 0)))))

  (func $fault (param $result i32)
    (call $note (i32.const 0x66) (local.get $result) (i32.const 0) (i32.const 0))) ;; "f"

  (func $faults
    (local $end i32)
    (local.set $end (i32.shl (memory.size) (i32.const 16)))
    (call $fault (call $start_response (i32.const -1) (i32.const 2) (i32.const 0x20000) (i32.const 4) (i32.const 0)))
    (call $fault (call $start_response (i32.const 0) (i32.const -1) (i32.const 0x20000) (i32.const 4) (i32.const 0)))
    (call $fault (call $start_response (i32.const 0) (i32.const 6) (local.get $end) (i32.const 4) (i32.const 0)))
    (call $fault (call $write (i32.sub (local.get $end) (i32.const 1)) (i32.const 2)))
    (call $fault (call $write (i32.add (local.get $end) (i32.const 1)) (i32.const 0)))
    (call $fault (call $input_read (local.get $end) (i32.const 1)))
    (call $fault (call $input_read (i32.const 1) (i32.const -1)))
    (call $fault (call $errors_write (i32.const -1) (i32.const -1)))
    (call $fault (call $write (local.get $end) (i32.const 0))))

  ;; Fills the first n bytes of the blocks.
  (func $fill (param $n i32)
    (loop $next
      (if (i32.eqz (local.get $n)) (then (return)))
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (i32.store8 offset=0x100000 (local.get $n) (local.get $n))
      (br $next)))

  (func $body (param $ptr i32) (param $len i32) (result i64)
    (i64.or (i64.shl (i64.extend_i32_u (local.get $ptr)) (i64.const 32)) (i64.extend_i32_u (local.get $len))))

  (func $application (export "application") (param $environ i32) (param $len i32) (result i64)
    (local $letter i32)
    (call $find_script (local.get $environ))
    (global.set $report (i32.const 0x40004))
    (i32.store (i32.const 0x40000) (i32.const 0))
    (global.set $headers (i32.const 0x20004))
    (i32.store (i32.const 0x20000) (i32.const 0))
    (global.set $last (i32.const 0))
    (loop $next
      (if (i32.ge_u (global.get $cursor) (global.get $end)) (then (return (i64.const 0))))
      (local.set $letter (i32.load8_u (global.get $cursor)))
      (global.set $cursor (i32.add (global.get $cursor) (i32.const 1)))
      (call $take_argument)
      (if (i32.eq (local.get $letter) (i32.const 0x2b)) ;; "+"
        (then (call $add_header) (br $next)))
      (if (i32.eq (local.get $letter) (i32.const 0x68)) ;; "h"
        (then
          (memory.copy (i32.const 0x20000) (i32.const 0x10000) (global.get $argument))
          (global.set $headers (i32.add (i32.const 0x20000) (global.get $argument)))
          (br $next)))
      (if (i32.or (i32.eq (local.get $letter) (i32.const 0x73)) (i32.eq (local.get $letter) (i32.const 0x78))) ;; "s", "x"
        (then (call $start (local.get $letter)) (br $next)))
      (if (i32.eq (local.get $letter) (i32.const 0x77)) ;; "w"
        (then (call $send (local.get $letter) (i32.const 0x10000) (global.get $argument)) (br $next)))
      (if (i32.eq (local.get $letter) (i32.const 0x57)) ;; "W"
        (then
          (call $fill (call $number))
          (call $send (local.get $letter) (i32.const 0x100000) (call $number))
          (br $next)))
      (if (i32.eq (local.get $letter) (i32.const 0x6b)) ;; "k"
        (then
          (loop $more
            (global.set $last (call $write (i32.const 0x100000) (i32.const 0x10000)))
            (br_if $more (i32.ge_s (global.get $last) (i32.const 0))))
          (call $note (local.get $letter) (global.get $last) (i32.const 0) (i32.const 0))
          (br $next)))
      (if (i32.eq (local.get $letter) (i32.const 0x72)) ;; "r"
        (then (call $receive (local.get $letter) (call $number)) (br $next)))
      (if (i32.eq (local.get $letter) (i32.const 0x52)) ;; "R"
        (then
          (loop $more
            (call $receive (local.get $letter) (call $number))
            (br_if $more (i32.gt_s (global.get $last) (i32.const 0))))
          (br $next)))
      (if (i32.eq (local.get $letter) (i32.const 0x63)) ;; "c"
        (then
          (loop $more
            (call $receive (local.get $letter) (call $number))
            (if (i32.gt_s (global.get $last) (i32.const 0))
              (then
                (call $send (local.get $letter) (i32.const 0x100000) (global.get $last))
                (br_if $more (i32.eqz (global.get $last))))))
          (br $next)))
      (if (i32.eq (local.get $letter) (i32.const 0x65)) ;; "e"
        (then
          (call $note (local.get $letter)
            (call $errors_write (i32.const 0x10000) (global.get $argument)) (i32.const 0) (i32.const 0))
          (br $next)))
      (if (i32.eq (local.get $letter) (i32.const 0x3f)) ;; "?"
        (then
          (if (i32.ne (global.get $last) (i32.sub (i32.const 0) (call $number)))
            (then
              (global.set $cursor (i32.add (global.get $cursor) (i32.const 1)))
              (call $take_argument)))
          (br $next)))
      (if (i32.eq (local.get $letter) (i32.const 0x6e)) ;; "n"
        (then
          (call $note (local.get $letter) (global.get $count) (i32.const 0) (i32.const 0))
          (global.set $count (i32.add (global.get $count) (i32.const 1)))
          (br $next)))
      (if (i32.eq (local.get $letter) (i32.const 0x70)) ;; "p"
        (then (memory.fill (local.get $environ) (i32.const 0xaa) (local.get $len)) (br $next)))
      (if (i32.eq (local.get $letter) (i32.const 0x66)) ;; "f"
        (then (call $faults) (br $next)))
      (if (i32.eq (local.get $letter) (i32.const 0x6c)) ;; "l"
        (then (loop $ever (br $ever))))
      (if (i32.eq (local.get $letter) (i32.const 0x62)) ;; "b"
        (then (return (call $body (i32.const 0x10000) (global.get $argument)))))
      (if (i32.eq (local.get $letter) (i32.const 0x42)) ;; "B"
        (then
          (call $fill (call $number))
          (return (call $body (i32.const 0x100000) (call $number)))))
      (if (i32.eq (local.get $letter) (i32.const 0x76)) ;; "v"
        (then (return (call $body (i32.const 0x40000) (i32.sub (global.get $report) (i32.const 0x40000))))))
      (if (i32.eq (local.get $letter) (i32.const 0x56)) ;; "V"
        (then (return (call $body (local.get $environ) (local.get $len)))))
      (unreachable)) ;; "t", and what no instruction is
    (i64.const 0))
)
