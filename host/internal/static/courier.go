package static

import (
	"io"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/wasgi/wasgi/host/internal/coding"
)

// piece is how much is handed over at once, in bytes: a slow client makes progress by taking one in time.
const piece = 64 << 10

// courier is the writer that a file goes through. It keeps the way open on which the kernel copies a file to a connection
// (sendfile), in pieces, and keeps back what net/http would say of a refusal.
type courier struct {
	http.ResponseWriter
	file   *File
	extend func(time.Duration)
	status int
	sent   int64
	short  bool // the file has ended before what was asked of it

	compressor *coding.Compressor // nil for bytes that are sent as they are
}

// compress makes the courier one that compresses, and reports whether there is a compressor for it.
func (c *courier) compress(compressors *coding.Pool) bool {
	if compressors != nil {
		c.compressor = compressors.Take(sink{c})
	}
	return c.compressor != nil
}

// end gives back what was lent.
func (c *courier) end() {
	if c.compressor != nil {
		c.compressor.GiveUp()
	}
}

// WriteHeader implements [http.ResponseWriter].
func (c *courier) WriteHeader(status int) {
	c.status = status
	if c.refused() {
		return
	}
	header := c.Header()
	switch {
	case c.compressor != nil:
		delete(header, "Accept-Ranges")
	case status == http.StatusOK && c.file.coding != "" || c.file.missing:
		header["Content-Length"] = []string{strconv.FormatInt(c.file.info.Size(), 10)}
	}
	c.extend(c.file.options.WriteTimeout)
	c.ResponseWriter.WriteHeader(status)
}

// refused reports whether the caller has to answer.
func (c *courier) refused() bool { return c.status >= http.StatusBadRequest && !c.file.missing }

// Write implements [io.Writer]. Pieces of several ranges come this way.
func (c *courier) Write(p []byte) (int, error) {
	if c.refused() {
		return len(p), nil
	}
	return sink{c}.Write(p)
}

// sink is the courier for bytes that go out as they are.
type sink struct{ *courier }

// Write implements [io.Writer].
func (s sink) Write(p []byte) (int, error) {
	s.extend(s.file.options.WriteTimeout)
	n, err := s.ResponseWriter.Write(p)
	s.sent += int64(n)
	return n, err
}

// ReadFrom implements [io.ReaderFrom]. It takes apart what [io.CopyN] makes of a file's content, for the kernel copies a limited file
// and nothing else.
func (c *courier) ReadFrom(src io.Reader) (int64, error) {
	limited, ok := src.(*io.LimitedReader)
	if !ok {
		return io.Copy(struct{ io.Writer }{c}, src)
	}
	from := limited.R
	if whole, ok := from.(*content); ok {
		from = whole.File
	}
	if c.compressor != nil {
		return c.squeeze(io.LimitReader(from, limited.N), limited.N)
	}
	var total int64
	for total < limited.N {
		c.extend(c.file.options.WriteTimeout)
		want := min(limited.N-total, piece)
		n, err := io.Copy(c.ResponseWriter, &io.LimitedReader{R: from, N: want})
		total += n
		c.sent += n
		if err != nil {
			return total, err
		}
		if n < want {
			c.short = true
			return total, io.ErrUnexpectedEOF
		}
	}
	return total, nil
}

// squeeze sends a file's content through the compressor.
func (c *courier) squeeze(src io.Reader, size int64) (int64, error) {
	n, err := io.Copy(c.compressor, src)
	if c.short = err == nil && n < size; c.short {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return n, err
	}
	return n, c.compressor.Close()
}

// content is a file as long as it was when it was opened: its length has been told by then, and must not be exceeded.
type content struct {
	*os.File
	size int64
}

// Seek implements [io.Seeker].
func (c *content) Seek(offset int64, whence int) (int64, error) {
	if whence == io.SeekEnd {
		offset, whence = c.size+offset, io.SeekStart
	}
	return c.File.Seek(offset, whence)
}

// outcome says how it went.
func (c *courier) outcome(r *http.Request) Outcome {
	if c.refused() {
		header := c.Header()
		for _, name := range []string{"Cache-Control", "Content-Encoding", "Content-Type", "Etag", "Last-Modified", "Accept-Ranges"} {
			header.Del(name)
		}
	}
	return Outcome{Status: c.status, Refused: c.refused(), Sent: c.sent, Cut: c.short && r.Method != http.MethodHead}
}

// Unwrap is for [http.ResponseController].
func (c *courier) Unwrap() http.ResponseWriter { return c.ResponseWriter }
