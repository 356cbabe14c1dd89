package gateway

import (
	"net/http"
	"strings"
	"time"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/host/internal/coding"
)

// squeeze is what becomes of the body of an app that lets its responses be compressed.
type squeeze struct {
	compressors *coding.Pool
	compressed  bool               // the headers say so
	compressor  *coding.Compressor // nil where there is nothing to compress
}

// chooseCoding decides whether the response is compressed, and makes its headers say so. Where a response depends on what the client
// takes, all its variants say that. header is complete but for the Content-Length.
func (x *exchange) chooseCoding(header http.Header) {
	if x.status != http.StatusNotModified && !x.worthCompressing(header) {
		return
	}
	addVary(header)
	if coding.Choose(x.request.Header["Accept-Encoding"], coding.Gzip) == "" {
		return
	}
	if x.status == http.StatusNotModified {
		weaken(header) // as it was in the response that the client has kept
		return
	}
	if !x.noBody {
		if x.compressor = x.compressors.Take((*squeezed)(x)); x.compressor == nil {
			return
		}
	}
	x.compressed = true
	header["Content-Encoding"] = []string{coding.Gzip}
	weaken(header)
}

// worthCompressing reports whether the response may be sent in a coding, and would gain by it. Ranges and checksums are those of the
// bytes that the app has made.
func (x *exchange) worthCompressing(header http.Header) bool {
	if x.status == http.StatusNoContent || x.status == http.StatusPartialContent ||
		x.headers.declared != unknown && x.headers.declared < coding.MinSize {
		return false
	}
	contentType := ""
	for name, values := range header {
		value := first(values)
		switch {
		case strings.EqualFold(name, "Content-Type"):
			contentType = value
		case strings.EqualFold(name, "Content-Encoding"), strings.EqualFold(name, "Content-Range"),
			strings.EqualFold(name, "Content-MD5"), strings.EqualFold(name, "Digest"),
			strings.EqualFold(name, "Content-Digest"), strings.EqualFold(name, "Repr-Digest"):
			return false
		case strings.EqualFold(name, "Cache-Control"):
			for _, value := range values {
				if strings.Contains(strings.ToLower(value), "no-transform") {
					return false
				}
			}
		}
	}
	return coding.Compressible(contentType)
}

// addVary adds Accept-Encoding to what the response depends on, under the spelling that the app gave the name.
func addVary(header http.Header) {
	for name, values := range header {
		if !strings.EqualFold(name, "Vary") {
			continue
		}
		for _, value := range values {
			for element := range strings.SplitSeq(value, ",") {
				if element = strings.TrimSpace(element); element == "*" || strings.EqualFold(element, "Accept-Encoding") {
					return
				}
			}
		}
		header[name] = append(values, "Accept-Encoding")
		return
	}
	header["Vary"] = []string{"Accept-Encoding"}
}

// weaken makes a strong entity tag a weak one: the bytes are others, and mean the same.
func weaken(header http.Header) {
	for name, values := range header {
		if strings.EqualFold(name, "ETag") && strings.HasPrefix(first(values), `"`) {
			header[name] = []string{"W/" + values[0]}
		}
	}
}

// compress sends a block through the compressor, and all of it on.
func (x *exchange) compress(block []byte) (began time.Time, err error) {
	if err := x.fill(block); err != nil {
		return time.Now(), err
	}
	if err := x.compressor.Flush(); err != nil {
		return time.Now(), x.writeFailed(err)
	}
	return x.allowPiece(0), x.flush()
}

// compressLast sends the last block, and the end of the stream.
func (x *exchange) compressLast(block []byte) error {
	defer x.rest()
	x.life.begun.Store(true)
	if err := x.fill(block); err != nil {
		return err
	}
	if err := x.compressor.Close(); err != nil {
		return x.writeFailed(err)
	}
	return x.flush()
}

// fill puts a block into the compressor, piece by piece: between two of them a client that is gone is noticed, though a block that
// compresses well makes hardly a write.
func (x *exchange) fill(block []byte) error {
	for len(block) > 0 {
		piece := block[:min(len(block), maxPiece)]
		if _, err := x.compressor.Write(piece); err != nil {
			return x.writeFailed(err)
		}
		x.sent += int64(len(piece))
		if block = block[len(piece):]; x.request.Context().Err() != nil {
			x.closed = true
			return abi.CodeClosed
		}
	}
	return nil
}

// squeezed is an exchange as its compressor writes to it.
type squeezed exchange

// Write implements [io.Writer].
func (s *squeezed) Write(p []byte) (int, error) {
	x := (*exchange)(s)
	n, began, err := x.put(p)
	x.response.pace.note(time.Since(began), x.moved)
	return n, err
}
