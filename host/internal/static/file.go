package static

import (
	"io"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/wasgi/wasgi/host/internal/coding"
)

// File is what answers one request: an open file, or the word that it lies behind a slash.
type File struct {
	file        *os.File
	info        fs.FileInfo
	contentType string
	coding      string // of the file's bytes; "" for none
	vary        bool   // another client may get another coding
	redirect    bool
	missing     bool // it says that nothing answers
	options     Options
	accept      []string // what the client said of codings
}

// Outcome says how a request was answered.
type Outcome struct {
	Status int
	// Refused says that nothing was sent yet: a page that tells of the status is left to the caller, and only headers are set that
	// belong to it.
	Refused bool
	// Sent is how many bytes of the body were.
	Sent int64
	// Cut says that the body is shorter than was declared, because the file has become so.
	Cut bool
}

// Serve answers a GET or HEAD and closes the file. Conditions and ranges are honoured. extend is called before each piece of the
// body, with the time that the client may take for it. compressors lends what a file is compressed with; nil lends none.
func (a *File) Serve(w http.ResponseWriter, r *http.Request, extend func(time.Duration), compressors *coding.Pool) Outcome {
	header := w.Header()
	switch {
	case a.missing:
		header["Cache-Control"] = []string{"no-cache"} // it may be there tomorrow
	case a.options.CacheControl != "":
		header["Cache-Control"] = []string{a.options.CacheControl}
	}
	if a.redirect {
		header["Location"] = []string{behindSlash(r)}
		header["Content-Length"] = []string{"0"}
		w.WriteHeader(http.StatusPermanentRedirect)
		return Outcome{Status: http.StatusPermanentRedirect}
	}
	defer a.file.Close()
	header["Content-Type"] = []string{a.contentType}
	header["X-Content-Type-Options"] = []string{"nosniff"}
	if a.vary {
		header["Vary"] = []string{"Accept-Encoding"}
	}
	c := &courier{ResponseWriter: w, file: a, extend: extend}
	defer c.end()
	tag := tagOf(a.info, a.coding, time.Now())
	if a.compresses(r) && c.compress(compressors) {
		a.coding, tag = coding.Gzip, weak(tagOf(a.info, "compressed", time.Now()))
	}
	if a.coding != "" {
		header["Content-Encoding"] = []string{a.coding}
	}
	if a.missing {
		c.WriteHeader(http.StatusNotFound)
		if r.Method != http.MethodHead {
			_, _ = c.ReadFrom(&io.LimitedReader{R: a.file, N: a.info.Size()}) // what went wrong is in the outcome
		}
		return c.outcome(r)
	}
	header["Etag"] = []string{tag}
	http.ServeContent(c, ranged(r), "", a.info.ModTime(), &content{a.file, a.info.Size()})
	return c.outcome(r)
}

// compresses reports whether the file is to be compressed while it is sent. A range is one of the bytes that lie in the file.
func (a *File) compresses(r *http.Request) bool {
	return a.options.Compress && a.vary && a.coding == "" && a.info.Size() >= coding.MinSize && len(r.Header["Range"]) == 0 &&
		coding.Choose(a.accept, coding.Gzip) != ""
}

// Close gives up a file that is not to be served.
func (a *File) Close() {
	if a.file != nil {
		a.file.Close()
	}
}

// behindSlash is the place of a folder's index, relative to the folder's name, so that a proxy may have put something before it.
func behindSlash(r *http.Request) string {
	path := r.URL.EscapedPath()
	place := "./" + path[strings.LastIndexByte(path, '/')+1:] + "/"
	if r.URL.RawQuery != "" {
		place += "?" + r.URL.RawQuery
	}
	return place
}

// maxRanges is how many parts of a file one request may ask for; of one that asks for more, and of a unit other than bytes, no
// range is honoured, as RFC 9110 allows.
const maxRanges = 16

// ranged returns the request, without its range where that is not to be honoured.
func ranged(r *http.Request) *http.Request {
	values := r.Header["Range"]
	if len(values) == 0 {
		return r
	}
	unit, _, _ := strings.Cut(values[0], "=")
	if len(values) == 1 && r.Method == http.MethodGet && strings.EqualFold(strings.TrimSpace(unit), "bytes") &&
		strings.Count(values[0], ",") < maxRanges {
		return r
	}
	plain := *r
	plain.Header = r.Header.Clone()
	delete(plain.Header, "Range")
	return &plain
}
