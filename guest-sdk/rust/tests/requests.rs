//! What an application is given.

use std::io::Read;

use wasgi::testing::Request;
use wasgi::{abi, errorln, random, Code, Environ, IntoBody, StartResponse};

/// Runs a check inside of an application.
fn inside(request: Request, check: impl FnOnce(&Environ<'_>)) {
    let response = request.play(|env, start| -> Result<(), Code> {
        check(env);
        start.response("204 ", &[]).map(drop)
    });
    assert_eq!((response.fault, response.code), (None, 204), "{}", response.errors);
}

#[test]
fn variables() {
    let request = Request::new("PATCH", "/a%20b/%ff?x=%20")
        .mount("/app")
        .header("Accept", "text/html")
        .header("accept", "*/*")
        .header("Cookie", "a=1")
        .header("Cookie", "b=2")
        .header("Proxy", "evil")
        .header("A_B", "dropped")
        .header("Content-Type", "text/plain")
        .header("X-Bytes", vec![0xe9])
        .variable("TWICE", "1")
        .variable("TWICE", "2")
        .variable("EMPTY", "")
        .body("body");
    inside(request, |env| {
        assert_eq!(env.method(), "PATCH");
        assert_eq!(env.script_name(), "/app");
        assert_eq!(env.path_info(), "/a b/\u{fffd}");
        assert_eq!(env.get("PATH_INFO"), Some(&b"/a b/\xff"[..]));
        assert_eq!(env.get_str("PATH_INFO"), None);
        assert_eq!(env.query_string(), "x=%20");
        assert_eq!(env.content_type(), "text/plain");
        assert_eq!(env.content_length(), Some(4));
        assert_eq!(env.request_id(), "test");
        assert_eq!(env.header("ACCEPT").as_deref(), Some("text/html,*/*"));
        assert_eq!(env.header("content-type").as_deref(), Some("text/plain"));
        assert_eq!(env.header("cookie").as_deref(), Some("a=1; b=2"));
        assert_eq!(env.header("x-bytes").as_deref(), Some("\u{fffd}"));
        assert_eq!(env.header("proxy"), None);
        assert_eq!(env.get("HTTP_A_B"), None);
        assert_eq!(env.get("TWICE"), Some(&b"1"[..]));
        assert_eq!(env.iter().filter(|(key, _)| *key == b"TWICE").count(), 2);
        assert_eq!(env.get("EMPTY"), Some(&[][..]));
        assert_eq!(env.get("MISSING"), None);
        assert_eq!(env.text("MISSING"), "");
        assert_eq!(env.get("RAW_URI"), Some(&b"/app/a%20b/%ff?x=%20"[..]));
    });
    inside(Request::get(""), |env| assert_eq!((&*env.path_info(), env.content_length()), ("/", None)));
    inside(Request::get("").mount("/app"), |env| assert_eq!(env.get("PATH_INFO"), None));
}

#[test]
#[should_panic = "bad escape"]
fn a_bad_escape_is_the_tests_fault() {
    inside(Request::get("/%zz"), |_| ());
}

#[test]
fn input() {
    let request = Request::new("POST", "/").body("0123456789");
    let mut text = String::new();
    inside(request.clone().pieces(3), |env| {
        assert_eq!(env.input().read(&mut []).unwrap(), 0);
        assert_eq!(env.input().read(&mut [0; 8]).unwrap(), 3);
        assert_eq!(env.input().read_to_string(&mut text).unwrap(), 7);
        assert_eq!(env.input().read(&mut [0; 8]).unwrap(), 0);
    });
    assert_eq!(text, "3456789");
    for code in [Code::Truncated, Code::TooLarge] {
        inside(request.clone().body_fails(code), |env| {
            let mut body = Vec::new();
            let error = env.input().read_to_end(&mut body).unwrap_err();
            assert_eq!((body.len(), Code::of(&error)), (10, Some(code)));
            assert!(env.input().read(&mut [0; 8]).is_err());
        });
    }
}

#[test]
fn log() {
    let response = Request::get("/").play(|env: &Environ<'_>, start: StartResponse<'_>| {
        errorln!(env, "method {}", env.method());
        errorln!(env, "{}", "x".repeat(abi::MAX_ERRORS_WRITE));
        start.response("200 OK", &[]).map(|_| ().into_body())
    });
    assert_eq!(response.errors.len(), "method GET\n".len() + abi::MAX_ERRORS_WRITE + 1);
    assert!(response.errors.starts_with("method GET\nxx"));
}

#[test]
fn random_numbers_differ() {
    let mut drawn = [[0; 19]; 2];
    random(&mut drawn[0]);
    random(&mut drawn[1]);
    assert_ne!(drawn[0], drawn[1]);
    assert_ne!(drawn[0][16..], [0; 3]);
    random(&mut []);
}
