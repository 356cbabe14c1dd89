package main

import (
	_ "embed"

	"github.com/wasgi/wasgi/guest-sdk/go/wasgi"
)

// page is the whole client: markup, style and script. It builds what it shows from text alone, never from markup.
//
//go:embed page.html
var page string

// scriptHash and styleHash are the page's own: nothing else runs, should an escape ever be missing.
const (
	scriptHash = "sha256-FmMwXfTJfgAqhkUiXKHBKQe/oWqC64qaM+3oz0VliEc="
	styleHash  = "sha256-T0A3CAt9NASPd6NMTeTvFLAEIKQAkJc5JIj/qNfAuMw="
)

const policy = "default-src 'none'; script-src '" + scriptHash + "'; style-src '" + styleHash + "'; connect-src 'self'; img-src data:; " +
	"form-action 'none'; frame-ancestors 'none'; base-uri 'none'"

func serve(env wasgi.Environ, start wasgi.StartResponse) wasgi.Body {
	plain := wasgi.Header{Name: "Content-Type", Value: "text/plain; charset=utf-8"}
	if path := env.Get("PATH_INFO"); path != "" && path != "/" {
		start("404 Not Found", []wasgi.Header{plain})
		return wasgi.Text("there is one page, and it is not here\n")
	}
	if method := env.Get("REQUEST_METHOD"); method != "GET" && method != "HEAD" {
		start("405 Method Not Allowed", []wasgi.Header{{Name: "Allow", Value: "GET, HEAD"}, plain})
		return wasgi.Text("chat answers GET and HEAD\n")
	}
	start("200 OK", []wasgi.Header{
		{Name: "Content-Type", Value: "text/html; charset=utf-8"},
		{Name: "Content-Security-Policy", Value: policy},
		{Name: "Cache-Control", Value: "no-cache"},
	})
	return wasgi.Text(page)
}
