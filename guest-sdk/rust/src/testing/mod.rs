//! Plays requests to an application in a plain `cargo test`, without wasm and without a server. Its host keeps the rules that wasgi's
//! keeps: it refuses the same headers, holds `Content-Length` to its word, and ends a call where wasgi would end it.
//!
//! ```
//! use wasgi::testing::Request;
//! use wasgi::{Code, Environ, IntoBody, StartResponse};
//!
//! fn app(env: &Environ, start: StartResponse) -> Result<impl IntoBody, Code> {
//!     start.response("200 OK", &[])?;
//!     Ok(format!("hello {}", env.query_string()))
//! }
//!
//! let response = Request::get("/?you").play(app);
//! assert_eq!((response.code, response.text()), (200, "hello you"));
//! ```

mod recorder;
mod request;
mod rules;

pub use request::Request;

/// What the client and the log see.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Response {
    /// The status line; `500 Internal Server Error` if the app failed before its headers were out.
    pub status: String,
    /// The number in the status.
    pub code: u16,
    /// The app's headers in its order, as text, and the `Content-Length` that the host adds to a body that is returned whole.
    pub headers: Vec<(String, String)>,
    /// All of the body that the client receives: the blocks, then the returned body.
    pub body: Vec<u8>,
    /// The blocks that were sent while the app ran. The returned body is not among them.
    pub blocks: Vec<Vec<u8>>,
    /// What the app wrote to its log.
    pub errors: String,
    /// Why wasgi would answer 500, or cut the connection if [`Response::cut`] is set; `None` for a complete response.
    pub fault: Option<String>,
    /// The headers were out when the call failed: the client sees a broken response.
    pub cut: bool,
}

impl Response {
    /// The first header of that name, whatever its case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The body as text; panics if it is none.
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("the body is not UTF-8")
    }
}
