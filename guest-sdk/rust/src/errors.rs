use std::fmt;
use std::io::{self, Write};

use crate::abi::MAX_ERRORS_WRITE;
use crate::call::Call;
use crate::Code;

/// Writes to the app's log, one record a line.
#[derive(Clone, Copy)]
pub struct Errors<'a> {
    pub(crate) call: &'a Call<'a>,
}

impl Errors<'_> {
    /// Writes a line in one piece. A log that does not take it must not fail the request, so nothing is returned.
    pub fn line(mut self, text: fmt::Arguments<'_>) {
        let _ = self.write_all(format!("{text}\n").as_bytes());
    }
}

impl Write for Errors<'_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        // The host drops what is longer: the caller writes the rest.
        let part = &buf[..buf.len().min(MAX_ERRORS_WRITE)];
        Code::result(self.call.host.errors_write(part))?;
        Ok(part.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes a line to the app's log: `errorln!(env, "no note {id}")`, like [`eprintln!`].
#[macro_export]
macro_rules! errorln {
    ($env:expr, $($text:tt)+) => {
        $env.errors().line(::std::format_args!($($text)+))
    };
}
