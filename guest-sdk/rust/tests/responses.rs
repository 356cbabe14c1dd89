//! What an application can answer, and what is refused.

use std::error::Error;
use std::io::{self, BufWriter, Cursor, Read, Write};

use wasgi::testing::{Request, Response};
use wasgi::{Body, Code, Environ, IntoBody, StartResponse};

/// Answers 200 with a body.
fn with<B: IntoBody>(body: B) -> impl FnOnce(&Environ<'_>, StartResponse<'_>) -> Result<B, Code> {
    move |_, start| start.response("200 OK", &[]).map(|_| body)
}

fn get<R: IntoBody>(app: impl FnOnce(&Environ<'_>, StartResponse<'_>) -> R) -> Response {
    Request::get("/").play(app)
}

#[test]
fn bodies_in_one_piece() {
    for (response, body) in [
        (get(with(())), ""),
        (get(with("text")), "text"),
        (get(with(String::from("text"))), "text"),
        (get(with(b"text")), "text"),
        (get(with(&b"text"[..])), "text"),
        (get(with(b"text".to_vec())), "text"),
        (get(with(Body::whole(&b"text"[..]))), "text"),
        (get(with(Some("text"))), "text"),
        (get(with(None::<String>)), ""),
    ] {
        assert_eq!((response.code, response.text(), response.fault.as_ref()), (200, body, None));
        assert_eq!(response.header("content-length"), Some(&*body.len().to_string()));
        assert_eq!(response.blocks.len(), 0);
    }
}

#[test]
fn streamed_bodies() {
    let response = get(with(Body::blocks(["a", "", "bc"])));
    assert_eq!((response.text(), response.blocks.len(), response.headers.len()), ("abc", 2, 0));
    let response = get(with(Body::reader(Cursor::new(vec![b'x'; 40_000]))));
    assert_eq!((response.body.len(), response.blocks.len()), (40_000, 2));
    let response = get(with(Body::reader(io::empty())));
    assert_eq!((response.text(), response.header("Content-Length")), ("", Some("0")));
}

#[test]
fn endless_bodies_end() {
    let endless = || Body::blocks(std::iter::repeat("x"));
    let response = Request::get("/").leaves_after(3).play(with(endless()));
    assert_eq!((response.blocks.len(), response.errors.as_str(), response.fault), (3, "", None));
    let response = Request::new("HEAD", "/").play(with(endless()));
    assert_eq!((response.blocks.len(), response.body.len(), response.fault), (1, 0, None));
    let response = Request::new("HEAD", "/").play(with(Body::reader(io::repeat(b'x'))));
    assert_eq!((response.blocks.len(), response.body.len(), response.fault), (1, 0, None));
}

#[test]
fn written_bodies() {
    let response = get(|_, start| -> io::Result<&'static str> {
        let mut out = BufWriter::new(start.response("200 OK", &[("Content-Length", "9")])?);
        write!(out, "{}-{}", 1, 2)?;
        out.flush()?;
        out.get_mut().write_all(b"")?;
        out.write_all(b"345")?;
        out.flush()?;
        Ok("end")
    });
    assert_eq!((response.text(), response.errors.as_str(), &response.fault), ("1-2345end", "", &None));
    assert_eq!(response.blocks, [b"1-2", b"345"]);
}

#[test]
fn an_application_stops_when_the_client_is_gone() {
    let mut written = 0;
    let response = Request::get("/").leaves_after(2).play(|_, start| -> io::Result<()> {
        let mut out = start.response("200 OK", &[])?;
        loop {
            out.write_all(b"x")?;
            written += 1;
        }
    });
    assert_eq!((written, response.errors.as_str()), (2, ""));
}

#[test]
fn errors_become_a_500() {
    let response = get(|_, _| Err::<(), _>("no such table"));
    assert_eq!((response.status.as_str(), response.text()), ("500 Internal Server Error", "Internal Server Error\n"));
    assert_eq!((response.errors.as_str(), response.fault), ("wasgi: application: no such table\n", None));
    let response = get(|env, start| -> Result<String, Box<dyn Error>> {
        start.response("200 OK", &[("Content-Type", "text/html")])?;
        Ok(env.text("MISSING").parse::<u8>()?.to_string())
    });
    assert_eq!((response.code, response.header("Content-Type")), (500, Some("text/plain; charset=utf-8")));
    assert_eq!(response.errors, "wasgi: application: cannot parse integer from empty string\n");
}

/// Fails after its first bytes.
struct Broken(bool);

impl Read for Broken {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if std::mem::replace(&mut self.0, true) {
            return Err(io::Error::new(io::ErrorKind::Other, "out of paper"));
        }
        buf[0] = b'x';
        Ok(1)
    }
}

