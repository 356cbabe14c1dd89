package wasgihttp_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/wasgi/wasgi/guest-sdk/go/wasgi"
	"github.com/wasgi/wasgi/guest-sdk/go/wasgi/wasgitest"
	"github.com/wasgi/wasgi/guest-sdk/go/wasgihttp"
)

// ordinary is a net/http application that knows nothing of wasgi.
func ordinary() http.Handler {
	mux := http.NewServeMux()
	files := fstest.MapFS{
		"static/app.css":         {Data: []byte("body {}")},
		"static/docs/index.html": {Data: []byte("<!doctype html>docs")},
		"static/big.bin":         {Data: bytes.Repeat([]byte{0, 1, 2, 3}, 25_000)},
	}
	mux.Handle("GET /static/", http.FileServerFS(files))
	mux.HandleFunc("GET /hello/{name}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "hello %s", r.PathValue("name"))
	})
	mux.HandleFunc("POST /json", func(w http.ResponseWriter, r *http.Request) {
		var in struct{ A int }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(map[string]int{"twice": 2 * in.A})
	})
	mux.HandleFunc("POST /upload", func(w http.ResponseWriter, r *http.Request) {
		file, header, err := r.FormFile("file")
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		n, _ := io.Copy(io.Discard, file)
		fmt.Fprintf(w, "%s %d %s", header.Filename, n, r.FormValue("note"))
	})
	mux.HandleFunc("POST /limited", func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 3)); err != nil {
			http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		}
	})
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "user", Value: r.PostFormValue("user"), Path: "/"})
		http.Redirect(w, r, "/hello/you", http.StatusSeeOther)
	})
	return mux
}

func TestOrdinaryApplication(t *testing.T) {
	t.Parallel()
	var form bytes.Buffer
	parts := multipart.NewWriter(&form)
	file, err := parts.CreateFormFile("file", "a.bin")
	if err != nil {
		t.Fatal(err)
	}
	file.Write(make([]byte, 100<<10))
	parts.WriteField("note", "x")
	parts.Close()
	header := func(name, value string) []wasgi.Header { return []wasgi.Header{{Name: name, Value: value}} }
	formType := header("Content-Type", "application/x-www-form-urlencoded")

	for _, test := range []struct {
		request wasgitest.Request
		status  string
		header  wasgi.Header
		body    string
	}{
		{wasgitest.Request{Path: "/hello/a%2Fb"}, "200 OK", wasgi.Header{Name: "Content-Length", Value: "9"}, "hello a/b"},
		{wasgitest.Request{Path: "/nowhere"}, "404 Not Found", wasgi.Header{Name: "X-Content-Type-Options", Value: "nosniff"}, "404 page not found\n"},
		{wasgitest.Request{Path: "/json"}, "405 Method Not Allowed", wasgi.Header{Name: "Allow", Value: "POST"}, "Method Not Allowed\n"},
		{wasgitest.Request{Method: "POST", Path: "/json", Body: strings.NewReader(`{"A": 21}`)}, "200 OK",
			wasgi.Header{Name: "Content-Type", Value: "application/json"}, "{\"twice\":42}\n"},
		{wasgitest.Request{Method: "POST", Path: "/upload", Headers: header("Content-Type", parts.FormDataContentType()), Body: &form}, "200 OK",
			wasgi.Header{}, "a.bin 102400 x"},
		{wasgitest.Request{Method: "POST", Path: "/limited", Body: strings.NewReader("four")}, "413 Request Entity Too Large",
			wasgi.Header{}, "http: request body too large\n"},
		{wasgitest.Request{Method: "POST", Path: "/login", Headers: formType, Body: strings.NewReader("user=me")}, "303 See Other",
			wasgi.Header{Name: "Location", Value: "/app/hello/you"}, ""},
		{wasgitest.Request{Method: "POST", Path: "/login", Headers: formType, Body: strings.NewReader("user=me")}, "303 See Other",
			wasgi.Header{Name: "Set-Cookie", Value: "user=me; Path=/"}, ""},
		{wasgitest.Request{Path: "/static/app.css"}, "200 OK", wasgi.Header{Name: "Content-Type", Value: "text/css; charset=utf-8"}, "body {}"},
		{wasgitest.Request{Path: "/static/docs"}, "301 Moved Permanently", wasgi.Header{Name: "Location", Value: "docs/"}, ""},
		{wasgitest.Request{Path: "/static/docs/"}, "200 OK", wasgi.Header{}, "<!doctype html>docs"},
		{wasgitest.Request{Path: "/static/app.css", Headers: header("Range", "bytes=0-3")}, "206 Partial Content",
			wasgi.Header{Name: "Content-Range", Value: "bytes 0-3/7"}, "body"},
		{wasgitest.Request{Method: "HEAD", Path: "/static/big.bin"}, "200 OK", wasgi.Header{Name: "Content-Length", Value: "100000"}, ""},
	} {
		test.request.Mount = "/app"
		got := wasgitest.Call(wasgihttp.Application(ordinary()), test.request)
		name := test.request.Method + " " + test.request.Path
		if got.Status != test.status || string(got.Body) != test.body || got.Fault != nil {
			t.Errorf("%s: %q %q, fault %v", name, got.Status, got.Body, got.Fault)
		}
		if value := got.Header(test.header.Name); value != test.header.Value {
			t.Errorf("%s: %s: %q, want %q", name, test.header.Name, value, test.header.Value)
		}
	}
}

func TestFileServerStreamsLargeFiles(t *testing.T) {
	t.Parallel()
	got := wasgitest.Call(wasgihttp.Application(ordinary()), wasgitest.Request{Path: "/static/big.bin"})
	if got.Header("Content-Length") != "100000" || len(got.Body) != 100_000 || len(got.Blocks) != 3 || got.Fault != nil {
		t.Errorf("%q, %d bytes in %d blocks, fault %v", head(got), len(got.Body), len(got.Blocks), got.Fault)
	}
}

// serveOnce, since a process holds one application as a module does.
var serveOnce = sync.OnceFunc(func() { wasgihttp.Serve(http.NotFoundHandler()) })

func TestServeHandsOverTheApplication(t *testing.T) {
	t.Parallel()
	serveOnce()
	defer func() {
		if got, want := recover(), "wasgi: Handle: called twice: a module holds one application"; got != want {
			t.Errorf("panic %v, want %s", got, want)
		}
	}()
	wasgihttp.Serve(http.NotFoundHandler())
}
