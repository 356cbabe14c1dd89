package wasgihttp

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/wasgi/wasgi/guest-sdk/go/wasgi"
)

// sniff adds a Content-Type where net/http does: there is none, not even a nil one that turns this off, and the body is not
// encoded.
func sniff(header http.Header, body []byte) {
	if _, ok := header["Content-Type"]; !ok && header.Get("Content-Encoding") == "" {
		header.Set("Content-Type", http.DetectContentType(body))
	}
}

// headerList returns header as start_response takes it, sorted by name. What net/http's server drops or mends is dropped or
// mended here, as wasgi refuses it.
func headerList(header http.Header, mount string) []wasgi.Header {
	var list []wasgi.Header
	for _, name := range slices.Sorted(maps.Keys(header)) {
		if !isToken(name) || isHopByHop(name) {
			continue
		}
		values := header[name]
		if name == "Content-Length" {
			values = values[:1]
		}
		for _, value := range values {
			value = oneLine(value)
			if name == "Location" {
				value = belowMount(value, mount)
			}
			list = append(list, wasgi.Header{Name: name, Value: value})
		}
	}
	return list
}

// belowMount puts the mount before a Location that is a path of the handler's. "//host/path" is no path.
func belowMount(location, mount string) string {
	rest, below := strings.CutPrefix(location, mount)
	switch {
	case !strings.HasPrefix(location, "/"), strings.HasPrefix(location, "//"):
		return location
	case below && (rest == "" || strings.ContainsRune("/?#", rune(rest[0]))):
		return location
	}
	return mount + location
}

// oneLine makes each control character a space, byte by byte, since a value may be no UTF-8.
func oneLine(value string) string {
	b := []byte(value)
	for i, c := range b {
		if c < ' ' || c == 0x7f {
			b[i] = ' '
		}
	}
	return strings.Trim(string(b), " ")
}

// isToken: RFC 9110, section 5.6.2.
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		alphanumeric := c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !alphanumeric && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return s != ""
}

// isHopByHop: these belong to the connection, which is the host's.
func isHopByHop(name string) bool {
	name = strings.ToLower(name)
	switch name {
	case "connection", "keep-alive", "te", "trailer", "trailers", "transfer-encoding", "upgrade":
		return true
	}
	return strings.HasPrefix(name, "proxy-")
}
