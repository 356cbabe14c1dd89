package notestest

import "strings"

func (c *client) emptyStore() {
	for _, path := range []string{"", "/", "?x=/1", "/?"} {
		c.expect(get(path), ok(`{"notes":[]}`))
	}
	c.expect(get("/1"), failure(404, notFound))
	c.expect(request{method: "DELETE", path: "/1"}, failure(404, notFound))
}

// paths: what is no id is no path, whatever the method is.
func (c *client) paths() {
	for _, path := range []string{
		"//", "/0", "/01", "/00", "/-1", "/+1", "/1/", "/1/2", "//1", "/1.", "/1.0", "/1e0", "/0x1", "/1%20", "/%201",
		"/1%2f", "/a", "/1a", "/a1", "/notes", "/1234567890", "/12345678901234567890", "/4294967297", "/18446744073709551617",
		"/%D9%A1", "/%EF%BC%91", "/%ff", "/" + strings.Repeat("1", 2000),
	} {
		for _, method := range []string{"GET", "POST", "DELETE", "PUT"} {
			c.expect(request{method: method, path: path}, failure(404, notFound))
		}
		c.expect(request{method: "HEAD", path: path}, head(failure(404, notFound)))
	}
	for _, path := range []string{"/1", "/9", "/999999999", "/123456789?1"} {
		c.expect(get(path), failure(404, notFound))
		c.expect(request{method: "HEAD", path: path}, head(failure(404, notFound)))
	}
}

// methods: a path is known by its form, so that a method is refused for a note that does not exist.
func (c *client) methods() {
	for _, method := range []string{"PUT", "PATCH", "OPTIONS", "DELETE", "get", "Post", "PROPFIND"} {
		for _, path := range []string{"", "/", "/?x"} {
			c.expect(request{method: method, path: path}, refused("GET, POST"))
		}
	}
	for _, method := range []string{"PUT", "PATCH", "OPTIONS", "POST", "delete", "PROPFIND"} {
		for _, path := range []string{"/1", "/999999999"} {
			c.expect(request{method: method, path: path}, refused("GET, DELETE"))
		}
	}
	// The path and the method are looked at before the body.
	c.expect(request{method: "PUT", path: "/", contentType: "text/plain", body: "{"}, refused("GET, POST"))
	c.expect(request{method: "POST", path: "/x", contentType: "application/json", body: `{"text":"a"}`}, failure(404, notFound))
	c.expect(request{method: "HEAD", path: "/"}, head(ok("")))
	c.expect(request{method: "HEAD", path: ""}, head(ok("")))
	c.expect(request{method: "GET", path: "/", contentType: "text/plain", body: "what a GET carries is not read"}, ok(c.model.list()))
}

func (c *client) contentTypes() {
	const body = `{"text":"a"}`
	for _, accepted := range []string{
		"application/json", "APPLICATION/JSON", "Application/Json", "application/json;charset=utf-8", "application/json; charset=UTF-8",
		"application/json ; a=b; c=d", "application/json;", "application/json\t;x",
	} {
		c.adds(request{method: "POST", path: "/", contentType: accepted, body: body}, "a")
	}
	for _, other := range []string{
		"", "text/plain", "application/jsonp", "application/json5", "application/jso", "application/problem+json", "application", "json",
		"application/json, text/plain", "application/json text", "application /json", "application/x-www-form-urlencoded", ";application/json",
		"text/json", "*/*",
	} {
		c.expect(request{method: "POST", path: "/", contentType: other, body: body}, failure(415, notJSON))
	}
	// The type is looked at before the size and the text.
	c.expect(request{method: "POST", path: "/", contentType: "text/plain", body: strings.Repeat("x", 5000)}, failure(415, notJSON))
	c.expect(request{method: "POST", path: "/"}, failure(415, notJSON))
}
