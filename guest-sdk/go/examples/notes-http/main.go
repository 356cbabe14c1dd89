// Command notes-http is the notes API of guest-sdk/NOTES.md as a net/http handler. The paths are told apart by hand, since a ServeMux
// answers unknown paths and methods in words of its own.
package main

import (
	"net/http"
	"strconv"

	"github.com/wasgi/wasgi/guest-sdk/go/examples/internal/notes"
	"github.com/wasgi/wasgi/guest-sdk/go/wasgihttp"
)

func init() { wasgihttp.Serve(newHandler()) }

func main() {}

// handler is the store, with a method for each path.
type handler struct{ store notes.Store }

func newHandler() http.Handler { return new(handler) }

// ServeHTTP implements http.Handler.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/" {
		h.serveAll(w, r)
		return
	}
	if id, ok := notes.ID(r.URL.Path); ok {
		h.serveOne(w, r, id)
		return
	}
	refuse(w, notes.NotFound)
}

func (h *handler) serveAll(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		answer(w, http.StatusOK, h.store.JSON())
	case http.MethodPost:
		text, problem := notes.Text(r.Header.Get("Content-Type"), r.Body)
		if problem != nil {
			refuse(w, problem)
			return
		}
		added := h.store.Add(text)
		w.Header().Set("Location", "/"+strconv.Itoa(added.ID)) // wasgihttp puts the mount before it
		answer(w, http.StatusCreated, added.JSON())
	default:
		w.Header().Set("Allow", "GET, POST")
		refuse(w, notes.NotAllowed)
	}
}

func (h *handler) serveOne(w http.ResponseWriter, r *http.Request, id int) {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		note, ok := h.store.Get(id)
		if !ok {
			refuse(w, notes.NotFound)
			return
		}
		answer(w, http.StatusOK, note.JSON())
	case http.MethodDelete:
		if !h.store.Delete(id) {
			refuse(w, notes.NotFound)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	default:
		w.Header().Set("Allow", "GET, DELETE")
		refuse(w, notes.NotAllowed)
	}
}

func answer(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body) // a client that is gone does not want it
}

func refuse(w http.ResponseWriter, p *notes.Problem) { answer(w, p.Status, p.JSON()) }
