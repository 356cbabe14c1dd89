// Command mischief breaks one rule a path, to show that the host stands and what the client and the log get to see.
package main

import "github.com/wasgi/wasgi/guest-sdk/go/wasgi"

func init() { wasgi.Handle(mischief) }

func main() {}

// deed is one way to misbehave.
type deed struct {
	path string
	// client is what the client sees, from the status on.
	client string
	do     wasgi.Application
}

func deeds() []deed {
	return []deed{
		{"/trap", "500: a load far outside memory", trap},
		{"/panic", "500: a Go panic, whose text is in the log", panics},
		{"/exit", "500: the guest calls exit", exit},
		{"/spin", "504 after the timeout: an endless loop", spin},
		{"/sleep", "504 after the timeout: a sleep of an hour", sleep},
		{"/recurse", "500: recursion without end", recurse},
		{"/memory", "500: more memory than the app may have", memory},
		{"/pointer", "500: a returned body that lies outside memory", pointer},
		{"/silent", "500: a body without start_response", silent},
		{"/twice", "500: start_response twice; the second is refused and the app panics over it", twice},
		{"/status", "500: a status that is none is refused", status},
		{"/header", "500: a header with a line break is refused", header},
		{"/connection", "500: a header that is the host's to set is refused", connection},
		{"/headers", "500: 2000 headers are refused", headers},
		{"/overrun", "200 and the 5 bytes that were declared; the write of more is refused", overrun},
		{"/overrun-body", "500: a returned body of more bytes than declared", overrunBody},
		{"/short", "500: a returned body of fewer bytes than declared", short},
		{"/late", "200, then a cut connection: a panic in the middle of the body", late},
		{"/change", "200, then a cut connection: start_response with exc_info in the middle of the body", change},
		{"/log", "200: 10,000 lines for the log, with bytes that mean something to a terminal; it takes 1,000 a second", flood},
	}
}

func mischief(env wasgi.Environ, start wasgi.StartResponse) wasgi.Body {
	path := env.Get("PATH_INFO")
	if path == "" || path == "/" {
		start("200 OK", plain())
		return wasgi.Text(list(env.Get("SCRIPT_NAME")))
	}
	for _, d := range deeds() {
		if d.path == path {
			return d.do(env, start)
		}
	}
	start("404 Not Found", plain())
	return wasgi.Text("no such mischief\n")
}

func list(mount string) string {
	text := "Each path misbehaves in one way. What the client should see:\n\n"
	for _, d := range deeds() {
		text += mount + d.path + "\n    " + d.client + "\n"
	}
	return text
}

func plain() []wasgi.Header {
	return []wasgi.Header{{Name: "Content-Type", Value: "text/plain; charset=utf-8"}}
}
