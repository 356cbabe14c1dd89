//! The guest canary.c in Rust.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ptr::{addr_of_mut, read_volatile, write_volatile};

#[link(wasm_import_module = "wasgi_v1")]
extern "C" {
    fn start_response(status: *const u8, length: usize, headers: *const u8, headers_length: usize, exc_info: i32) -> i32;
    fn write(block: *const u8, length: usize) -> i32;
    fn input_read(buffer: *mut u8, length: usize) -> i32;
}

static mut ZEROES: [u64; 1000] = [0; 1000];
static mut NUMBERS: [u64; 1000] = [7; 1000];
static mut ANSWER: [u8; 1] = [0];

thread_local! {
    static COUNT: Cell<u64> = Cell::new(0);
    static KEPT: RefCell<HashMap<String, Vec<u64>>> = RefCell::new(HashMap::new());
}

/// All bits that a mark has not: the mark itself must not come to lie in memory while it is looked for.
const OPPOSITE: u64 = 0x5858_5858_5858_5858;

/// The first call also makes room in the heap: otherwise each request would grow the memory, and none would be served by an
/// instance that was restored.
#[no_mangle]
pub extern "C" fn allocate(size: usize) -> *mut u64 {
    drop(Vec::<u64>::with_capacity(1 << 15));
    Box::leak(vec![0u64; size / 8 + 1].into_boxed_slice()).as_mut_ptr()
}

fn scan(environ: usize, length: usize) -> usize {
    let end = core::arch::wasm32::memory_size(0) << 16;
    let is_mark = |at: usize| unsafe { read_volatile(at as *const u64) } ^ OPPOSITE == u64::MAX;
    let found = (8..end).step_by(8).filter(|&at| at.wrapping_sub(environ) >= length && is_mark(at)).count();
    let kept = KEPT.with(|k| k.borrow().len());
    found + kept + (COUNT.with(|c| c.get()) != 0) as usize + std::env::var("CANARY").is_ok() as usize
}

fn leave_marks() {
    unsafe {
        for i in 0..1000 {
            write_volatile(addr_of_mut!(ZEROES[i]), !OPPOSITE);
            write_volatile(addr_of_mut!(NUMBERS[i]), !OPPOSITE);
        }
    }
    COUNT.with(|c| c.set(!OPPOSITE));
    KEPT.with(|k| {
        for n in 0..50 {
            k.borrow_mut().insert(format!("key {n}"), vec![!OPPOSITE; n * 10]);
        }
    });
    let text: String = "\u{a7}".repeat(1000); // freed again
    std::env::set_var("CANARY", text);
    std::mem::forget(vec![!OPPOSITE; 3000]);
    println!("marked");
}

#[inline(never)]
fn deep(n: u64) -> u64 {
    let frame = [!OPPOSITE; 16];
    let at = |i: u64| unsafe { read_volatile(&frame[i as usize % 16]) };
    if n == 0 { at(3) } else { deep(n - 1) ^ at(n) }
}

fn misbehave(how: u8) {
    match how {
        b'g' => std::mem::forget(vec![!OPPOSITE; 1 << 17]),
        b't' => panic!("as asked"),
        b's' => loop {
            unsafe { write_volatile(addr_of_mut!(NUMBERS[0]), how as u64) }
        },
        b'e' => std::process::exit(0),
        b'r' => COUNT.with(|c| c.set(deep(1 << 40))),
        b'w' => while unsafe { write(addr_of_mut!(NUMBERS) as *const u8, 8000) } == 0 {},
        _ => {}
    }
}

#[no_mangle]
pub extern "C" fn application(environ: *const u8, length: usize) -> u64 {
    let found = scan(environ as usize, length);
    let none = [0u8; 4];
    let mut how = [0u8; 1];
    let mut body = vec![0u8; 0x4000];
    unsafe {
        start_response(b"200 OK".as_ptr(), 6, none.as_ptr(), 4, 0);
        input_read(how.as_mut_ptr(), 1);
        while input_read(body.as_mut_ptr(), body.len()) > 0 {}
    }
    if how[0] != b'q' {
        leave_marks();
        deep(20);
    }
    misbehave(how[0]);
    unsafe {
        write_volatile(addr_of_mut!(ANSWER[0]), b'0' + found.min(9) as u8);
        (addr_of_mut!(ANSWER) as u64) << 32 | 1
    }
}
