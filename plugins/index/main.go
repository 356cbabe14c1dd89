// Command index is the page at the root: it lists the other samples.
package main

import (
	_ "embed"

	"github.com/wasgi/wasgi/guest-sdk/go/wasgi"
)

func init() { wasgi.Handle(index) }

func main() {}

//go:embed style.css
var styleSheet string

// sample is an app beside this one. Name is its folder and its mount.
type sample struct{ name, text string }

func samples() []sample {
	return []sample{
		{"hello", "The shortest app: one status, one header, one body."},
		{"echo", "What an app sees of a request, as JSON; a posted body comes back byte for byte."},
		{"clock", "The time as server-sent events, one a second, for as long as you watch."},
		{"notes", "A small web application on net/http: list, form, validation, style sheet."},
		{"chat", "Rooms to talk in, over WebSockets that live on while the app is replaced."},
		{"plain", "A program without an SDK: it prints a CGI response and ends."},
		{"mischief", "Traps, spins, eats memory and breaks the rules, to show that the host stands."},
	}
}

// index is mounted at the root, so it also gets every path that no other app answers.
func index(env wasgi.Environ, start wasgi.StartResponse) wasgi.Body {
	headers := []wasgi.Header{
		{Name: "Content-Type", Value: "text/html; charset=utf-8"},
		{Name: "Content-Security-Policy", Value: "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'"},
	}
	if path := env.Get("PATH_INFO"); path != "" && path != "/" {
		start("404 Not Found", headers)
		return wasgi.Text(notFoundPage(env.Get("SCRIPT_NAME")))
	}
	if method := env.Get("REQUEST_METHOD"); method != "GET" && method != "HEAD" {
		start("405 Method Not Allowed", append(headers, wasgi.Header{Name: "Allow", Value: "GET, HEAD"}))
		return wasgi.Text(page(env.Get("SCRIPT_NAME"), "Method not allowed", "<p>This page answers GET and HEAD.</p>\n"))
	}
	start("200 OK", headers)
	return wasgi.Text(listPage(env.Get("SCRIPT_NAME")))
}
