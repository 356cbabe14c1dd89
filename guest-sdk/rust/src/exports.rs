//! What [`export!`](crate::export) makes the module's exports of.

use std::borrow::Cow;
use std::cell::UnsafeCell;
use std::mem;
use std::panic;

use crate::call::{play, Host};
use crate::{Environ, IntoBody, StartResponse};

mod imports {
    #[link(wasm_import_module = "wasgi_v1")]
    extern "C" {
        pub fn start_response(status: *const u8, status_len: usize, headers: *const u8, headers_len: usize, exc_info: i32) -> i32;
        pub fn write(block: *const u8, len: usize) -> i32;
        pub fn input_read(buf: *mut u8, len: usize) -> i32;
        pub fn errors_write(text: *const u8, len: usize) -> i32;
    }
}

/// The host outside. It keeps no pointer beyond the call.
struct Imports;

// Safety of all four: each pointer and length are those of a slice that outlives the call, and the host writes to none but buf.
impl Host for Imports {
    fn start_response(&self, status: &[u8], headers: &[u8], exc_info: bool) -> i32 {
        unsafe { imports::start_response(status.as_ptr(), status.len(), headers.as_ptr(), headers.len(), exc_info.into()) }
    }
    fn write(&self, block: &[u8]) -> i32 {
        unsafe { imports::write(block.as_ptr(), block.len()) }
    }
    fn input_read(&self, buf: &mut [u8]) -> i32 {
        unsafe { imports::input_read(buf.as_mut_ptr(), buf.len()) }
    }
    fn errors_write(&self, text: &[u8]) -> i32 {
        unsafe { imports::errors_write(text.as_ptr(), text.len()) }
    }
}

/// What the host and the module share between two calls.
struct Shared {
    /// Given away by `allocate`; of `u64`, since the address must be divisible by 8.
    environ: Vec<u64>,
    /// Returned by `application`, and read by the host until it calls the next export.
    body: Cow<'static, [u8]>,
    /// Whether an export was called before.
    begun: bool,
}

struct Single(UnsafeCell<Shared>);

// Safety: a guest has one thread.
unsafe impl Sync for Single {}

static SHARED: Single = Single(UnsafeCell::new(Shared { environ: Vec::new(), body: Cow::Borrowed(&[]), begun: false }));

/// Begins an export: by now the host is done with the last body.
fn shared() -> &'static mut Shared {
    // Safety: the host calls no export while another runs, and each calls this once, so there is no other reference.
    let shared = unsafe { &mut *SHARED.0.get() };
    shared.body = Cow::Borrowed(&[]);
    if !mem::replace(&mut shared.begun, true) {
        // Safety: defined by the linker, and called once. That anything calls it keeps the linker from having each export run it, and
        // the C library's destructors after it, as if a module were a program that runs once a call.
        unsafe { __wasm_call_ctors() };
        log_panics();
    }
    shared
}

extern "C" {
    /// The constructors of what is linked in, such as WASI's C library.
    fn __wasm_call_ctors();
}

/// A panic ends the module with a trap, which says nothing: so it leaves a line in the log.
fn log_panics() {
    panic::set_hook(Box::new(|info| {
        let payload = info.payload();
        let text = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        let line = format!("panic at {place}: {}\n", text.unwrap_or("a value that is no text"));
        Imports.errors_write(line.as_bytes());
    }));
}

/// The export of that name: 0 if there is no memory.
pub fn allocate(len: usize) -> *mut u8 {
    let shared = shared();
    shared.environ = Vec::new(); // of two buffers the host uses the second only
    let words = len / 8 + 1;
    if shared.environ.try_reserve_exact(words).is_err() {
        return std::ptr::null_mut();
    }
    shared.environ.resize(words, 0);
    shared.environ.as_mut_ptr().cast()
}

/// The export of that name: the body as `ptr << 32 | len`.
pub fn application<R: IntoBody>(environ: *const u8, len: usize, app: impl FnOnce(&Environ<'_>, StartResponse<'_>) -> R) -> u64 {
    let shared = shared();
    assert!(
        environ == shared.environ.as_ptr().cast() && len <= shared.environ.len() * 8,
        "wasgi: application: the environ is not in the buffer that allocate gave"
    );
    // Safety: within shared.environ, as was just seen, which nobody changes while this function runs.
    let environ = unsafe { std::slice::from_raw_parts(shared.environ.as_ptr().cast(), len) };
    shared.body = play(&Imports, environ, app);
    (shared.body.as_ptr() as u64) << 32 | shared.body.len() as u64
}

/// Bytes that a request may allocate before memory has to grow. An instance whose memory has grown cannot be brought back to its
/// image: it is closed, and another one has to be made.
const SPARE_HEAP: usize = 1 << 20;

/// The export of that name. It makes room before the app's own work, whose leftovers then lie at the bottom of it.
pub fn warm_up(work: fn()) {
    shared();
    let mut room = Vec::<u8>::with_capacity(SPARE_HEAP);
    // Safety: within the capacity. Without it the allocation is optimised away.
    unsafe { room.as_mut_ptr().write_volatile(0) };
    drop(room);
    work();
}
