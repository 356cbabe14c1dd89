package static_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wasgi/wasgi/host/internal/static"
)

// hang bounds every wait in these tests; none is expected to come near it.
const hang = 20 * time.Second

// site serves a folder alone: what is refused, and what no file answers, is told by the status.
type site struct {
	dir    string
	folder *static.Folder
}

func newSite(t testing.TB, files map[string]string) *site {
	t.Helper()
	s := &site{dir: filepath.Join(t.TempDir(), "public")}
	must(t, os.Mkdir(s.dir, 0o700))
	for name, content := range files {
		s.write(t, name, content)
	}
	folder, err := static.Open(s.dir, static.Options{CacheControl: "no-cache", WriteTimeout: hang})
	must(t, err)
	s.folder = folder
	t.Cleanup(func() { must(t, folder.Close()) })
	return s
}

// long ago, so that entity tags are strong.
var long = time.Date(2020, 2, 3, 4, 5, 6, 789, time.UTC)

func (s *site) write(t testing.TB, name, content string) {
	t.Helper()
	path := filepath.Join(s.dir, filepath.FromSlash(name))
	must(t, os.MkdirAll(filepath.Dir(path), 0o700))
	must(t, os.WriteFile(path, []byte(content), 0o600))
	must(t, os.Chtimes(path, long, long))
}

func (s *site) link(t testing.TB, target, name string) {
	t.Helper()
	path := filepath.Join(s.dir, filepath.FromSlash(name))
	must(t, os.MkdirAll(filepath.Dir(path), 0o700))
	if err := os.Symlink(filepath.FromSlash(target), path); err != nil {
		t.Skip(err)
	}
}

// ServeHTTP implements [http.Handler].
func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	file, err := s.folder.Find(r.URL.Path, r.Header["Accept-Encoding"])
	if err != nil {
		w.WriteHeader(http.StatusTeapot)
		return
	}
	outcome := file.Serve(w, r, func(time.Duration) {}, nil)
	switch {
	case outcome.Refused:
		w.WriteHeader(outcome.Status)
	case outcome.Cut:
		panic(http.ErrAbortHandler)
	}
}

// ask sends a GET with headers "Name: value".
func (s *site) ask(path string, headers ...string) *httptest.ResponseRecorder {
	return s.send(http.MethodGet, path, headers...)
}

func (s *site) send(method, path string, headers ...string) *httptest.ResponseRecorder {
	return serveWith(s, method, path, headers...)
}

func serveWith(h http.Handler, method, path string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "/", nil)
	r.URL.Path = path
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestHeaders(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"a.css": "p{}", "b": "b", "C.PNG": "c", "d.html": "<p>", "e.json": "{}", "f.mjs": "1", "g.gz": "g"})
	for path, contentType := range map[string]string{
		"/a.css": "text/css; charset=utf-8", "/b": "application/octet-stream", "/C.PNG": "image/png", "/d.html": "text/html; charset=utf-8",
		"/e.json": "application/json", "/f.mjs": "text/javascript; charset=utf-8", "/g.gz": "application/gzip",
	} {
		got := s.ask(path)
		h := got.Header()
		if got.Code != 200 || h.Get("Content-Type") != contentType || h.Get("X-Content-Type-Options") != "nosniff" ||
			h.Get("Cache-Control") != "no-cache" || h.Get("Last-Modified") != "Mon, 03 Feb 2020 04:05:06 GMT" ||
			h.Get("Content-Length") != strconv.Itoa(got.Body.Len()) || h.Get("Accept-Ranges") != "bytes" || h.Get("Content-Encoding") != "" {
			t.Errorf("%s: %d %v", path, got.Code, h)
		}
		if tag := h.Get("Etag"); len(tag) != 18 || tag[0] != '"' {
			t.Errorf("%s: ETag %q", path, tag)
		}
		if varies := h.Get("Vary") == "Accept-Encoding"; varies != (path != "/b" && path != "/C.PNG" && path != "/g.gz") {
			t.Errorf("%s: Vary %q", path, h.Get("Vary"))
		}
	}
}

func TestConditions(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"a.txt": "hello world"})
	tag := s.ask("/a.txt").Header().Get("Etag")
	for _, c := range []struct {
		header string
		status int
	}{
		{"If-None-Match: " + tag, 304},
		{"If-None-Match: W/" + tag, 304},
		{`If-None-Match: "x", ` + tag, 304},
		{"If-None-Match: *", 304},
		{`If-None-Match: "x"`, 200},
		{"If-Match: " + tag, 200},
		{`If-Match: "x"`, 412},
		{"If-Match: W/" + tag, 412},
		{"If-Modified-Since: Mon, 03 Feb 2020 04:05:06 GMT", 304},
		{"If-Modified-Since: Mon, 03 Feb 2020 04:05:05 GMT", 200},
		{"If-Unmodified-Since: Mon, 03 Feb 2020 04:05:05 GMT", 412},
	} {
		got := s.ask("/a.txt", c.header)
		if got.Code != c.status {
			t.Errorf("%s: %d, want %d", c.header, got.Code, c.status)
		}
		if got.Code != 200 && got.Body.Len() > 0 {
			t.Errorf("%s: body %q", c.header, got.Body)
		}
		if h := got.Header(); got.Code == 304 && (h.Get("Etag") != tag || h.Get("Cache-Control") != "no-cache" || h.Get("Content-Type") != "") {
			t.Errorf("%s: %v", c.header, h)
		}
		if h := got.Header(); got.Code == 412 && (h.Get("Etag") != "" || h.Get("Content-Type") != "") {
			t.Errorf("%s: left in the headers of a refusal: %v", c.header, h)
		}
	}
}

