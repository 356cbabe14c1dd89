//! Greets whom the path names.

use wasgi::{Code, Environ, IntoBody, StartResponse};

wasgi::export!(app);

fn app(env: &Environ, start: StartResponse) -> Result<impl IntoBody, Code> {
    start.response("200 OK", &[("Content-Type", "text/plain; charset=utf-8")])?;
    let path = env.path_info();
    let name = path.trim_matches('/');
    Ok(format!("hello {}\n", if name.is_empty() { "world" } else { name }))
}

#[cfg(test)]
mod tests {
    use super::app;
    use wasgi::testing::Request;

    #[test]
    fn greets() {
        for (target, greeting) in [("/", "hello world\n"), ("", "hello world\n"), ("/J%C3%BCrgen", "hello Jürgen\n")] {
            let response = Request::get(target).mount("/hello").play(app);
            assert_eq!((response.code, response.text()), (200, greeting), "{response:?}");
        }
    }
}
