//! A JSON API that keeps notes in memory: routes, a body that is parsed and checked, and answers in JSON. `notes.toml` has it keep
//! its memory between requests.

mod json;
mod store;

use std::io::Read;
use std::sync::Mutex;

use store::{Note, Store};
use wasgi::{Code, Environ, IntoBody, StartResponse};

wasgi::export!(app);

static STORE: Mutex<Store> = Mutex::new(Store::new());

fn app(env: &Environ, start: StartResponse) -> Result<impl IntoBody, Code> {
    let mut store = STORE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    answer(&mut store, env).send(start)
}

/// Bytes of a request's body, at most.
const MAX_BODY: u64 = 4096;

/// What a request is answered with: a status, one more header, and a body.
struct Answer {
    status: &'static str,
    header: Option<(&'static str, String)>,
    json: String,
}

impl Answer {
    fn new(status: &'static str, json: String) -> Answer {
        Answer { status, header: None, json }
    }

    fn error(status: &'static str, text: &str) -> Answer {
        Answer::new(status, format!("{{\"error\":{}}}", json::quote(text)))
    }

    fn not_found() -> Answer {
        Answer::error("404 Not Found", "not found")
    }

    fn not_allowed(methods: &str) -> Answer {
        Answer { header: Some(("Allow", methods.into())), ..Answer::error("405 Method Not Allowed", "method not allowed") }
    }

    fn send(self, start: StartResponse) -> Result<String, Code> {
        let mut headers = Vec::new();
        if !self.json.is_empty() {
            headers.push(("Content-Type", "application/json"));
        }
        if let Some((name, value)) = &self.header {
            headers.push((name, value));
        }
        start.response(self.status, &headers)?;
        Ok(self.json)
    }
}

/// Finds the route. `HEAD` is `GET` here: the host leaves the body out.
fn answer(store: &mut Store, env: &Environ) -> Answer {
    let (method, path) = (env.method(), env.path_info());
    if let "" | "/" = &*path {
        return match &*method {
            "GET" | "HEAD" => Answer::new("200 OK", list(store)),
            "POST" => create(store, env).unwrap_or_else(|refused| refused),
            _ => Answer::not_allowed("GET, POST"),
        };
    }
    match (&*method, id(&path)) {
        (_, None) => Answer::not_found(),
        ("GET" | "HEAD", Some(id)) => store.get(id).map_or_else(Answer::not_found, |note| Answer::new("200 OK", note_json(note))),
        ("DELETE", Some(id)) if store.remove(id) => Answer::new("204 No Content", String::new()),
        ("DELETE", Some(_)) => Answer::not_found(),
        _ => Answer::not_allowed("GET, DELETE"),
    }
}

/// The id in a path: 1 to 9 digits without a leading zero.
fn id(path: &str) -> Option<u32> {
    let digits = path.strip_prefix('/')?;
    let valid = (1..=9).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    digits.parse().ok().filter(|_| valid)
}

fn create(store: &mut Store, env: &Environ) -> Result<Answer, Answer> {
    let content_type = env.content_type();
    let essence = content_type.split(';').next().unwrap_or_default().trim_matches(&[' ', '\t'][..]);
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(Answer::error("415 Unsupported Media Type", "content type must be application/json"));
    }
    let text = json::text_of(&body(env)?).ok_or_else(malformed)?;
    let text = text.trim_matches(|c: char| c.is_ascii_whitespace());
    if !(1..=200).contains(&text.chars().count()) {
        return Err(Answer::error("422 Unprocessable Entity", "text must have 1 to 200 characters"));
    }
    let note = store.add(text);
    let location = format!("{}/{}", env.script_name(), note.id);
    Ok(Answer { header: Some(("Location", location)), ..Answer::new("201 Created", note_json(note)) })
}

fn malformed() -> Answer {
    Answer::error("400 Bad Request", "body must be a JSON object with a string text")
}

fn body(env: &Environ) -> Result<Vec<u8>, Answer> {
    let too_large = || Answer::error("413 Content Too Large", "body must have at most 4096 bytes");
    let mut body = Vec::new();
    match env.input().take(MAX_BODY + 1).read_to_end(&mut body) {
        Ok(read) if read as u64 <= MAX_BODY => Ok(body),
        Ok(_) => Err(too_large()),
        Err(error) if Code::of(&error) == Some(Code::TooLarge) => Err(too_large()),
        Err(_) => Err(malformed()),
    }
}

fn list(store: &Store) -> String {
    let notes: Vec<String> = store.iter().map(note_json).collect();
    format!("{{\"notes\":[{}]}}", notes.join(","))
}

fn note_json(note: &Note) -> String {
    format!("{{\"id\":{},\"text\":{}}}", note.id, json::quote(&note.text))
}

#[cfg(test)]
mod tests;