func TestRanges(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"a.txt": "hello world", "empty": ""})
	tag := s.ask("/a.txt").Header().Get("Etag")
	many := func(n int) string { return "Range: bytes=" + strings.TrimSuffix(strings.Repeat("0-0,", n), ",") }
	for _, c := range []struct {
		method  string
		headers []string
		status  int
		body    string
		content string // Content-Range
	}{
		{"GET", []string{"Range: bytes=0-4"}, 206, "hello", "bytes 0-4/11"},
		{"GET", []string{"Range: bytes=-5"}, 206, "world", "bytes 6-10/11"},
		{"GET", []string{"Range: bytes=6-"}, 206, "world", "bytes 6-10/11"},
		{"GET", []string{"Range: bytes=6-1000000"}, 206, "world", "bytes 6-10/11"},
		{"GET", []string{"Range: bytes=11-"}, 416, "", "bytes */11"},
		{"GET", []string{"Range: bytes=0-4", "If-Range: " + tag}, 206, "hello", "bytes 0-4/11"},
		{"GET", []string{"Range: bytes=0-4", `If-Range: "x"`}, 200, "hello world", ""},
		{"GET", []string{"Range: bytes=0-4", "If-Range: W/" + tag}, 200, "hello world", ""},
		{"GET", []string{"Range: lines=0-4"}, 200, "hello world", ""},
		{"GET", []string{"Range: bytes=0-4", "Range: bytes=5-6"}, 200, "hello world", ""},
		{"HEAD", []string{"Range: bytes=0-4"}, 200, "", ""},
		{"GET", []string{many(16)}, 200, "hello world", ""}, // more than there is
		{"GET", []string{many(17)}, 200, "hello world", ""},
		{"GET", []string{many(3000)}, 200, "hello world", ""},
	} {
		got := s.send(c.method, "/a.txt", c.headers...)
		if got.Code != c.status || got.Body.String() != c.body || got.Header().Get("Content-Range") != c.content {
			t.Errorf("%s %.80q: %d %q %q", c.method, c.headers, got.Code, got.Body, got.Header().Get("Content-Range"))
		}
	}
	if got := s.ask("/a.txt", "Range: bytes=0-1,4-5"); got.Code != 206 || !strings.HasPrefix(got.Header().Get("Content-Type"), "multipart/byteranges") ||
		!strings.Contains(got.Body.String(), "\r\nContent-Range: bytes 4-5/11\r\nContent-Type: text/plain; charset=utf-8\r\n\r\no \r\n") {
		t.Errorf("two ranges: %d %v %q", got.Code, got.Header(), got.Body)
	}
	if got := s.ask("/empty", "Range: bytes=0-"); got.Code != 200 || got.Body.Len() != 0 {
		t.Errorf("a range of nothing: %d", got.Code)
	}
}

