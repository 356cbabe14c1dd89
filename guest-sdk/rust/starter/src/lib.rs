use wasgi::{Code, Environ, IntoBody, StartResponse};

wasgi::export!(app);

fn app(env: &Environ, start: StartResponse) -> Result<impl IntoBody, Code> {
    if env.path_info() != "/" {
        start.response("404 Not Found", &[("Content-Type", "text/plain")])?;
        return Ok("not found\n".to_string());
    }
    start.response("200 OK", &[("Content-Type", "text/plain")])?;
    Ok(format!("hello {}\n", env.query_string()))
}

#[cfg(test)]
mod tests {
    use wasgi::testing::Request;

    #[test]
    fn says_hello() {
        let response = Request::get("/?you").play(super::app);
        assert_eq!((response.code, response.text()), (200, "hello you\n"));
    }

    #[test]
    fn knows_one_page() {
        assert_eq!(Request::get("/other").play(super::app).code, 404);
    }
}