#[test]
fn a_body_that_fails() {
    let response = get(with(Body::reader(Broken(true))));
    assert_eq!((response.code, response.cut), (500, false));
    assert_eq!(response.errors, "wasgi: body: read: out of paper\n");
    let response = get(with(Body::reader(Broken(false))));
    assert_eq!((response.code, response.text(), response.cut), (200, "x", true));
    assert_eq!(response.fault.as_deref(), Some("start_response with exc_info after the headers were sent"));
}

#[test]
fn a_response_can_be_replaced_until_it_is_sent() {
    let response = get(|_, start| {
        start.response("200 OK", &[("A", "1"), ("B", "2")])?;
        assert_eq!(start.response("201 Created", &[]).err(), Some(Code::State));
        start.bytes(b"404 Not Found", &[(b"Set-Cookie", b"a"), (b"Set-Cookie", b"\xff")], true)?;
        Ok::<_, Code>("none")
    });
    let cookies = [("Set-Cookie".to_string(), "a".to_string()), ("Set-Cookie".into(), "\u{fffd}".into())];
    assert_eq!((response.code, &response.headers[..2], response.text()), (404, &cookies[..], "none"));
    assert_eq!((response.fault, response.errors.as_str()), (None, ""));
}

#[test]
fn heads_are_checked() {
    let long = "x".repeat(wasgi::abi::MAX_STATUS);
    for (status, headers, code) in [
        ("200", [("A", "1")], Code::Invalid),
        ("200OK", [("A", "1")], Code::Invalid),
        ("99 Low", [("A", "1")], Code::Invalid),
        ("100 Continue", [("A", "1")], Code::Invalid),
        ("+20 OK", [("A", "1")], Code::Invalid),
        ("2000 OK", [("A", "1")], Code::Invalid),
        ("200 O\nK", [("A", "1")], Code::Invalid),
        (&long, [("A", "1")], Code::Invalid),
        (&format!("200 {long}"), [("A", "1")], Code::TooLarge),
        ("200 OK", [("", "1")], Code::Invalid),
        ("200 OK", [("A B", "1")], Code::Invalid),
        ("200 OK", [("Ü", "1")], Code::Invalid),
        ("200 OK", [("A", "1\r\nB: 2")], Code::Invalid),
        ("200 OK", [("A", " 1")], Code::Invalid),
        ("200 OK", [("A", "1 ")], Code::Invalid),
        ("200 OK", [("te", "1")], Code::Forbidden),
        ("200 OK", [("Proxy-Anything", "1")], Code::Forbidden),
        ("200 OK", [("Content-Length", "+1")], Code::Invalid),
        ("200 OK", [("Content-Length", "")], Code::Invalid),
    ] {
        let response = get(|_, start| assert_eq!(start.response(status, &headers).err(), Some(code), "{status} {headers:?}"));
        assert_eq!(response.errors, format!("wasgi: start_response was refused: {code}\n"));
        assert_eq!(response.fault.as_deref(), Some("application returned without start_response"));
        assert_eq!(response.code, 500);
    }
    for (headers, code) in [
        (vec![("Content-Length", "1"), ("content-length", "1")], Code::Invalid),
        (vec![("A", "1"); wasgi::abi::MAX_HEADERS + 1], Code::TooLarge),
        (vec![("A", &*"1".repeat(wasgi::abi::MAX_HEADER_BYTES))], Code::TooLarge),
    ] {
        get(|_, start| assert_eq!(start.response("200 OK", &headers).err(), Some(code)));
    }
}

#[test]
fn lengths_are_kept() {
    for (length, body, fault) in [
        ("4", "abcd", None),
        ("5", "abcd", Some("a body of 4 bytes is shorter than its Content-Length of 5 bytes")),
        ("3", "abcd", Some("a body of 4 bytes is longer than its Content-Length of 3 bytes")),
    ] {
        let app = |_: &Environ<'_>, start: StartResponse<'_>| start.response("200 OK", &[("Content-Length", length)]).map(|_| body);
        assert_eq!(get(app).fault.as_deref(), fault);
        assert_eq!(Request::new("HEAD", "/").play(app).fault, None);
    }
    let response = get(|_, start| -> io::Result<()> {
        let mut out = start.response("200 OK", &[("Content-Length", "3")])?;
        let error = out.write_all(b"abcd").unwrap_err();
        assert_eq!(Code::of(&error), Some(Code::Length));
        out.write_all(b"abc")
    });
    assert_eq!((response.text(), &response.fault), ("abc", &None));
}

#[test]
fn a_204_has_no_body() {
    let response = get(|_, start| start.response("204 No Content", &[]).map(|_| "dropped"));
    assert_eq!((response.text(), response.headers.len(), &response.fault), ("", 0, &None));
}

#[test]
fn a_panic_is_a_fault() {
    let response = get(|_, _| -> () { panic!("at {}", "the disco") });
    assert_eq!(response.fault.as_deref(), Some("the application panicked: at the disco"));
    assert_eq!((response.code, response.errors.as_str()), (500, "the application panicked: at the disco\n"));
}
