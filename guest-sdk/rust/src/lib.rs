//! What a web app in Rust is written against, to be served by [wasgi](https://github.com/wasgi/wasgi). The shape is that of Python's
//! WSGI (PEP 3333): a function that takes the request's variables and a callable, calls it with status and headers, and returns the
//! body.
//!
//! ```
//! use wasgi::{Code, Environ, IntoBody, StartResponse};
//!
//! wasgi::export!(app);
//!
//! fn app(env: &Environ, start: StartResponse) -> Result<impl IntoBody, Code> {
//!     start.response("200 OK", &[("Content-Type", "text/plain")])?;
//!     Ok(format!("hello {}\n", env.path_info()))
//! }
//! ```
//!
//! It is built as a `cdylib` for `wasm32-wasip1` (`wasm32-wasi` before Rust 1.78) or `wasm32-unknown-unknown`, and needs no other crate.
//! [`testing`] plays requests to the same function in a plain `cargo test`.
//!
//! A call of the application is one request. What it is given ends with it, which the compiler sees to. Every request begins with
//! the app as it was before the first one, unless its manifest sets `isolation`: what a request leaves in statics is gone after it.
//! [`random`] draws numbers that are new in each.
//!
//! A panic goes to the app's log, with its place, and ends the module: the client gets a 500, or a cut connection if the headers
//! were out.

#![warn(missing_docs)]

pub mod abi;
mod body;
mod call;
mod environ;
mod errors;
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod exports;
mod random;
mod response;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
mod wire;

pub use abi::Code;
pub use body::{Body, IntoBody};
pub use call::{play, Host};
pub use environ::{Environ, Input};
pub use errors::Errors;
pub use random::random;
pub use response::{StartResponse, Writer};

/// Makes a function the module's application: `wasgi::export!(app);`, once in a crate, outside of functions. The function has the
/// shape `fn(&Environ, StartResponse) -> impl IntoBody`.
///
/// `wasgi::export!(app, warm_up)` has the function `warm_up: fn()` run once before the first request. What it leaves behind every
/// request begins with, under the host's default isolation: parsed templates, filled tables. A host whose isolation is `fresh` does
/// not run it, so a request must be able to do without. There is nothing to answer and nothing to read while it runs. The module makes
/// room for a request of 1 MiB then, in any case.
#[macro_export]
macro_rules! export {
    ($app:path) => {
        $crate::export!($app, || {});
    };
    ($app:path, $warm_up:expr) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            #[no_mangle]
            extern "C" fn allocate(len: usize) -> *mut u8 {
                $crate::exports::allocate(len)
            }

            #[no_mangle]
            extern "C" fn application(environ: *const u8, len: usize) -> u64 {
                $crate::exports::application(environ, len, $app)
            }

            #[no_mangle]
            extern "C" fn warm_up() {
                $crate::exports::warm_up($warm_up)
            }
        };

        // Elsewhere there is no host to call it: it is checked that one could.
        #[cfg(not(target_arch = "wasm32"))]
        const _: () = {
            #[used]
            static CHECKED: fn(&dyn $crate::Host) = |host| {
                let _: fn() = $warm_up;
                let _ = $crate::play(host, &[], $app);
            };
        };
    };
}
