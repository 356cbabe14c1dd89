package main

import (
	_ "embed"
	"errors"
	"io"
	"net/http"

	"github.com/wasgi/wasgi/guest-sdk/go/wasgihttp"
)

//go:embed style.css
var styleSheet string

// newApp returns the routes. The paths are those below the mount.
func newApp(notes *store) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		render(w, http.StatusOK, listPage(wasgihttp.Mount(r), notes.list(), "", nil))
	})
	mux.HandleFunc("POST /{$}", func(w http.ResponseWriter, r *http.Request) {
		text := r.PostFormValue("text")
		if err := notes.add(text); err != nil {
			render(w, http.StatusUnprocessableEntity, listPage(wasgihttp.Mount(r), notes.list(), text, err))
			return
		}
		// A reload of what follows repeats a GET, and not the form.
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
	mux.HandleFunc("POST /delete/{id}", func(w http.ResponseWriter, r *http.Request) {
		if err := notes.remove(r.PathValue("id")); errors.Is(err, errNoNote) {
			notFound(w, r)
			return
		}
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
	mux.HandleFunc("GET /style.css", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		w.Header().Set("Cache-Control", "max-age=300")
		io.WriteString(w, styleSheet)
	})
	mux.HandleFunc("GET /", notFound)
	// A form on another site must not post here.
	return http.NewCrossOriginProtection().Handler(mux)
}

func notFound(w http.ResponseWriter, r *http.Request) {
	render(w, http.StatusNotFound, notFoundPage(wasgihttp.Mount(r)))
}

// render sends a page that may load nothing but its own style sheet, should an escape ever be missing.
func render(w http.ResponseWriter, status int, page string) {
	header := w.Header()
	header.Set("Content-Type", "text/html; charset=utf-8")
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	header.Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	io.WriteString(w, page)
}
