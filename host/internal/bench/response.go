package bench

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// maxLine bounds a line of a response, in bytes.
const maxLine = 64 << 10

var errMalformed = errors.New("malformed response")

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errMalformed, fmt.Sprintf(format, args...))
}

// responses reads HTTP/1.1 responses from one connection. It allocates nothing for a response.
type responses struct{ in *bufio.Reader }

func (r *responses) reset(in io.Reader) {
	if r.in == nil {
		r.in = bufio.NewReaderSize(in, maxLine)
		return
	}
	r.in.Reset(in)
}

// framing is what the headers say of what follows them.
type framing struct {
	length  int64 // -1 if it is not said
	chunked bool
	close   bool
}

// next reads one response to its end and returns its status. keep says that the connection can be used again. head says that the
// request was HEAD. An error is either malformed or the connection's.
func (r *responses) next(head bool) (status int, keep bool, err error) {
	for {
		if status, err = r.status(); err != nil {
			return 0, false, err
		}
		f, err := r.headers()
		switch {
		case err != nil:
			return 0, false, err
		case status == 101:
			return 0, false, malformed("the protocol is switched")
		case status < 200: // an interim one: the real one follows
			continue
		case head || status == 204 || status == 304:
			return status, !f.close, nil
		}
		closed, err := r.body(f)
		return status, !f.close && !closed, err
	}
}

// line returns the next line without its end. It is valid until the next read.
func (r *responses) line() ([]byte, error) {
	line, err := r.in.ReadSlice('\n')
	switch {
	case err == bufio.ErrBufferFull:
		return nil, malformed("a line of more than %d bytes", maxLine)
	case err == io.EOF:
		return nil, io.ErrUnexpectedEOF
	case err != nil:
		return nil, err
	}
	return bytes.TrimSuffix(line[:len(line)-1], []byte("\r")), nil
}

// status reads "HTTP/1.1 200 OK".
func (r *responses) status() (int, error) {
	line, err := r.line()
	if err != nil {
		return 0, err
	}
	const prefix = "HTTP/1.1 "
	if len(line) < len(prefix)+3 || string(line[:len(prefix)]) != prefix {
		return 0, malformed("it begins with %.40q", line)
	}
	status, err := strconv.Atoi(string(line[len(prefix) : len(prefix)+3]))
	if err != nil || status < 100 {
		return 0, malformed("status in %.40q", line)
	}
	return status, nil
}

func (r *responses) headers() (framing, error) {
	f := framing{length: -1}
	for {
		line, err := r.line()
		if err != nil || len(line) == 0 {
			return f, err
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimSpace(value)
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if f.length, err = strconv.ParseInt(string(value), 10, 62); err != nil || f.length < 0 {
				return f, malformed("Content-Length %.40q", value)
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			f.chunked = bytes.EqualFold(value, []byte("chunked"))
		case bytes.EqualFold(name, []byte("Connection")):
			f.close = bytes.EqualFold(value, []byte("close"))
		}
	}
}

// body steps over a body, and reports whether only the connection's end ended it.
func (r *responses) body(f framing) (closed bool, err error) {
	switch {
	case f.chunked:
		return false, r.chunks()
	case f.length >= 0:
		return false, r.skip(f.length)
	}
	_, err = io.Copy(io.Discard, r.in)
	return true, err
}

// chunks steps over a chunked body and its trailers.
func (r *responses) chunks() error {
	for {
		line, err := r.line()
		if err != nil {
			return err
		}
		digits, _, _ := bytes.Cut(line, []byte(";"))
		size, err := strconv.ParseInt(string(bytes.TrimSpace(digits)), 16, 62)
		if err != nil || size < 0 {
			return malformed("chunk of size %.40q", digits)
		}
		if size == 0 {
			_, err := r.headers()
			return err
		}
		if err := r.skip(size); err != nil {
			return err
		}
		if line, err := r.line(); err != nil || len(line) > 0 {
			return cmp.Or(err, malformed("a chunk is longer than its size says"))
		}
	}
}

// skip steps over n bytes.
func (r *responses) skip(n int64) error {
	for n > 0 {
		done, err := r.in.Discard(int(min(n, 1<<30)))
		n -= int64(done)
		if err == io.EOF {
			return io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
	}
	return nil
}
