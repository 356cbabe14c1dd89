// Command gzip is middleware that compresses what the app behind it answers, for clients that take it, as it streams. Build it as
// _gzip.wasm, and name it in an app's manifest: middleware = ["gzip"].
package main

import (
	"compress/gzip"
	"io"
	"strings"

	"github.com/wasgi/wasgi/guest-sdk/go/wasgi"
	"github.com/wasgi/wasgi/guest-sdk/go/wasginext"
)

// compressor is made before the first request, so that each begins with it and memory need not grow for it. A request has the app for
// itself, and so the compressor.
var compressor = gzip.NewWriter(io.Discard)

func init() { wasgi.Handle(compress) }

func main() {}

func compress(env wasgi.Environ, start wasgi.StartResponse) wasgi.Body {
	next, err := wasginext.Call(env.All(), nil, true)
	if err != nil {
		return nil // the server answers for the fault
	}
	if !worthwhile(env, next) {
		if _, err := start(next.Status, next.Headers); err != nil {
			panic(err)
		}
		return wasgi.Reader(next)
	}
	out, err := start(next.Status, coded(next.Headers))
	if err != nil {
		panic(err)
	}
	compressor.Reset(out)
	if err := pump(compressor, next); err != nil {
		panic(err) // the response must not look whole
	}
	return nil
}

// pump compresses block by block: what the app sends goes out at once.
func pump(to *gzip.Writer, from io.Reader) error {
	block := make([]byte, 32<<10)
	for {
		n, err := from.Read(block)
		if err == io.EOF {
			return to.Close()
		}
		if err == nil {
			_, err = to.Write(block[:n])
		}
		if err == nil {
			err = to.Flush()
		}
		if err != nil {
			return err
		}
	}
}

// worthwhile reports whether the client takes gzip, and there is a body that is not coded yet.
func worthwhile(env wasgi.Environ, next *wasginext.Response) bool {
	if env.Get("REQUEST_METHOD") == "HEAD" || strings.HasPrefix(next.Status, "204") || strings.HasPrefix(next.Status, "304") ||
		strings.HasPrefix(next.Status, "206") {
		return false
	}
	for _, header := range next.Headers {
		if strings.EqualFold(header.Name, "Content-Encoding") {
			return false
		}
	}
	for coding := range strings.SplitSeq(env.Get("HTTP_ACCEPT_ENCODING"), ",") {
		if takesGzip(coding) {
			return true
		}
	}
	return false
}

// takesGzip reads one entry of Accept-Encoding: "gzip", "gzip;q=0.5", and "gzip;q=0" for one that is not wanted.
func takesGzip(coding string) bool {
	name, weight, weighted := strings.Cut(coding, ";")
	if !strings.EqualFold(strings.TrimSpace(name), "gzip") {
		return false
	}
	_, value, _ := strings.Cut(weight, "=")
	return !weighted || strings.Trim(strings.TrimSpace(value), "0.") != ""
}

// coded is the headers of the compressed response. A tag would be that of another sequence of bytes.
func coded(headers []wasgi.Header) []wasgi.Header {
	var out []wasgi.Header
	for _, header := range headers {
		switch strings.ToLower(header.Name) {
		case "content-length", "etag", "accept-ranges":
		default:
			out = append(out, header)
		}
	}
	return append(out, wasgi.Header{Name: "Content-Encoding", Value: "gzip"}, wasgi.Header{Name: "Vary", Value: "Accept-Encoding"})
}
