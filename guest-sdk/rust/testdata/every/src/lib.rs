//! Does whatever an app can do, by the path.

use std::cell::Cell;
use std::error::Error;
use std::io::{self, Cursor, Write};

use wasgi::{errorln, random, Body, Environ, IntoBody, StartResponse};

wasgi::export!(app, || WARM.with(|warm| warm.set(true)));

thread_local! {
    static WARM: Cell<bool> = Cell::new(false);
    static CALLS: Cell<u32> = Cell::new(0);
}

fn app(env: &Environ, start: StartResponse) -> Result<Body, Box<dyn Error>> {
    let mut out = start.response("200 OK", &[("Content-Type", "text/plain")])?;
    CALLS.with(|calls| calls.set(calls.get() + 1));
    Ok(match &*env.path_info() {
        "/" => format!("warm {}, call {}", WARM.with(Cell::get), CALLS.with(Cell::get)).into_body(),
        "/echo" => io::copy(&mut env.input(), &mut out).map(|_| ().into_body())?,
        "/blocks" => Body::blocks((0..5).map(|n| format!("{n}\n"))),
        "/endless" => Body::blocks(std::iter::repeat("x")),
        "/reader" => Body::reader(Cursor::new(vec![b'x'; 100_000])),
        "/large" => "x".repeat(300_000).into_body(),
        "/static" => "always there".into_body(),
        "/variables" => env.iter().flat_map(|(key, value)| [key, b"=", value, b"\n"].concat()).collect::<Vec<u8>>().into_body(),
        "/random" => {
            let mut drawn = [0; 16];
            random(&mut drawn);
            format!("{:032x}", u128::from_le_bytes(drawn)).into_body()
        }
        "/log" => errorln!(env, "{} lines\nof log", 2).into_body(),
        "/fits" => (0..6u8).map(|n| vec![n; 64 << 10]).collect::<Vec<_>>().concat().len().to_string().into_body(),
        "/grows" => vec![1u8; 4 << 20].len().to_string().into_body(),
        "/fails" => Err("as asked")?,
        "/panics" => panic!("{} asked", "as"),
        "/panics-late" => {
            out.flush()?;
            None::<Body>.expect("as asked")
        }
        _ => {
            start.replace("404 Not Found", &[])?;
            ().into_body()
        }
    })
}
