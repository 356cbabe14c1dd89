package static_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wasgi/wasgi/host/internal/coding"
	"github.com/wasgi/wasgi/host/internal/static"
)

// squeezing serves a site's folder with compressors at hand.
type squeezing struct {
	*site
	pool *coding.Pool
}

// ServeHTTP implements [http.Handler].
func (s squeezing) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	file, err := s.folder.Find(r.URL.Path, r.Header["Accept-Encoding"])
	if err != nil {
		if file, err = s.folder.Missing(r.Header["Accept-Encoding"]); err != nil {
			w.WriteHeader(http.StatusTeapot)
			return
		}
	}
	outcome := file.Serve(w, r, func(time.Duration) {}, s.pool)
	if outcome.Refused {
		w.WriteHeader(outcome.Status)
	}
}

// Files that gain by it are compressed, where that is asked for and no compressed one lies beside them.
func TestCompress(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("all work and no play ", 10_000)
	s := squeezing{newSite(t, map[string]string{
		"a.txt": text, "small.txt": "small", "a.png": text, "b.txt": text, "b.txt.gz": "beside", "404.html": text,
	}), coding.NewPool(2)}
	must(t, s.folder.Close())
	var err error
	s.folder, err = static.Open(s.dir, static.Options{Compress: true})
	must(t, err)
	ask := func(method, path string, headers ...string) (int, http.Header, string) {
		w := serveWith(s, method, path, headers...)
		return w.Code, w.Header(), w.Body.String()
	}
	gunzip := func(body string) string {
		r, err := gzip.NewReader(strings.NewReader(body))
		must(t, err)
		out, err := io.ReadAll(r)
		must(t, err)
		return string(out)
	}
	_, plain, body := ask("GET", "/a.txt")
	if body != text || plain.Get("Content-Encoding") != "" || plain.Get("Vary") != "Accept-Encoding" {
		t.Errorf("not accepted: %v", plain)
	}
	for _, path := range []string{"/a.txt", "/none"} {
		status, h, body := ask("GET", path, "Accept-Encoding: gzip")
		if (status == 404) != (path == "/none") || h.Get("Content-Encoding") != "gzip" || h.Get("Content-Length") != "" || h.Get("Accept-Ranges") != "" ||
			len(body) > len(text)/10 || gunzip(body) != text {
			t.Errorf("%s: %d %v, %d bytes", path, status, h, len(body))
		}
	}
	_, h, _ := ask("GET", "/a.txt", "Accept-Encoding: gzip")
	tag := h.Get("Etag")
	if !strings.HasPrefix(tag, `W/"`) || strings.TrimPrefix(tag, "W/") == plain.Get("Etag") {
		t.Errorf("tags %s and %s", tag, plain.Get("Etag"))
	}
	if status, h, body := ask("HEAD", "/a.txt", "Accept-Encoding: gzip"); status != 200 || body != "" || h.Get("Content-Encoding") != "gzip" || h.Get("Etag") != tag {
		t.Errorf("HEAD: %d %v", status, h)
	}
	if status, h, _ := ask("GET", "/a.txt", "Accept-Encoding: gzip", "If-None-Match: "+tag); status != 304 || h.Get("Content-Encoding") != "" {
		t.Errorf("If-None-Match: %d %v", status, h)
	}
	if status, _, body := ask("GET", "/a.txt", "Accept-Encoding: gzip", "Range: bytes=0-2"); status != 206 || body != "all" {
		t.Errorf("a range: %d %q", status, body)
	}
	if status, _, body := ask("GET", "/a.txt", "Accept-Encoding: gzip", "Range: bytes=0-2", "If-Range: "+tag); status != 200 || body != text {
		t.Errorf("a range of what was compressed: %d, %d bytes", status, len(body))
	}
	for path, want := range map[string]string{"/small.txt": "small", "/a.png": text, "/b.txt": "beside"} {
		if _, _, body := ask("GET", path, "Accept-Encoding: gzip"); body != want {
			t.Errorf("%s: %.20q", path, body)
		}
	}
	held := []*coding.Compressor{s.pool.Take(io.Discard), s.pool.Take(io.Discard)}
	if _, h, body := ask("GET", "/a.txt", "Accept-Encoding: gzip"); body != text || h.Get("Content-Encoding") != "" || h.Get("Etag") != plain.Get("Etag") {
		t.Errorf("with all compressors lent: %v", h)
	}
	for _, c := range held {
		c.GiveUp()
	}
	if s.pool.Lent() != 0 {
		t.Errorf("%d compressors lent at the end", s.pool.Lent())
	}
	must(t, os.WriteFile(filepath.Join(s.dir, "c.txt"), bytes.Repeat([]byte("x"), 1023), 0o600))
	if _, h, _ := ask("GET", "/c.txt", "Accept-Encoding: gzip"); h.Get("Content-Encoding") != "" {
		t.Error("less than 1 KiB is compressed")
	}
}
