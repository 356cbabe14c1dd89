use std::borrow::Cow;
use std::fmt::Display;
use std::io::Read;

/// What an application returns, by way of [`IntoBody`].
///
/// A body that is there in one piece is sent with a `Content-Length`, if the application gave none. What is streamed is sent block by
/// block while the client takes it, and given up when the client is gone or the method is `HEAD`.
pub struct Body(pub(crate) Kind);

pub(crate) enum Kind {
    Whole(Cow<'static, [u8]>),
    Blocks(Box<dyn Iterator<Item = Vec<u8>>>),
    Reader(Box<dyn Read>),
    Failed(String),
}

impl Body {
    /// A body that is there in one piece. Nothing is copied.
    pub fn whole(bytes: impl Into<Cow<'static, [u8]>>) -> Body {
        Body(Kind::Whole(bytes.into()))
    }

    /// Sends each block as the iterator yields it.
    pub fn blocks<I>(blocks: I) -> Body
    where
        I: IntoIterator + 'static,
        I::Item: Into<Vec<u8>>,
    {
        Body(Kind::Blocks(Box::new(blocks.into_iter().map(Into::into))))
    }

    /// Sends what the reader reads. If it fails, the client gets a 500, or a cut connection if the headers were out, and the log
    /// the error.
    pub fn reader(reader: impl Read + 'static) -> Body {
        Body(Kind::Reader(Box::new(reader)))
    }
}

/// What an application may return: text, bytes, nothing (`()`), a [`Body`] that is streamed, or an `Option` or `Result` of these.
///
/// An `Err` goes to the log, and the client gets a 500, or a cut connection if the headers were out. So an application may use `?`:
///
/// ```
/// use wasgi::{Code, Environ, IntoBody, StartResponse};
///
/// fn app(env: &Environ, start: StartResponse) -> Result<impl IntoBody, Code> {
///     start.response("200 OK", &[("Content-Type", "text/plain")])?;
///     Ok(format!("this is {}\n", env.path_info()))
/// }
/// # wasgi::export!(app);
/// ```
pub trait IntoBody {
    /// The body.
    fn into_body(self) -> Body;
}

impl IntoBody for Body {
    fn into_body(self) -> Body {
        self
    }
}

impl IntoBody for () {
    fn into_body(self) -> Body {
        Body::whole(&[][..])
    }
}

impl IntoBody for &'static str {
    fn into_body(self) -> Body {
        Body::whole(self.as_bytes())
    }
}

impl IntoBody for String {
    fn into_body(self) -> Body {
        Body::whole(self.into_bytes())
    }
}

impl IntoBody for &'static [u8] {
    fn into_body(self) -> Body {
        Body::whole(self)
    }
}

impl<const N: usize> IntoBody for &'static [u8; N] {
    fn into_body(self) -> Body {
        Body::whole(&self[..])
    }
}

impl IntoBody for Vec<u8> {
    fn into_body(self) -> Body {
        Body::whole(self)
    }
}

impl<T: IntoBody> IntoBody for Option<T> {
    fn into_body(self) -> Body {
        self.map_or_else(|| ().into_body(), T::into_body)
    }
}

impl<T: IntoBody, E: Display> IntoBody for Result<T, E> {
    fn into_body(self) -> Body {
        self.map_or_else(|error| Body(Kind::Failed(error.to_string())), T::into_body)
    }
}
