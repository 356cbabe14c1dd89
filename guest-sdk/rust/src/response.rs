use std::io::{self, Write};

use crate::call::Call;
use crate::{wire, Code};

/// Starts the response, at the latest before the first bytes of the body.
///
/// The host stores status and headers until the first of the body is sent. What it refuses it does not repair: [`Code::Invalid`] is a
/// malformed status (`"200 OK"`: three digits, a space, a reason that may be empty) or header, [`Code::Forbidden`] a header that is
/// the host's to set, [`Code::State`] a second call, [`Code::TooLarge`] a list over the limits. A refusal that no later call makes good
/// is logged, and the client gets a 500.
#[derive(Clone, Copy)]
pub struct StartResponse<'a> {
    call: &'a Call<'a>,
}

impl<'a> StartResponse<'a> {
    pub(crate) fn new(call: &'a Call<'a>) -> StartResponse<'a> {
        StartResponse { call }
    }

    /// Starts the response. Headers keep their order and their repeats.
    pub fn response(self, status: &str, headers: &[(&str, &str)]) -> Result<Writer<'a>, Code> {
        self.text(status, headers, false)
    }

    /// Replaces a response that was started, or starts it. If the headers were sent already, this ends the call where it stands, and
    /// the client sees a failure and not half an answer.
    pub fn replace(self, status: &str, headers: &[(&str, &str)]) -> Result<Writer<'a>, Code> {
        self.text(status, headers, true)
    }

    /// The same on bytes, for a value that is not UTF-8. `exc_info` says that it may replace a response.
    pub fn bytes(self, status: &[u8], headers: &[(&[u8], &[u8])], exc_info: bool) -> Result<Writer<'a>, Code> {
        self.start(status, wire::encode(headers.iter().copied()), exc_info)
    }

    fn text(self, status: &str, headers: &[(&str, &str)], exc_info: bool) -> Result<Writer<'a>, Code> {
        let pairs = headers.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
        self.start(status.as_bytes(), wire::encode(pairs), exc_info)
    }

    fn start(self, status: &[u8], list: Result<Vec<u8>, Code>, exc_info: bool) -> Result<Writer<'a>, Code> {
        let started = list.and_then(|list| Code::result(self.call.host.start_response(status, &list, exc_info)));
        self.call.refused.set(started.err());
        started.map(|_| Writer { call: self.call })
    }
}

/// Sends blocks of the body at once, before the returned body. Each write is a call of the host and returns when the connection has
/// taken all of it, so small ones belong into an [`io::BufWriter`]. Flushing sends the headers, if they are not out yet.
///
/// The errors are [`Code::Closed`] when the client is gone, after which an application returns, and [`Code::Length`] for more than the
/// declared `Content-Length`. Of a block that fails nothing is sent.
#[derive(Clone, Copy)]
pub struct Writer<'a> {
    pub(crate) call: &'a Call<'a>,
}

impl Write for Writer<'_> {
    fn write(&mut self, block: &[u8]) -> io::Result<usize> {
        // An empty one would send the headers, which is not what it is for: that is flush.
        if !block.is_empty() {
            self.call.write(block)?;
        }
        Ok(block.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(self.call.write(&[])?)
    }
}
