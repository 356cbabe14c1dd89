use super::*;
use wasgi::testing::{Request, Response};

/// Plays requests to one store after another.
struct App(Store);

impl App {
    fn new() -> App {
        App(Store::new())
    }

    fn play(&mut self, request: Request) -> Response {
        let response = request.mount("/notes").play(|env, start| answer(&mut self.0, env).send(start));
        assert_eq!(response.fault, None);
        let content_type = if response.code == 204 { None } else { Some("application/json") };
        assert_eq!(response.header("Content-Type"), content_type);
        response
    }

    fn ask(&mut self, method: &str, target: &str) -> (u16, String) {
        let response = self.play(Request::new(method, target));
        (response.code, response.text().into())
    }

    fn post(&mut self, body: &str) -> (u16, String) {
        let response = self.play(Request::post("/", "application/json", body));
        (response.code, response.text().into())
    }
}

fn answered(code: u16, json: &str) -> (u16, String) {
    (code, json.into())
}

fn error(code: u16, text: &str) -> (u16, String) {
    answered(code, &format!(r#"{{"error":"{text}"}}"#))
}

#[test]
fn notes_come_and_go() {
    let mut app = App::new();
    assert_eq!(app.ask("GET", ""), answered(200, r#"{"notes":[]}"#));
    let created = app.play(Request::post("/", "Application/JSON ; charset=utf-8", r#"{"text":" <ü>\n"}"#));
    assert_eq!((created.code, created.text()), (201, r#"{"id":1,"text":"<ü>"}"#));
    assert_eq!(created.header("Location"), Some("/notes/1"));
    assert_eq!(app.post(r#"{"text":"\ud83d\ude00"}"#), answered(201, r#"{"id":2,"text":"😀"}"#));
    assert_eq!(app.ask("GET", "/?x"), answered(200, r#"{"notes":[{"id":1,"text":"<ü>"},{"id":2,"text":"😀"}]}"#));
    assert_eq!(app.ask("GET", "/2"), answered(200, r#"{"id":2,"text":"😀"}"#));
    assert_eq!(app.ask("DELETE", "/1"), answered(204, ""));
    assert_eq!(app.ask("DELETE", "/1"), error(404, "not found"));
    assert_eq!(app.ask("GET", "/1"), error(404, "not found"));
    assert_eq!(app.post(r#"{"text":"x"}"#), answered(201, r#"{"id":3,"text":"x"}"#));
}

#[test]
fn head_is_get_without_the_body() {
    let mut app = App::new();
    let response = app.play(Request::new("HEAD", "/"));
    assert_eq!((response.code, response.header("Content-Length"), response.text()), (200, Some("12"), ""));
    assert_eq!(app.ask("HEAD", "/1"), answered(404, ""));
}

#[test]
fn paths_and_methods() {
    let mut app = App::new();
    for path in ["/0", "/01", "/1234567890", "/x", "/1/", "//", "/-1", "/+1", "/%31x", "/\u{661}"] {
        assert_eq!(app.ask("PUT", path), error(404, "not found"), "{path}");
    }
    for (method, path, allowed) in [("PUT", "/", "GET, POST"), ("get", "", "GET, POST"), ("POST", "/999999999", "GET, DELETE")] {
        let response = app.play(Request::new(method, path));
        assert_eq!((response.code, response.text()), (405, r#"{"error":"method not allowed"}"#));
        assert_eq!(response.header("Allow"), Some(allowed));
    }
}

#[test]
fn bodies_are_checked() {
    let mut app = App::new();
    for content_type in ["", "text/plain", "application/jsonp", "; application/json"] {
        let response = app.play(Request::post("/", content_type, r#"{"text":"x"}"#));
        assert_eq!(
            (response.code, response.text()),
            (415, r#"{"error":"content type must be application/json"}"#),
            "{content_type}"
        );
    }
    let malformed = error(400, "body must be a JSON object with a string text");
    assert_eq!(app.post(""), malformed);
    assert_eq!(app.post("[]"), malformed);
    let length = error(422, "text must have 1 to 200 characters");
    assert_eq!(app.post(r#"{"text":" \t\r\n\f"}"#), length);
    assert_eq!(app.post(&format!(r#"{{"text":"{}"}}"#, "ü".repeat(201))), length);
    assert_eq!(app.post(&format!(r#"{{"text":" {} "}}"#, "ü".repeat(200))).0, 201);
    assert_eq!(app.post(r#"{"text":"\u000b"}"#).0, 201);
    let padded = |size| format!("{:size$}", r#"{"text":"x"}"#);
    assert_eq!(app.post(&padded(4096)).0, 201);
    assert_eq!(app.post(&padded(4097)), error(413, "body must have at most 4096 bytes"));
}

#[test]
fn bodies_in_pieces_and_broken_ones() {
    let mut app = App::new();
    let request = Request::post("/", "application/json", r#"{"text":"xyz"}"#);
    assert_eq!(app.play(request.clone().pieces(1)).code, 201);
    assert_eq!(app.play(request.clone().body_fails(Code::Truncated)).code, 400);
    assert_eq!(app.play(request.body_fails(Code::TooLarge)).code, 413);
}
