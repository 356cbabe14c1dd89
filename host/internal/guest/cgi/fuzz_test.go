package cgi

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/wasgi/wasgi/abi"
)

// FuzzHeader gives the parser an output in pieces. However it is cut, the same comes of it; what is accepted is well-formed and within
// its bounds, and no byte of the body is lost.
func FuzzHeader(f *testing.F) {
	for _, seed := range []string{
		"Content-Type: text/plain\n\nhello", "Status: 404 Not Found\r\nContent-Type: a/b\r\n\r\n", "Location: /a\n\n", "\n", "HTTP/1.1 200 OK\n",
		"X: 1\n folded\n\n", "Content-Length: 1\nContent-Length: 2\n\n", "Status: 200\n\n\x00\xff", "A:\rb\n\n", ":\n", "X-Y:\t\t\n\n",
	} {
		f.Add([]byte(seed), 3)
	}
	f.Fuzz(func(t *testing.T, output []byte, piece int) {
		whole, body, err := parse(output, len(output)+1)
		pieces, bodyOfPieces, errOfPieces := parse(output, max(1, min(piece, len(output)+1)))
		if (err == nil) != (errOfPieces == nil) || err != nil && err.Error() != errOfPieces.Error() {
			t.Fatalf("%v, in pieces %v", err, errOfPieces)
		}
		if err != nil {
			return
		}
		if !bytes.Equal(body, bodyOfPieces) || !bytes.HasSuffix(output, body) || !bytes.Equal(whole.status, pieces.status) {
			t.Fatalf("%q %q, in pieces %q %q", whole.status, body, pieces.status, bodyOfPieces)
		}
		if len(whole.status) < 4 || whole.status[3] != ' ' || whole.status[0] < '2' || len(whole.status) > abi.MaxStatus || len(whole.fields) > abi.MaxHeaders {
			t.Fatalf("%q with %d fields", whole.status, len(whole.fields))
		}
		for _, field := range whole.fields {
			value := string(field.Value)
			if len(field.Key) == 0 || slices.ContainsFunc(field.Value, func(b byte) bool { return b < ' ' || b == 0x7f }) ||
				strings.Trim(value, " ") != value || bytes.ContainsAny(field.Key, " :\r\n\t") {
				t.Fatalf("%q: %q", field.Key, value)
			}
		}
	})
}

// parse reads an output that comes in pieces of that size. An output without an end of its header block has no response and no body.
func parse(output []byte, size int) (response, []byte, error) {
	var h header
	for piece := range slices.Chunk(output, size) {
		rest, complete, err := h.add(piece)
		if err != nil {
			return response{}, nil, err
		}
		if complete {
			r, err := h.response()
			after := output[consumed(output, h):]
			if !bytes.HasPrefix(after, rest) {
				panic("the body does not begin where the header block ends")
			}
			return r, after, err
		}
	}
	return response{status: []byte("200 none")}, nil, nil
}

// consumed is how many bytes of the output the header block took, with the empty line.
func consumed(output []byte, h header) int {
	n := len(h.block)
	return n + bytes.IndexByte(output[n:], '\n') + 1
}
