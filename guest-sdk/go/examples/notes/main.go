// Command notes is the notes API of guest-sdk/NOTES.md on the bare SDK. It keeps its notes in memory, so its manifest asks for one
// instance whose state lives on between requests.
package main

import (
	"strconv"

	"github.com/wasgi/wasgi/guest-sdk/go/examples/internal/notes"
	"github.com/wasgi/wasgi/guest-sdk/go/wasgi"
)

func init() { wasgi.Handle(newApp()) }

func main() {}

// app is the store, with a method for each path.
type app struct{ store notes.Store }

func newApp() wasgi.Application { return new(app).serve }

func (a *app) serve(env wasgi.Environ, start wasgi.StartResponse) wasgi.Body {
	path := env.Get("PATH_INFO")
	if path == "" || path == "/" {
		return a.serveAll(env, start)
	}
	if id, ok := notes.ID(path); ok {
		return a.serveOne(env, start, id)
	}
	return refuse(start, notes.NotFound)
}

func (a *app) serveAll(env wasgi.Environ, start wasgi.StartResponse) wasgi.Body {
	switch env.Get("REQUEST_METHOD") {
	case "GET", "HEAD":
		return answer(start, "200 OK", a.store.JSON())
	case "POST":
		text, problem := notes.Text(env.Get("CONTENT_TYPE"), env.Input())
		if problem != nil {
			return refuse(start, problem)
		}
		added := a.store.Add(text)
		location := env.Get("SCRIPT_NAME") + "/" + strconv.Itoa(added.ID)
		return answer(start, "201 Created", added.JSON(), wasgi.Header{Name: "Location", Value: location})
	}
	return refuse(start, notes.NotAllowed, wasgi.Header{Name: "Allow", Value: "GET, POST"})
}

func (a *app) serveOne(env wasgi.Environ, start wasgi.StartResponse, id int) wasgi.Body {
	switch env.Get("REQUEST_METHOD") {
	case "GET", "HEAD":
		if note, ok := a.store.Get(id); ok {
			return answer(start, "200 OK", note.JSON())
		}
		return refuse(start, notes.NotFound)
	case "DELETE":
		if !a.store.Delete(id) {
			return refuse(start, notes.NotFound)
		}
		start("204 No Content", nil)
		return nil
	}
	return refuse(start, notes.NotAllowed, wasgi.Header{Name: "Allow", Value: "GET, DELETE"})
}

func answer(start wasgi.StartResponse, status string, body []byte, headers ...wasgi.Header) wasgi.Body {
	start(status, append(headers, wasgi.Header{Name: "Content-Type", Value: "application/json"}))
	return wasgi.Bytes(body)
}

// refuse gives no reason phrase: the host has its own for each status.
func refuse(start wasgi.StartResponse, p *notes.Problem, headers ...wasgi.Header) wasgi.Body {
	return answer(start, strconv.Itoa(p.Status)+" ", p.JSON(), headers...)
}
