use std::borrow::Cow;
use std::io::{self, Read};
use std::str;

use crate::call::Call;
use crate::errors::Errors;
use crate::wire::{self, Pairs};
use crate::Code;

/// The request: its variables (`REQUEST_METHOD`, `PATH_INFO`, `HTTP_ACCEPT` and so on), its body, and the app's log.
///
/// Values are bytes as the client sent them, and need not be UTF-8. The methods that return text have U+FFFD in place of what is
/// none, and an empty text for a variable that is missing; [`Environ::get`] tells all apart.
#[derive(Clone)]
pub struct Environ<'a> {
    variables: Pairs<'a>,
    call: &'a Call<'a>,
}

impl<'a> Environ<'a> {
    /// Panics on a list that no host sends.
    pub(crate) fn new(list: &'a [u8], call: &'a Call<'a>) -> Environ<'a> {
        let variables = wire::pairs(list).expect("wasgi: application: malformed environ");
        Environ { variables, call }
    }

    /// A variable's value. Of a repeated one it is the first.
    pub fn get(&self, key: &str) -> Option<&'a [u8]> {
        self.iter().find(|(name, _)| *name == key.as_bytes()).map(|(_, value)| value)
    }

    /// A variable's value, if it is there and is UTF-8.
    pub fn get_str(&self, key: &str) -> Option<&'a str> {
        str::from_utf8(self.get(key)?).ok()
    }

    /// A variable's value as text.
    pub fn text(&self, key: &str) -> Cow<'a, str> {
        String::from_utf8_lossy(self.get(key).unwrap_or_default())
    }

    /// All variables in the order in which the host sent them, which means nothing, repeats included.
    pub fn iter(&self) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        self.variables.clone()
    }

    /// `GET`, `POST` and so on.
    pub fn method(&self) -> Cow<'a, str> {
        self.text("REQUEST_METHOD")
    }

    /// Where the app is mounted, without a slash at its end; empty at `/`.
    pub fn script_name(&self) -> Cow<'a, str> {
        self.text("SCRIPT_NAME")
    }

    /// The path below the mount, decoded; empty, or begins with a slash.
    pub fn path_info(&self) -> Cow<'a, str> {
        self.text("PATH_INFO")
    }

    /// What follows the question mark, not decoded.
    pub fn query_string(&self) -> Cow<'a, str> {
        self.text("QUERY_STRING")
    }

    /// A header of the request by its name in any case, `None` if it was not sent. Repeats are joined by the host.
    pub fn header(&self, name: &str) -> Option<Cow<'a, str>> {
        let mut key = name.to_ascii_uppercase().replace('-', "_");
        if key != "CONTENT_TYPE" && key != "CONTENT_LENGTH" {
            key.insert_str(0, "HTTP_");
        }
        self.get(&key).map(String::from_utf8_lossy)
    }

    /// The `Content-Type` of the request's body.
    pub fn content_type(&self) -> Cow<'a, str> {
        self.text("CONTENT_TYPE")
    }

    /// Bytes of the request's body, if that is known beforehand.
    pub fn content_length(&self) -> Option<u64> {
        self.get_str("CONTENT_LENGTH")?.parse().ok()
    }

    /// The request's name in the log and on error pages. It is no secret.
    pub fn request_id(&self) -> Cow<'a, str> {
        self.text("wasgi.request_id")
    }

    /// The request's body. Reading waits until some bytes are there. The errors are [`Code::Truncated`] if the client broke off and
    /// [`Code::TooLarge`] if the body is over the app's limit, each as an [`io::Error`] that [`Code::of`] looks into.
    pub fn input(&self) -> Input<'a> {
        Input { call: self.call }
    }

    /// The app's log, under the name of the app and the id of the request. [`errorln!`](crate::errorln) writes a line there.
    pub fn errors(&self) -> Errors<'a> {
        Errors { call: self.call }
    }
}

/// Reads the request's body as it arrives.
#[derive(Clone, Copy)]
pub struct Input<'a> {
    call: &'a Call<'a>,
}

impl Read for Input<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        Ok(Code::result(self.call.host.input_read(buf))?)
    }
}
