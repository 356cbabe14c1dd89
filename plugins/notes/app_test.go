package main

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/wasgi/wasgi/guest-sdk/go/wasgi"
	"github.com/wasgi/wasgi/guest-sdk/go/wasgi/wasgitest"
	"github.com/wasgi/wasgi/guest-sdk/go/wasgihttp"
)

// client talks to one app, as a browser does to the one instance.
type client struct {
	t   *testing.T
	app wasgi.Application
}

func newClient(t *testing.T) client {
	return client{t, wasgihttp.Application(newApp(new(store)))}
}

func (c client) do(request wasgitest.Request) *wasgitest.Response {
	c.t.Helper()
	request.Mount = "/notes"
	got := wasgitest.Call(c.app, request)
	if got.Fault != nil || got.Errors != "" {
		c.t.Errorf("%s %s: fault %v, log %q", request.Method, request.Path, got.Fault, got.Errors)
	}
	return got
}

func (c client) get(path string) *wasgitest.Response {
	c.t.Helper()
	return c.do(wasgitest.Request{Path: path})
}

func (c client) post(path, text string) *wasgitest.Response {
	c.t.Helper()
	return c.do(wasgitest.Request{
		Method: "POST", Path: path, Body: strings.NewReader(url.Values{"text": {text}}.Encode()),
		Headers: []wasgi.Header{{Name: "Content-Type", Value: "application/x-www-form-urlencoded"}},
	})
}

func TestAddShowDelete(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	if got := c.get(""); got.Code != 200 || !strings.Contains(string(got.Body), "No notes yet.") {
		t.Errorf("empty: %s\n%s", got.Status, got.Body)
	}
	for _, text := range []string{"first", " second\r\nline "} {
		if got := c.post("/", text); got.Status != "303 See Other" || got.Header("Location") != "/notes/" {
			t.Fatalf("add %q: %s, Location %q", text, got.Status, got.Header("Location"))
		}
	}
	page := string(c.get("/").Body)
	second, first := strings.Index(page, `<p class="text">second`+"\nline</p>"), strings.Index(page, `<p class="text">first</p>`)
	if second < 0 || first < second || !strings.Contains(page, "2 notes,") {
		t.Errorf("the newest is not first, or one is missing:\n%s", page)
	}
	for _, link := range []string{`href="/notes/style.css"`, `action="/notes/"`, `action="/notes/delete/1"`} {
		if !strings.Contains(page, link) {
			t.Errorf("%s is missing", link)
		}
	}
	if got := c.post("/delete/1", ""); got.Status != "303 See Other" || got.Header("Location") != "/notes/" {
		t.Errorf("delete: %s, Location %q", got.Status, got.Header("Location"))
	}
	page = string(c.get("/").Body)
	if strings.Contains(page, "first") || !strings.Contains(page, "second") || !strings.Contains(page, "1 note,") {
		t.Errorf("after the deletion:\n%s", page)
	}
}

func TestValidation(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	long := strings.Repeat("ä", maxNote+1)
	for _, test := range []struct{ text, message, draft string }{
		{"", "Write something first.", ">\n</textarea>"},
		{" \r\n\t", "Write something first.", "</textarea>"},
		{long, "A note has at most 280 characters; this one has 281.", ">\n" + long + "</textarea>"},
		{"a\xff", "That is not valid UTF-8 text.", ">\na\xff</textarea>"},
	} {
		got := c.post("/", test.text)
		page := string(got.Body)
		if got.Status != "422 Unprocessable Entity" || !strings.Contains(page, `role="alert">`+test.message+"</p>") {
			t.Errorf("%.20q: %s\n%s", test.text, got.Status, page)
		}
		if !strings.Contains(page, test.draft) || !strings.Contains(page, `aria-invalid="true"`) {
			t.Errorf("%.20q: the form does not keep what was written:\n%s", test.text, page)
		}
	}
	if got := c.post("/", strings.Repeat("ä", maxNote)); got.Code != 303 {
		t.Errorf("a note of the full length: %s", got.Status)
	}
}

func TestFullStore(t *testing.T) {
	t.Parallel()
	var notes store
	for i := range maxNotes {
		if err := notes.add(fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	const want = "There are 100 notes already. Delete one first."
	if err := notes.add("one more"); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if err := notes.remove("50"); err != nil || len(notes.list()) != maxNotes-1 {
		t.Errorf("remove: %v, %d left", err, len(notes.list()))
	}
	for _, id := range []string{"50", "0", "x", "", "101"} {
		if err := notes.remove(id); !errors.Is(err, errNoNote) {
			t.Errorf("remove %q: %v, want %v", id, err, errNoNote)
		}
	}
	if err := notes.add("one more"); err != nil || notes.list()[0] != (note{101, "one more"}) {
		t.Errorf("add: %v, first is %v", err, notes.list()[0])
	}
}

func TestNothingOfANoteIsMarkup(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	const attack = `</textarea><script>alert("1")</script><p onclick='x'>&`
	const safe = `&lt;/textarea&gt;&lt;script&gt;alert(&#34;1&#34;)&lt;/script&gt;&lt;p onclick=&#39;x&#39;&gt;&amp;`
	c.post("/", attack)
	refused := c.post("/", attack+strings.Repeat("x", maxNote))
	for name, page := range map[string]string{"list": string(c.get("/").Body), "draft": string(refused.Body)} {
		if strings.Contains(page, "<script") || !strings.Contains(page, safe) {
			t.Errorf("%s:\n%s", name, page)
		}
	}
	const policy = "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
	if got := refused.Header("Content-Security-Policy"); got != policy {
		t.Errorf("policy %q", got)
	}
}

func TestStyleSheet(t *testing.T) {
	t.Parallel()
	got := newClient(t).get("/style.css")
	if got.Header("Content-Type") != "text/css; charset=utf-8" || !strings.Contains(string(got.Body), "light-dark(") {
		t.Errorf("%q, %d bytes", got.Header("Content-Type"), len(got.Body))
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	for _, test := range []struct {
		method, path, status, allow, body string
	}{
		{"GET", "/nowhere", "404 Not Found", "", `<a href="/notes/">Back to the notes</a>`},
		{"POST", "/delete/7", "404 Not Found", "", "<h1>Not found</h1>"},
		{"DELETE", "/", "405 Method Not Allowed", "GET, HEAD, POST", "Method Not Allowed"},
		{"POST", "/style.css", "405 Method Not Allowed", "GET, HEAD", "Method Not Allowed"},
		{"GET", "/delete/1", "404 Not Found", "", "<h1>Not found</h1>"},
	} {
		got := c.do(wasgitest.Request{Method: test.method, Path: test.path})
		if got.Status != test.status || got.Header("Allow") != test.allow || !strings.Contains(string(got.Body), test.body) {
			t.Errorf("%s %s: %s, Allow %q\n%s", test.method, test.path, got.Status, got.Header("Allow"), got.Body)
		}
	}
	foreign := c.do(wasgitest.Request{Method: "POST", Path: "/delete/1", Headers: []wasgi.Header{{Name: "Origin", Value: "https://other.example"}}})
	if foreign.Status != "403 Forbidden" {
		t.Errorf("a form of another site: %s", foreign.Status)
	}
}
