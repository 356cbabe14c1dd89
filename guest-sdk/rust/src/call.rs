use std::borrow::Cow;
use std::cell::Cell;
use std::io::{self, Read, Write};

use crate::body::{Body, IntoBody, Kind};
use crate::environ::Environ;
use crate::errors::Errors;
use crate::response::{StartResponse, Writer};
use crate::Code;

/// The functions of the import module `wasgi_v1`. Each returns what the function of that name returns: a count, or the negative of a
/// [`Code`]. In a module it is the host's; [`testing`](crate::testing) has one that records.
pub trait Host {
    /// Stores status and headers; the latter are encoded as lists are.
    fn start_response(&self, status: &[u8], headers: &[u8], exc_info: bool) -> i32;
    /// Sends a block of the body.
    fn write(&self, block: &[u8]) -> i32;
    /// Reads bytes of the request's body.
    fn input_read(&self, buf: &mut [u8]) -> i32;
    /// Appends to the app's log.
    fn errors_write(&self, text: &[u8]) -> i32;
}

/// Plays one request on a host, and returns what is left to send: the returned body, or nothing if it was streamed. It is what the
/// exported function `application` does; a test kit calls it with a host of its own. A malformed `environ` panics.
pub fn play<R: IntoBody>(
    host: &dyn Host,
    environ: &[u8],
    app: impl FnOnce(&Environ<'_>, StartResponse<'_>) -> R,
) -> Cow<'static, [u8]> {
    let call = Call { host, refused: Cell::new(None), closed: Cell::new(false) };
    let env = Environ::new(environ, &call);
    let body = app(&env, StartResponse::new(&call)).into_body();
    let left = call.send(body, env.method() == "HEAD");
    if let Some(code) = call.refused.get() {
        call.log(format_args!("wasgi: start_response was refused: {code}"));
    }
    left
}

/// The state of one request. What borrows it ends with the request, since in an instance that lives on the next one would get
/// what is sent later.
pub(crate) struct Call<'a> {
    pub(crate) host: &'a dyn Host,
    /// Why the last `start_response` was refused.
    pub(crate) refused: Cell<Option<Code>>,
    /// Whether the client is gone.
    closed: Cell<bool>,
}

/// Bytes that a reader is asked for at once.
const BLOCK: usize = 32 << 10;

impl Call<'_> {
    pub(crate) fn write(&self, block: &[u8]) -> Result<(), Code> {
        let sent = Code::result(self.host.write(block));
        self.closed.set(sent == Err(Code::Closed));
        sent.map(drop)
    }

    fn send(&self, body: Body, head: bool) -> Cow<'static, [u8]> {
        let streamed = match body.0 {
            Kind::Whole(bytes) => return bytes,
            Kind::Failed(cause) => Err(format!("application: {cause}")),
            Kind::Blocks(blocks) => self.send_blocks(blocks, head),
            Kind::Reader(reader) => self.send_reader(reader, head),
        };
        match streamed {
            Err(cause) if !self.closed.get() => self.fail(&cause),
            _ => Cow::Borrowed(&[]), // a client that went away is no news to an app's author
        }
    }

    /// The first block sends the headers, and a response to HEAD has nothing else: an endless stream ends there.
    fn send_blocks(&self, blocks: impl Iterator<Item = Vec<u8>>, head: bool) -> Result<(), String> {
        for block in blocks.filter(|block| !block.is_empty()) {
            self.write(&block).map_err(|code| format!("body: write: {code}"))?;
            if head {
                break;
            }
        }
        Ok(())
    }

    fn send_reader(&self, mut reader: impl Read, head: bool) -> Result<(), String> {
        let mut block = vec![0; BLOCK];
        loop {
            match reader.read(&mut block) {
                Ok(0) => return Ok(()),
                Ok(len) => Writer { call: self }.write_all(&block[..len]).map_err(|error| format!("body: write: {error}"))?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(format!("body: read: {error}")),
            }
            if head {
                return Ok(());
            }
        }
    }

    /// Turns a response that failed into a 500. If headers were sent, the host ends the call in here and cuts the connection.
    fn fail(&self, cause: &str) -> Cow<'static, [u8]> {
        self.log(format_args!("wasgi: {cause}"));
        let headers = [("Content-Type", "text/plain; charset=utf-8")];
        match StartResponse::new(self).replace("500 Internal Server Error", &headers) {
            Ok(_) => Cow::Borrowed(b"Internal Server Error\n"),
            Err(_) => Cow::Borrowed(&[]),
        }
    }

    fn log(&self, text: std::fmt::Arguments<'_>) {
        Errors { call: self }.line(text);
    }
}
