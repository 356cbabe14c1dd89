package wasgi

import (
	"io"
	"iter"
)

// streamBlock is how many bytes [Reader] asks its reader for at once.
const streamBlock = 32 << 10

// Body is what an application returns. [Bytes] and [Text] are sent whole, with a Content-Length if the application gave
// none; every other one is streamed.
type Body interface {
	// Blocks yields the body block by block. A block is valid until the next is asked for; empty ones send nothing. An error
	// is the last that is yielded: the client gets a 500, or a cut connection if the headers were out, and the log the error.
	// The sequence is ranged over once at most, and stopped early when the client is gone or the request's method is HEAD.
	Blocks() iter.Seq2[[]byte, error]
}

// Bytes is a body that is there in one piece. The slice is not copied.
func Bytes(b []byte) Body { return whole(b) }

// Text is a body that is there in one piece.
func Text(s string) Body { return whole(s) }

// Stream sends each block as blocks yields it, and stops when the client is gone. A stream that fails half way panics, or
// returns a [Body] of its own, whose Blocks can yield an error.
func Stream(blocks iter.Seq[[]byte]) Body { return stream(blocks) }

// Reader sends what r reads, as it reads it. r is closed at the end, whatever the end is, if it is an [io.Closer].
func Reader(r io.Reader) Body { return reader{r} }

type whole []byte

func (b whole) Blocks() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) { yield(b, nil) }
}

type stream iter.Seq[[]byte]

func (s stream) Blocks() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for block := range s {
			if !yield(block, nil) {
				return
			}
		}
	}
}

type reader struct{ r io.Reader }

func (b reader) Blocks() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		if closer, ok := b.r.(io.Closer); ok {
			// All bytes are read or unwanted by then: what Close says can no longer change the response.
			defer closer.Close()
		}
		buf := make([]byte, streamBlock)
		for {
			n, err := b.r.Read(buf)
			if n > 0 && !yield(buf[:n], nil) {
				return
			}
			if err == io.EOF {
				return
			}
			if err != nil {
				yield(nil, err)
				return
			}
		}
	}
}
