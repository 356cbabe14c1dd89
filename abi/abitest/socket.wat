;; The reference guest with WebSockets: it plays what a client says, instruction by instruction, as reference.wat does. At the
;; events open and close that is what the headers X-Play-Open and X-Play-Close of the handshake say, at a message X-Play-Message or,
;; without it, the message itself, of which 32 KiB are played; at a request it is X-Play. In an argument %XX is a byte.
;;
;;   @BYTES       the connection that what follows is about; at first that of the event
;;   tBYTES       the topic that what follows is about
;;   sBYTES       send these bytes as text; S as binary; WN sends N bytes that count up from 0, at most 1 MiB; gN sends nothing, as type N
;;   c            send what is read of the message, as what it is
;;   #N           the code for k
;;   kBYTES       close, with these bytes for a reason
;;   + -          subscribe, unsubscribe
;;   pBYTES       publish these bytes as text; P as binary
;;   aBYTES       accept_protocol
;;   rN           input_read of at most N bytes, at most 1 MiB; R repeats that up to a result of 0 or less
;;   eBYTES       errors_write
;;   w            start_response, then write
;;   n            count in memory from 0, and take the count for a result
;;   f            call each import with pointers or lengths that reach outside of memory
;;   v            send the report; vTOPIC publishes it; V does the same with the environ as it came
;;   =N           what the event returns
;;   !            trap; l loops for ever
;;
;; What no instruction is does nothing. The report is a list, encoded as the environ is, of one pair for each call of the host and
;; each n: the key is the letter, the value the result in four bytes, little-endian, and what was read. A request returns it.
(module
  (import "wasgi_v1" "start_response"
    (func $start_response (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasgi_v1" "write" (func $write (param i32 i32) (result i32)))
  (import "wasgi_v1" "input_read" (func $input_read (param i32 i32) (result i32)))
  (import "wasgi_v1" "errors_write" (func $errors_write (param i32 i32) (result i32)))
  (import "wasgi_websocket_v1" "send" (func $send (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasgi_websocket_v1" "close" (func $close (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasgi_websocket_v1" "subscribe" (func $subscribe (param i32 i32 i32 i32) (result i32)))
  (import "wasgi_websocket_v1" "unsubscribe" (func $unsubscribe (param i32 i32 i32 i32) (result i32)))
  (import "wasgi_websocket_v1" "publish" (func $publish (param i32 i32 i32 i32 i32) (result i32)))
  (import "wasgi_websocket_v1" "accept_protocol" (func $accept_protocol (param i32 i32) (result i32)))

  ;; 00000 constants  08000 the topic  0c000 the connection  10000 the argument  18000 the script  40000 the report
  ;; 100000 the message, and blocks  200000 the environ
  (memory (export "memory") 33)
  (data (i32.const 0x00) "HTTP_X_PLAY")
  (data (i32.const 0x20) "HTTP_X_PLAY_OPEN")
  (data (i32.const 0x40) "HTTP_X_PLAY_MESSAGE")
  (data (i32.const 0x60) "HTTP_X_PLAY_CLOSE")
  (data (i32.const 0x80) "websocket.event")
  (data (i32.const 0xa0) "websocket.connection")
  (data (i32.const 0xc0) "websocket.type")
  (data (i32.const 0xe0) "open")
  (data (i32.const 0xf0) "message")
  (data (i32.const 0x100) "close")
  (data (i32.const 0x110) "200 OK")

  (global $cursor (mut i32) (i32.const 0))     ;; where the script goes on
  (global $end (mut i32) (i32.const 0))        ;; of the script
  (global $argument (mut i32) (i32.const 0))   ;; bytes of the argument
  (global $topic (mut i32) (i32.const 0))      ;; bytes of the topic
  (global $connection (mut i32) (i32.const 0)) ;; bytes of the connection's name
  (global $kind (mut i32) (i32.const 1))       ;; the type of the message
  (global $code (mut i32) (i32.const 1000))    ;; for k
  (global $returns (mut i32) (i32.const 0))    ;; what the event returns
  (global $report (mut i32) (i32.const 0))     ;; the end of the report
  (global $last (mut i32) (i32.const 0))       ;; the last result
  (global $count (mut i32) (i32.const 0))      ;; what n counts
  (global $environ (mut i32) (i32.const 0))    ;; where it is, and how long
  (global $size (mut i32) (i32.const 0))
  (global $value (mut i32) (i32.const 0))      ;; bytes of the value that was found

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

  ;; The value of a variable, 0 if there is none.
  (func $find (param $name i32) (param $len i32) (result i32)
    (local $at i32) (local $pairs i32) (local $key i32)
    (local.set $pairs (i32.load (global.get $environ)))
    (local.set $at (i32.add (global.get $environ) (i32.const 4)))
    (global.set $value (i32.const 0))
    (loop $next
      (if (i32.eqz (local.get $pairs)) (then (return (i32.const 0))))
      (local.set $key (i32.load (local.get $at)))
      (global.set $value (i32.load offset=4 (local.get $at)))
      (local.set $at (i32.add (local.get $at) (i32.const 8)))
      (if (i32.eq (local.get $key) (local.get $len))
        (then
          (if (call $same (local.get $at) (local.get $name) (local.get $len))
            (then (return (i32.add (local.get $at) (local.get $key)))))))
      (local.set $at (i32.add (local.get $at) (i32.add (local.get $key) (global.get $value))))
      (local.set $pairs (i32.sub (local.get $pairs) (i32.const 1)))
      (global.set $value (i32.const 0))
      (br $next))
    (i32.const 0))

  ;; Whether the event is that one.
  (func $is (param $event i32) (param $name i32) (param $len i32) (result i32)
    (if (result i32) (i32.eq (global.get $value) (local.get $len))
      (then (call $same (local.get $event) (local.get $name) (local.get $len)))
      (else (i32.const 0))))

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

  (func $result (param $letter i32) (param $result i32)
    (call $note (local.get $letter) (local.get $result) (i32.const 0) (i32.const 0)))

  (func $tell (param $letter i32) (param $kind i32) (param $ptr i32) (param $len i32)
    (call $result (local.get $letter)
      (call $send (i32.const 0xc000) (global.get $connection) (local.get $kind) (local.get $ptr) (local.get $len))))

  (func $tell_all (param $letter i32) (param $kind i32) (param $ptr i32) (param $len i32)
    (call $result (local.get $letter)
      (call $publish (i32.const 0x8000) (global.get $topic) (local.get $kind) (local.get $ptr) (local.get $len))))

  ;; Sends, or publishes to the topic that is the argument.
  (func $hand_over (param $letter i32) (param $ptr i32) (param $len i32)
    (if (global.get $argument)
      (then
        (call $result (local.get $letter)
          (call $publish (i32.const 0x10000) (global.get $argument) (i32.const 2) (local.get $ptr) (local.get $len))))
      (else (call $tell (local.get $letter) (i32.const 2) (local.get $ptr) (local.get $len)))))

  ;; Reads up to the end, or as far as there is room, and returns how much.
  (func $read_all (result i32)
    (local $n i32) (local $all i32)
    (loop $more
      (local.set $n
        (call $input_read (i32.add (i32.const 0x100000) (local.get $all)) (i32.sub (i32.const 0x100000) (local.get $all))))
      (if (i32.gt_s (local.get $n) (i32.const 0))
        (then
          (local.set $all (i32.add (local.get $all) (local.get $n)))
          (br $more))))
    (local.get $all))

  (func $receive (param $letter i32) (param $most i32)
    (local $n i32)
    (local.set $n (call $input_read (i32.const 0x100000) (local.get $most)))
    (call $note (local.get $letter) (local.get $n) (i32.const 0x100000)
      (select (local.get $n) (i32.const 0) (i32.gt_s (local.get $n) (i32.const 0)))))

  ;; Fills the first n bytes of the blocks.
  (func $fill (param $n i32)
    (loop $next
      (if (i32.eqz (local.get $n)) (then (return)))
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (i32.store8 offset=0x100000 (local.get $n) (local.get $n))
      (br $next)))

  (func $fault (param $result i32) (call $result (i32.const 0x66) (local.get $result))) ;; "f"

  (func $faults
    (local $end i32)
    (local.set $end (i32.shl (memory.size) (i32.const 16)))
    (call $fault (call $send (i32.const -1) (i32.const 2) (i32.const 1) (i32.const 0) (i32.const 0)))
    (call $fault (call $send (i32.const 0) (i32.const 1) (i32.const 1) (local.get $end) (i32.const 1)))
    (call $fault (call $close (i32.const 0) (i32.const -1) (i32.const 1000) (i32.const 0) (i32.const 0)))
    (call $fault (call $close (i32.const 0) (i32.const 1) (i32.const 1000) (i32.const 1) (i32.const -1)))
    (call $fault (call $subscribe (local.get $end) (i32.const 1) (i32.const 0) (i32.const 1)))
    (call $fault (call $subscribe (i32.const 0) (i32.const 1) (i32.add (local.get $end) (i32.const 1)) (i32.const 0)))
    (call $fault (call $unsubscribe (local.get $end) (i32.const 1) (i32.const 0) (i32.const 1)))
    (call $fault (call $unsubscribe (i32.const 0) (i32.const 1) (i32.const -1) (i32.const -1)))
    (call $fault (call $publish (local.get $end) (i32.const 1) (i32.const 1) (i32.const 0) (i32.const 0)))
    (call $fault (call $publish (i32.const 0) (i32.const 1) (i32.const 1) (i32.sub (local.get $end) (i32.const 1)) (i32.const 2)))
    (call $fault (call $accept_protocol (i32.const -1) (i32.const 2))))

  ;; Takes these bytes for the script.
  (func $script (param $ptr i32) (param $len i32)
    (if (i32.gt_u (local.get $len) (i32.const 0x8000)) (then (local.set $len (i32.const 0x8000))))
    (memory.copy (i32.const 0x18000) (local.get $ptr) (local.get $len))
    (global.set $cursor (i32.const 0x18000))
    (global.set $end (i32.add (i32.const 0x18000) (local.get $len))))

  (func $begin (param $environ i32) (param $size i32)
    (global.set $environ (local.get $environ))
    (global.set $size (local.get $size))
    (global.set $topic (i32.const 0))
    (global.set $code (i32.const 1000))
    (global.set $returns (i32.const 0))
    (global.set $report (i32.const 0x40004))
    (i32.store (i32.const 0x40000) (i32.const 0)))

  (func $play
    (local $letter i32)
    (loop $next
      (if (i32.ge_u (global.get $cursor) (global.get $end)) (then (return)))
      (local.set $letter (i32.load8_u (global.get $cursor)))
      (global.set $cursor (i32.add (global.get $cursor) (i32.const 1)))
      (call $take_argument)
      (call $do (local.get $letter))
      (br $next)))

  (func $do (param $letter i32)
    (if (i32.eq (local.get $letter) (i32.const 0x40)) ;; "@"
      (then
        (memory.copy (i32.const 0xc000) (i32.const 0x10000) (global.get $argument))
        (global.set $connection (global.get $argument))))
    (if (i32.eq (local.get $letter) (i32.const 0x74)) ;; "t"
      (then
        (memory.copy (i32.const 0x8000) (i32.const 0x10000) (global.get $argument))
        (global.set $topic (global.get $argument))))
    (if (i32.eq (local.get $letter) (i32.const 0x73)) ;; "s"
      (then (call $tell (local.get $letter) (i32.const 1) (i32.const 0x10000) (global.get $argument))))
    (if (i32.eq (local.get $letter) (i32.const 0x53)) ;; "S"
      (then (call $tell (local.get $letter) (i32.const 2) (i32.const 0x10000) (global.get $argument))))
    (if (i32.eq (local.get $letter) (i32.const 0x57)) ;; "W"
      (then
        (call $fill (call $number))
        (call $tell (local.get $letter) (i32.const 2) (i32.const 0x100000) (call $number))))
    (if (i32.eq (local.get $letter) (i32.const 0x67)) ;; "g"
      (then (call $tell (local.get $letter) (call $number) (i32.const 0) (i32.const 0))))
    (if (i32.eq (local.get $letter) (i32.const 0x63)) ;; "c"
      (then (call $tell (local.get $letter) (global.get $kind) (i32.const 0x100000) (call $read_all))))
    (if (i32.eq (local.get $letter) (i32.const 0x23)) ;; "#"
      (then (global.set $code (call $number))))
    (if (i32.eq (local.get $letter) (i32.const 0x6b)) ;; "k"
      (then
        (call $result (local.get $letter)
          (call $close (i32.const 0xc000) (global.get $connection) (global.get $code) (i32.const 0x10000) (global.get $argument)))))
    (if (i32.eq (local.get $letter) (i32.const 0x2b)) ;; "+"
      (then
        (call $result (local.get $letter)
          (call $subscribe (i32.const 0xc000) (global.get $connection) (i32.const 0x8000) (global.get $topic)))))
    (if (i32.eq (local.get $letter) (i32.const 0x2d)) ;; "-"
      (then
        (call $result (local.get $letter)
          (call $unsubscribe (i32.const 0xc000) (global.get $connection) (i32.const 0x8000) (global.get $topic)))))
    (if (i32.eq (local.get $letter) (i32.const 0x70)) ;; "p"
      (then (call $tell_all (local.get $letter) (i32.const 1) (i32.const 0x10000) (global.get $argument))))
    (if (i32.eq (local.get $letter) (i32.const 0x50)) ;; "P"
      (then (call $tell_all (local.get $letter) (i32.const 2) (i32.const 0x10000) (global.get $argument))))
    (if (i32.eq (local.get $letter) (i32.const 0x61)) ;; "a"
      (then (call $result (local.get $letter) (call $accept_protocol (i32.const 0x10000) (global.get $argument)))))
    (if (i32.eq (local.get $letter) (i32.const 0x72)) ;; "r"
      (then (call $receive (local.get $letter) (call $number))))
    (if (i32.eq (local.get $letter) (i32.const 0x52)) ;; "R"
      (then
        (loop $more
          (call $receive (local.get $letter) (call $number))
          (br_if $more (i32.gt_s (global.get $last) (i32.const 0))))))
    (if (i32.eq (local.get $letter) (i32.const 0x65)) ;; "e"
      (then (call $result (local.get $letter) (call $errors_write (i32.const 0x10000) (global.get $argument)))))
    (if (i32.eq (local.get $letter) (i32.const 0x77)) ;; "w"
      (then
        (call $result (local.get $letter)
          (call $start_response (i32.const 0x110) (i32.const 6) (i32.const 0x118) (i32.const 4) (i32.const 0)))
        (call $result (local.get $letter) (call $write (i32.const 0x110) (i32.const 6)))))
    (if (i32.eq (local.get $letter) (i32.const 0x6e)) ;; "n"
      (then
        (call $result (local.get $letter) (global.get $count))
        (global.set $count (i32.add (global.get $count) (i32.const 1)))))
    (if (i32.eq (local.get $letter) (i32.const 0x66)) ;; "f"
      (then (call $faults)))
    (if (i32.eq (local.get $letter) (i32.const 0x76)) ;; "v"
      (then (call $hand_over (local.get $letter) (i32.const 0x40000) (i32.sub (global.get $report) (i32.const 0x40000)))))
    (if (i32.eq (local.get $letter) (i32.const 0x56)) ;; "V"
      (then (call $hand_over (local.get $letter) (global.get $environ) (global.get $size))))
    (if (i32.eq (local.get $letter) (i32.const 0x3d)) ;; "="
      (then (global.set $returns (call $number))))
    (if (i32.eq (local.get $letter) (i32.const 0x21)) ;; "!"
      (then (unreachable)))
    (if (i32.eq (local.get $letter) (i32.const 0x6c)) ;; "l"
      (then (loop $ever (br $ever)))))

  (func $application (export "application") (param $environ i32) (param $len i32) (result i64)
    (local $ptr i32)
    (call $begin (local.get $environ) (local.get $len))
    (global.set $connection (i32.const 0))
    (local.set $ptr (call $find (i32.const 0x00) (i32.const 11)))
    (call $script (local.get $ptr) (global.get $value))
    (call $play)
    (drop (call $start_response (i32.const 0x110) (i32.const 6) (i32.const 0x118) (i32.const 4) (i32.const 0)))
    (i64.or
      (i64.shl (i64.const 0x40000) (i64.const 32))
      (i64.extend_i32_u (i32.sub (global.get $report) (i32.const 0x40000)))))

  (func $websocket_message (export "websocket_message") (param $environ i32) (param $len i32) (result i32)
    (local $ptr i32) (local $all i32)
    (call $begin (local.get $environ) (local.get $len))
    (local.set $ptr (call $find (i32.const 0xa0) (i32.const 20)))
    (memory.copy (i32.const 0xc000) (local.get $ptr) (global.get $value))
    (global.set $connection (global.get $value))
    (local.set $ptr (call $find (i32.const 0xc0) (i32.const 14)))
    (global.set $kind (select (i32.const 2) (i32.const 1) (i32.eq (global.get $value) (i32.const 6)))) ;; "binary"
    (local.set $ptr (call $find (i32.const 0x80) (i32.const 15)))
    (if (call $is (local.get $ptr) (i32.const 0xe0) (i32.const 4)) ;; open
      (then
        (local.set $ptr (call $find (i32.const 0x20) (i32.const 16)))
        (call $script (local.get $ptr) (global.get $value)))
      (else (if (call $is (local.get $ptr) (i32.const 0x100) (i32.const 5)) ;; close
        (then
          (local.set $ptr (call $find (i32.const 0x60) (i32.const 17)))
          (call $script (local.get $ptr) (global.get $value)))
        (else (if (call $is (local.get $ptr) (i32.const 0xf0) (i32.const 7)) ;; message
          (then
            (local.set $ptr (call $find (i32.const 0x40) (i32.const 19)))
            (if (local.get $ptr)
              (then (call $script (local.get $ptr) (global.get $value)))
              (else
                (local.set $all (call $read_all))
                (call $script (i32.const 0x100000) (local.get $all)))))
          (else (return (i32.const 0))))))))
    (call $play)
    (global.get $returns))
)
