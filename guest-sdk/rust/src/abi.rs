//! The contract's numbers, as `abi/SPEC.md` and the Go package `abi` have them.

use std::{error, fmt, io};

/// The version of the contract.
pub const VERSION: i32 = 1;
/// What precedes the name of a granted environment variable in the environ of a guest that imports nothing of WASI.
pub const ENVIRON_PREFIX: &str = "wasgi.env.";
/// Bytes of the buffer that the host asks for first; an environ that fits is written there.
pub const ENVIRON_BUFFER: usize = 16384;
/// What the address of that buffer is divisible by.
pub const ALIGNMENT: usize = 8;
/// Bytes of a status, at most.
pub const MAX_STATUS: usize = 512;
/// Bytes of an encoded list of headers, at most.
pub const MAX_HEADER_BYTES: usize = 262144;
/// Headers of a response, at most.
pub const MAX_HEADERS: usize = 1000;
/// Bytes of one `errors_write` that reach the log.
pub const MAX_ERRORS_WRITE: usize = 65536;

/// Why the host refused a call. A refused call has changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Code {
    /// A pointer and length do not lie within the guest's memory.
    Fault,
    /// A status or a list of headers is malformed.
    Invalid,
    /// A header belongs to the connection and is the host's to set.
    Forbidden,
    /// The call is not allowed now.
    State,
    /// An argument, or the request's body, is over a limit.
    TooLarge,
    /// The client ended the request's body before it was complete.
    Truncated,
    /// The client is gone, or no longer takes the response.
    Closed,
    /// More body than the declared `Content-Length`.
    Length,
    /// A refusal that this version of the crate has no name for.
    Other(i32),
}

impl Code {
    /// The number in the contract; what a call returns is its negative.
    pub fn number(self) -> i32 {
        match self {
            Code::Fault => 1,
            Code::Invalid => 2,
            Code::Forbidden => 3,
            Code::State => 4,
            Code::TooLarge => 5,
            Code::Truncated => 6,
            Code::Closed => 7,
            Code::Length => 8,
            Code::Other(number) => number,
        }
    }

    /// The code that an error of this crate's readers and writers holds.
    pub fn of(error: &io::Error) -> Option<Code> {
        error.get_ref()?.downcast_ref().copied()
    }

    /// Splits what an import returned into a count and a refusal.
    pub(crate) fn result(returned: i32) -> Result<usize, Code> {
        const NAMED: [Code; 8] =
            [Code::Fault, Code::Invalid, Code::Forbidden, Code::State, Code::TooLarge, Code::Truncated, Code::Closed, Code::Length];
        match returned {
            0.. => Ok(returned as usize),
            -8..=-1 => Err(NAMED[(-returned - 1) as usize]),
            _ => Err(Code::Other(returned.wrapping_neg())),
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Code::Fault => "pointer or length outside memory",
            Code::Invalid => "malformed status or headers",
            Code::Forbidden => "header not allowed from an application",
            Code::State => "call not allowed now",
            Code::TooLarge => "over a limit",
            Code::Truncated => "request body ended early",
            Code::Closed => "client is gone",
            Code::Length => "more body than Content-Length",
            Code::Other(_) => "unknown code",
        })
    }
}

impl error::Error for Code {}

impl From<Code> for io::Error {
    fn from(code: Code) -> io::Error {
        let kind = match code {
            Code::Truncated => io::ErrorKind::UnexpectedEof,
            Code::Closed => io::ErrorKind::BrokenPipe,
            Code::Invalid | Code::Forbidden => io::ErrorKind::InvalidInput,
            _ => io::ErrorKind::Other,
        };
        io::Error::new(kind, code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_split() {
        assert_eq!(Code::result(0), Ok(0));
        assert_eq!(Code::result(i32::MAX), Ok(i32::MAX as usize));
        for number in 1..=8 {
            let code = Code::result(-number).unwrap_err();
            assert_eq!(code.number(), number);
            assert_ne!(code.to_string(), "unknown code");
        }
        assert_eq!(Code::result(-9), Err(Code::Other(9)));
        assert_eq!(Code::result(i32::MIN), Err(Code::Other(i32::MIN)));
        assert_eq!(Code::Other(9).number(), 9);
        assert_eq!(Code::Other(9).to_string(), "unknown code");
    }

    #[test]
    fn an_io_error_keeps_the_code() {
        let error = io::Error::from(Code::Truncated);
        assert_eq!(Code::of(&error), Some(Code::Truncated));
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(error.to_string(), "request body ended early");
        assert_eq!(Code::of(&io::Error::new(io::ErrorKind::Other, "else")), None);
        assert_eq!(Code::of(&io::ErrorKind::NotFound.into()), None);
    }
}
