use std::panic::{self, AssertUnwindSafe};

use super::recorder::Recorder;
use super::Response;
use crate::{play, wire, Code, Environ, IntoBody, StartResponse};

/// What a client sends, over http from 192.0.2.1 to example.com.
#[derive(Clone, Debug)]
pub struct Request {
    pub(super) method: String,
    mount: String,
    target: String,
    headers: Vec<(String, Vec<u8>)>,
    variables: Vec<(String, Vec<u8>)>,
    pub(super) body: Vec<u8>,
    pub(super) piece: usize,
    pub(super) end: Option<Code>,
    pub(super) patience: usize,
}

impl Request {
    /// A request without a body. The target is the path below the mount, still encoded, with the query: `/a%20b?x=1`. A bad escape
    /// panics when it is played: a server would have refused it.
    pub fn new(method: &str, target: &str) -> Request {
        Request {
            method: method.into(),
            mount: String::new(),
            target: target.into(),
            headers: Vec::new(),
            variables: Vec::new(),
            body: Vec::new(),
            piece: usize::MAX,
            end: None,
            patience: usize::MAX,
        }
    }

    /// A `GET`.
    pub fn get(target: &str) -> Request {
        Request::new("GET", target)
    }

    /// A `POST` with a body of that type.
    pub fn post(target: &str, content_type: &str, body: impl Into<Vec<u8>>) -> Request {
        Request::new("POST", target).header("Content-Type", content_type).body(body)
    }

    /// Where the app is mounted, without a slash at its end: `/notes`.
    pub fn mount(mut self, prefix: &str) -> Request {
        self.mount = prefix.into();
        self
    }

    /// Adds a header. Repeats are joined as the host joins them; names with `_` and `Proxy` are dropped.
    pub fn header(mut self, name: &str, value: impl Into<Vec<u8>>) -> Request {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Adds a variable to the environ as it is.
    pub fn variable(mut self, key: &str, value: impl Into<Vec<u8>>) -> Request {
        self.variables.push((key.into(), value.into()));
        self
    }

    /// Sets the body, and with it `CONTENT_LENGTH`.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Request {
        self.body = body.into();
        self
    }

    /// Has the body come in pieces of at most that many bytes.
    pub fn pieces(mut self, bytes: usize) -> Request {
        self.piece = bytes.max(1);
        self
    }

    /// Has the body end with a refusal: [`Code::Truncated`] plays a client that breaks off, [`Code::TooLarge`] a body over the app's
    /// limit.
    pub fn body_fails(mut self, code: Code) -> Request {
        self.end = Some(code);
        self
    }

    /// Has the client go away after that many blocks of the response.
    pub fn leaves_after(mut self, blocks: usize) -> Request {
        self.patience = blocks;
        self
    }

    /// Plays the request. A panic of the app becomes a [fault](Response::fault), with its text in [`Response::errors`].
    pub fn play<R: IntoBody>(&self, app: impl FnOnce(&Environ<'_>, StartResponse<'_>) -> R) -> Response {
        let recorder = Recorder::new(self);
        let environ = self.environ();
        let played = panic::catch_unwind(AssertUnwindSafe(|| play(&recorder, &environ, app)));
        recorder.response(played)
    }

    fn environ(&self) -> Vec<u8> {
        let (path, query) = self.target.split_once('?').unwrap_or((&self.target, ""));
        let path = if path.is_empty() && self.mount.is_empty() { "/" } else { path };
        let length = if self.body.is_empty() { String::new() } else { self.body.len().to_string() };
        let path_info = decode(path);
        let mut list: Vec<(String, Vec<u8>)> = Vec::new();
        for (key, value) in [
            ("REQUEST_METHOD", self.method.as_bytes()),
            ("SCRIPT_NAME", self.mount.as_bytes()),
            ("PATH_INFO", &path_info),
            ("QUERY_STRING", query.as_bytes()),
            ("RAW_URI", format!("{}{}", self.mount, self.target).as_bytes()),
            ("SERVER_NAME", b"example.com"),
            ("SERVER_PORT", b"80"),
            ("SERVER_PROTOCOL", b"HTTP/1.1"),
            ("REMOTE_ADDR", b"192.0.2.1"),
            ("REMOTE_PORT", b"1234"),
            ("CONTENT_LENGTH", length.as_bytes()),
            ("HTTP_HOST", b"example.com"),
            ("wsgi.version", b"1.0"),
            ("wsgi.url_scheme", b"http"),
            ("wsgi.multithread", b"0"),
            ("wsgi.multiprocess", b"1"),
            ("wsgi.run_once", b"1"),
            ("wsgi.input_terminated", b"1"),
            ("wasgi.request_id", b"test"),
        ] {
            if !value.is_empty() {
                list.push((key.into(), value.into()));
            }
        }
        self.add_headers(&mut list);
        list.extend(self.variables.iter().cloned());
        wire::encode(list.iter().map(|(key, value)| (key.as_bytes(), value.as_slice()))).expect("a request of this size")
    }

    fn add_headers(&self, list: &mut Vec<(String, Vec<u8>)>) {
        for (name, value) in &self.headers {
            let mut key = name.to_ascii_uppercase().replace('-', "_");
            if name.contains('_') || key == "PROXY" {
                continue;
            }
            if key != "CONTENT_TYPE" && key != "CONTENT_LENGTH" {
                key.insert_str(0, "HTTP_");
            }
            match list.iter_mut().find(|(known, _)| *known == key) {
                Some((_, joined)) => {
                    joined.extend_from_slice(if key == "HTTP_COOKIE" { b"; " } else { b"," });
                    joined.extend_from_slice(value);
                }
                None => list.push((key, value.clone())),
            }
        }
    }
}

fn decode(path: &str) -> Vec<u8> {
    let mut parts = path.split('%');
    let mut decoded = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let byte = part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        decoded.push(byte.unwrap_or_else(|| panic!("wasgi: testing: the path {path:?} has a bad escape")));
        decoded.extend_from_slice(&part.as_bytes()[2..]);
    }
    decoded
}
