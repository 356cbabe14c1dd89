use std::any::Any;
use std::borrow::Cow;
use std::cell::RefCell;
use std::panic;

use super::rules::{self, Head};
use super::{Request, Response};
use crate::abi::MAX_ERRORS_WRITE;
use crate::{Code, Host};

/// The host of one call.
pub(super) struct Recorder<'a> {
    request: &'a Request,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    head: Option<Head>,
    sent: bool,
    read: usize,
    /// Bytes of the body in blocks.
    taken: u64,
    blocks: Vec<Vec<u8>>,
    errors: Vec<u8>,
    ended: bool,
}

/// What unwinds the app where the host ends the call. Its destructors run then, which a real guest's do not.
struct Ended;

const ENDED: &str = "start_response with exc_info after the headers were sent";

impl<'a> Recorder<'a> {
    pub(super) fn new(request: &'a Request) -> Recorder<'a> {
        Recorder { request, state: RefCell::default() }
    }

    fn start(&self, status: &[u8], headers: &[u8], exc_info: bool) -> Result<usize, Code> {
        let mut state = self.alive()?;
        let head = rules::head(status, headers);
        match (exc_info, state.sent, &state.head) {
            (true, true, _) => {
                state.ended = true;
                drop(state);
                panic::resume_unwind(Box::new(Ended))
            }
            (false, _, Some(_)) => Err(Code::State),
            _ => {
                state.head = Some(head?);
                Ok(0)
            }
        }
    }

    fn send(&self, block: &[u8]) -> Result<usize, Code> {
        let mut state = self.alive()?;
        let head = state.head.as_ref().ok_or(Code::State)?;
        let whole = state.taken + block.len() as u64;
        if self.bears_body(head) && head.length.map_or(false, |length| whole > length) {
            return Err(Code::Length);
        }
        state.sent = true;
        if block.is_empty() {
            return Ok(0);
        }
        if state.blocks.len() >= self.request.patience {
            return Err(Code::Closed);
        }
        state.taken = whole;
        state.blocks.push(block.to_vec());
        Ok(0)
    }

    fn read(&self, buf: &mut [u8]) -> Result<usize, Code> {
        let mut state = self.alive()?;
        let rest = &self.request.body[state.read..];
        let len = rest.len().min(buf.len()).min(self.request.piece);
        if rest.is_empty() && !buf.is_empty() {
            return self.request.end.map_or(Ok(0), Err);
        }
        buf[..len].copy_from_slice(&rest[..len]);
        state.read += len;
        Ok(len)
    }

    /// A destructor that calls while the app unwinds must not unwind again.
    fn alive(&self) -> Result<std::cell::RefMut<'_, State>, Code> {
        let state = self.state.borrow_mut();
        if state.ended {
            return Err(Code::Closed);
        }
        Ok(state)
    }

    fn bears_body(&self, head: &Head) -> bool {
        self.request.method != "HEAD" && head.allows_body()
    }

    /// Ends the exchange, and checks what can only be known then.
    pub(super) fn response(self, played: Result<Cow<'static, [u8]>, Box<dyn Any + Send>>) -> Response {
        let mut state = self.state.take();
        let (returned, fault) = match played {
            Ok(returned) => {
                let fault = self.incomplete(&state, returned.len() as u64);
                (returned, fault)
            }
            Err(payload) => (Cow::Borrowed(&[][..]), Some(describe(payload, &mut state.errors))),
        };
        let errors = String::from_utf8_lossy(&state.errors).into_owned();
        let head = match state.head.take() {
            Some(head) if fault.is_none() || state.sent => head,
            _ => return Response { status: "500 Internal Server Error".into(), code: 500, errors, fault, ..Response::default() },
        };
        let mut response = Response { errors, cut: fault.is_some(), fault, ..Response::default() };
        if self.bears_body(&head) {
            response.body = state.blocks.concat();
            if !response.cut {
                response.body.extend_from_slice(&returned);
            }
        }
        response.headers = head.headers.clone();
        if !state.sent && head.length.is_none() && head.allows_body() {
            response.headers.push(("Content-Length".into(), returned.len().to_string()));
        }
        Response { status: head.status, code: head.code, blocks: state.blocks, ..response }
    }

    /// Why the response is none that a client could take for complete.
    fn incomplete(&self, state: &State, returned: u64) -> Option<String> {
        let head = match &state.head {
            Some(head) => head,
            None => return Some("application returned without start_response".into()),
        };
        let (whole, length) = (state.taken + returned, head.length?);
        if !self.bears_body(head) || whole == length {
            return None;
        }
        let what = if whole > length { "longer" } else { "shorter" };
        Some(format!("a body of {whole} bytes is {what} than its Content-Length of {length} bytes"))
    }
}

fn describe(payload: Box<dyn Any + Send>, errors: &mut Vec<u8>) -> String {
    if payload.is::<Ended>() {
        return ENDED.into();
    }
    let text = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let fault = format!("the application panicked: {}", text.unwrap_or("a value that is no text"));
    errors.extend_from_slice(format!("{fault}\n").as_bytes());
    fault
}

/// What an import returns.
fn returned(result: Result<usize, Code>) -> i32 {
    result.map_or_else(|code| -code.number(), |count| i32::try_from(count).unwrap_or(i32::MAX))
}

impl Host for Recorder<'_> {
    fn start_response(&self, status: &[u8], headers: &[u8], exc_info: bool) -> i32 {
        returned(self.start(status, headers, exc_info))
    }

    fn write(&self, block: &[u8]) -> i32 {
        returned(self.send(block))
    }

    fn input_read(&self, buf: &mut [u8]) -> i32 {
        returned(self.read(buf))
    }

    fn errors_write(&self, text: &[u8]) -> i32 {
        let mut state = self.state.borrow_mut();
        state.errors.extend_from_slice(&text[..text.len().min(MAX_ERRORS_WRITE)]);
        0
    }
}
