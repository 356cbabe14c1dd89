// Command echo gives back what it gets: the request's variables as JSON, or the request's body byte for byte.
package main

import "github.com/wasgi/wasgi/guest-sdk/go/wasgi"

func init() { wasgi.Handle(echo) }

func main() {}

func echo(env wasgi.Environ, start wasgi.StartResponse) wasgi.Body {
	switch env.Get("REQUEST_METHOD") {
	case "GET", "HEAD":
		start("200 OK", []wasgi.Header{{Name: "Content-Type", Value: "application/json"}})
		return wasgi.Bytes(appendObject(nil, env.All()))
	case "POST", "PUT", "PATCH":
		return echoBody(env, start)
	}
	start("405 Method Not Allowed", []wasgi.Header{
		{Name: "Allow", Value: "GET, HEAD, POST, PUT, PATCH"},
		{Name: "Content-Type", Value: "text/plain; charset=utf-8"},
	})
	return wasgi.Text("echo answers GET, HEAD, POST, PUT and PATCH\n")
}

// echoBody streams: the first bytes go back before the last have come, and memory stays flat whatever the size.
func echoBody(env wasgi.Environ, start wasgi.StartResponse) wasgi.Body {
	contentType, ok := env.Lookup("CONTENT_TYPE")
	if !ok {
		contentType = "application/octet-stream"
	}
	headers := []wasgi.Header{
		{Name: "Content-Type", Value: contentType},
		// A page that a stranger posts here must not run as one of this site's.
		{Name: "Content-Security-Policy", Value: "sandbox"},
		{Name: "X-Content-Type-Options", Value: "nosniff"},
	}
	if length, ok := env.Lookup("CONTENT_LENGTH"); ok {
		headers = append(headers, wasgi.Header{Name: "Content-Length", Value: length})
	}
	start("200 OK", headers)
	return wasgi.Reader(env.Input())
}