// Files that lie beside others in a coding answer clients that take it, each with a tag of its own.
func TestCodings(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{
		"a.css": "plain", "a.css.gz": "gzipped", "a.css.br": "brotli bytes", "b.js": "plain", "b.js.gz": "gz",
		"c.png": "plain", "c.png.gz": "never", "stale.css": "newer", "stale.css.gz": "older", "only.css.gz": "alone",
		"folder.css": "plain", "folder.css.gz/x": "a folder",
	})
	newer := long.Add(time.Minute)
	must(t, os.Chtimes(filepath.Join(s.dir, "stale.css"), newer, newer))
	tags := map[string]string{}
	for _, c := range []struct{ path, accept, coding, body string }{
		{"/a.css", "", "", "plain"},
		{"/a.css", "gzip", "gzip", "gzipped"},
		{"/a.css", "br", "br", "brotli bytes"},
		{"/a.css", "gzip, deflate, br, zstd", "br", "brotli bytes"},
		{"/a.css", "br;q=0.5, gzip;q=0.8", "gzip", "gzipped"},
		{"/a.css", "br;q=0, gzip;q=0", "", "plain"},
		{"/a.css", "*", "br", "brotli bytes"},
		{"/a.css", "*;q=0", "", "plain"},
		{"/a.css", "identity, gzip;q=0.5", "", "plain"},
		{"/b.js", "br, gzip", "gzip", "gz"},
		{"/b.js", "br", "", "plain"},
		{"/c.png", "gzip", "", "plain"},
		{"/stale.css", "gzip", "", "newer"},
		{"/folder.css", "gzip", "", "plain"},
		{"/a.css.gz", "gzip", "", "gzipped"},
	} {
		got := s.ask(c.path, "Accept-Encoding: "+c.accept)
		h := got.Header()
		if got.Code != 200 || got.Body.String() != c.body || h.Get("Content-Encoding") != c.coding ||
			h.Get("Content-Length") != strconv.Itoa(len(c.body)) {
			t.Errorf("%s for %q: %d %q %v", c.path, c.accept, got.Code, got.Body, h)
		}
		if c.path == "/a.css" {
			if h.Get("Vary") != "Accept-Encoding" || h.Get("Content-Type") != "text/css; charset=utf-8" {
				t.Errorf("%s for %q: %v", c.path, c.accept, h)
			}
			if tag := h.Get("Etag"); tags[tag] != "" && tags[tag] != c.body {
				t.Errorf("one tag for %q and %q", tags[tag], c.body)
			} else {
				tags[tag] = c.body
			}
		}
	}
	if len(tags) != 3 {
		t.Errorf("tags of three representations: %v", tags)
	}
	// A range is one of the bytes that are sent.
	got := s.ask("/a.css", "Accept-Encoding: br", "Range: bytes=0-5")
	if got.Code != 206 || got.Body.String() != "brotli" || got.Header().Get("Content-Range") != "bytes 0-5/12" || got.Header().Get("Content-Encoding") != "br" {
		t.Errorf("range of a coding: %d %q %v", got.Code, got.Body, got.Header())
	}
	// The tag of another coding does not let the range of this one be put to it.
	other := s.ask("/a.css", "Accept-Encoding: gzip").Header().Get("Etag")
	if got := s.ask("/a.css", "Accept-Encoding: br", "Range: bytes=0-5", "If-Range: "+other); got.Code != 200 {
		t.Errorf("If-Range with the tag of another coding: %d", got.Code)
	}
	if got := s.ask("/a.css", "Accept-Encoding: br", "If-None-Match: "+other); got.Code != 200 {
		t.Errorf("If-None-Match with the tag of another coding: %d", got.Code)
	}
	if got := s.ask("/only.css", "Accept-Encoding: gzip"); got.Code != http.StatusTeapot {
		t.Errorf("a coding without its file: %d", got.Code)
	}
}

// A tag is weak while the file may still be written within the same tick of the clock, and another for each content.
func TestTags(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"a.txt": "one"})
	tag := func() string { return s.ask("/a.txt").Header().Get("Etag") }
	first := tag()
	if first != tag() {
		t.Error("two tags for one content")
	}
	now := time.Now()
	must(t, os.Chtimes(filepath.Join(s.dir, "a.txt"), now, now))
	if got := tag(); !strings.HasPrefix(got, `W/"`) {
		t.Errorf("tag of what was just written: %s", got)
	}
	s.write(t, "b.txt", "two") // as long, as old, and put in its place
	must(t, os.Rename(filepath.Join(s.dir, "b.txt"), filepath.Join(s.dir, "a.txt")))
	if got := tag(); got == first || got[0] != '"' {
		t.Errorf("replaced: %s after %s", got, first)
	}
}

// A request without a body is one that the kernel can answer: the connection's own ReadFrom gets the file, piece by piece, each
// with its own time.
func TestTheKernelCopies(t *testing.T) {
	t.Parallel()
	const size = 1<<20 + 17
	s := newSite(t, map[string]string{"big": strings.Repeat("x", size)})
	var extended int
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		file, err := s.folder.Find(r.URL.Path, nil)
		if err != nil {
			t.Error(err)
			return
		}
		if outcome := file.Serve(w, r, func(time.Duration) { extended++ }, nil); outcome.Sent != size || outcome.Status != 200 || outcome.Cut {
			t.Errorf("outcome %+v", outcome)
		}
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	spied := &spy{Listener: listener}
	server := httptest.NewUnstartedServer(handler)
	server.Listener = spied
	server.Start()
	defer server.Close()
	response, err := http.Get(server.URL + "/big")
	must(t, err)
	defer response.Body.Close()
	if n, err := io.Copy(io.Discard, response.Body); n != size || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
	server.Close()
	if least := int64(size - 1<<10); spied.files < least {
		t.Errorf("%d bytes were copied from a file to the connection, want %d", spied.files, least)
	}
	if extended < size>>16 {
		t.Errorf("%d pieces", extended)
	}
}

// spy is a listener whose connections count what they are handed as a file.
type spy struct {
	net.Listener
	files int64
}

func (s *spy) Accept() (net.Conn, error) {
	conn, err := s.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &spyConn{conn.(*net.TCPConn), s}, nil
}

type spyConn struct {
	*net.TCPConn
	spy *spy
}

func (c *spyConn) ReadFrom(src io.Reader) (int64, error) {
	n, err := c.TCPConn.ReadFrom(src)
	if limited, ok := src.(*io.LimitedReader); ok {
		if _, ok := limited.R.(*os.File); ok {
			c.spy.files += n
		}
	}
	return n, err
}
