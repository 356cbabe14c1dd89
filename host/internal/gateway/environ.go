package gateway

import (
	"fmt"
	"iter"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/wasgi/wasgi/abi/wire"
	"github.com/wasgi/wasgi/host/internal/guest"
)

// encode builds the environ: the request as CGI has it, then the variables of WSGI and of wasgi. That it is too large is found
// out before the app is asked, which may have to answer for what it is given, but not for what it is sent.
func (x *exchange) encode() error {
	e := &x.environ
	e.Reset()
	x.describe(e)
	e.AddBytes([]byte("wasgi.request_id"), x.id[:])
	encoded, err := e.Bytes()
	if limit := x.settings.MaxEnviron; err == nil && limit > 0 && int64(len(encoded)) > limit {
		err = fmt.Errorf("the request's variables have %d bytes and may have %d; raise max_environ in the app's manifest",
			len(encoded), limit)
	}
	return err
}

// describe adds all of the request but its id.
func (x *exchange) describe(e *wire.Encoder) {
	x.addRequest(e)
	x.addConnection(e)
	x.addHeaders(e)
	x.addWSGI(e)
}

// Environ implements [guest.Exchange].
func (x *exchange) Environ(extra []wire.Pair) ([]byte, error) {
	for _, pair := range extra {
		x.environ.AddBytes(pair.Key, pair.Value)
	}
	return x.environ.Bytes()
}

// addUnlessEmpty leaves out what the request does not have: a missing variable is no empty one.
func addUnlessEmpty(e *wire.Encoder, key, value string) {
	if value != "" {
		e.Add(key, value)
	}
}

// first is what [http.Header.Get] returns for a name that is canonical anyway.
func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

func (x *exchange) addRequest(e *wire.Encoder) {
	r := x.request
	e.Add("REQUEST_METHOD", r.Method)
	addUnlessEmpty(e, "SCRIPT_NAME", x.scriptName)
	addUnlessEmpty(e, "PATH_INFO", x.pathInfo)
	addUnlessEmpty(e, "QUERY_STRING", r.URL.RawQuery)
	addUnlessEmpty(e, "RAW_URI", r.RequestURI)
	e.Add("SERVER_PROTOCOL", r.Proto)
	addUnlessEmpty(e, "CONTENT_TYPE", first(r.Header["Content-Type"]))
	if r.ContentLength > 0 || r.ContentLength == 0 && first(r.Header["Content-Length"]) != "" {
		var digits [20]byte
		e.AddBytes([]byte("CONTENT_LENGTH"), strconv.AppendInt(digits[:0], r.ContentLength, 10))
	}
}

// addConnection adds who speaks to whom. The server's name is the one that the client asked for, where it named one.
func (x *exchange) addConnection(e *wire.Encoder) {
	r := x.request
	local := x.local()
	name := namedHost(x.host())
	if name == "" {
		name = localHost(local)
	}
	var space [20]byte
	e.Add("SERVER_NAME", name)
	if x.proxied {
		local = x.proxiedPort(local)
	}
	e.AddBytes([]byte("SERVER_PORT"), appendPort(space[:0], local, x.secure()))
	if x.proxied {
		x.addClient(e)
	} else if host, port, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		e.Add("REMOTE_ADDR", host)
		e.Add("REMOTE_PORT", port)
	}
	if x.secure() {
		e.Add("HTTPS", "on")
	}
}

// local is where the connection came in; nil for a request without one.
func (x *exchange) local() net.Addr {
	local, _ := x.request.Context().Value(http.LocalAddrContextKey).(net.Addr)
	return local
}

// namedHost is the host of a Host header, without port and brackets.
func namedHost(header string) string {
	if strings.IndexByte(header, ':') >= 0 { // what has no port would cost an error
		if name, _, err := net.SplitHostPort(header); err == nil {
			return name
		}
	}
	return strings.Trim(header, "[]")
}

// localHost is where the connection came in; "localhost" for a Unix socket, and for a request without a connection.
func localHost(local net.Addr) string {
	if local != nil {
		if host, _, err := net.SplitHostPort(local.String()); err == nil {
			return host
		}
	}
	return "localhost"
}

// appendPort appends the port that the connection came in at, or the one that clients would have left out.
func appendPort(dst []byte, local net.Addr, tls bool) []byte {
	if tcp, ok := local.(*net.TCPAddr); ok && tcp != nil { // without a way through text
		return strconv.AppendInt(dst, int64(tcp.Port), 10)
	}
	if local != nil {
		if _, port, err := net.SplitHostPort(local.String()); err == nil && port != "" {
			return append(dst, port...)
		}
	}
	if tls {
		return append(dst, "443"...)
	}
	return append(dst, "80"...)
}

// addHeaders adds the client's headers as HTTP_*, sorted by name: net/http has lost their order.
func (x *exchange) addHeaders(e *wire.Encoder) {
	addUnlessEmpty(e, "HTTP_HOST", x.host())
	var space [24]header
	headers := space[:0]
	for name, values := range x.request.Header {
		if passes(name) && !x.withheld(name) {
			headers = append(headers, header{name, values})
		}
	}
	slices.SortFunc(headers, func(a, b header) int { return strings.Compare(a.name, b.name) })
	var keySpace [64]byte
	var valueSpace [512]byte
	for _, h := range headers {
		e.AddBytes(appendKey(keySpace[:0], h.name), appendJoined(valueSpace[:0], h.name, h.values))
	}
}

// header is one of a request's headers.
type header struct {
	name   string
	values []string
}

// passes reports whether a header reaches the environ under HTTP_*. A name with "_" could pose as another once "-" has become
// "_"; Proxy would become HTTP_PROXY, which HTTP clients within an app obey; Content-* have their own variables.
func passes(name string) bool {
	switch name {
	case "Content-Type", "Content-Length", "Proxy", "Host":
		return false
	}
	return !strings.Contains(name, "_")
}

// appendKey appends HTTP_NAME for the header Name.
func appendKey(dst []byte, name string) []byte {
	dst = append(dst, "HTTP_"...)
	for i := range len(name) {
		c := name[i]
		switch {
		case c == '-':
			c = '_'
		case 'a' <= c && c <= 'z':
			c -= 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst
}

// appendJoined appends the values of a repeated header as one, as RFC 9110 and, for cookies, RFC 9113 join them.
func appendJoined(dst []byte, name string, values []string) []byte {
	separator := ","
	if name == "Cookie" {
		separator = "; "
	}
	for i, value := range values {
		if i > 0 {
			dst = append(dst, separator...)
		}
		dst = append(dst, value...)
	}
	return dst
}

func (x *exchange) addWSGI(e *wire.Encoder) {
	scheme := "http"
	if x.secure() {
		scheme = "https"
	}
	e.Add("wsgi.version", "1.0")
	e.Add("wsgi.url_scheme", scheme)
	e.Add("wsgi.multithread", "0")
	e.Add("wsgi.multiprocess", flag(x.settings.MaxInstances > 1))
	e.Add("wsgi.run_once", flag(x.settings.Isolation != guest.IsolationInstance))
	e.Add("wsgi.input_terminated", "1")
}

func flag(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

// Fields implements [guest.Fielded].
func (x *exchange) Fields() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		if host := x.host(); host != "" && !yield("Host", host) {
			return
		}
		for _, name := range slices.Sorted(maps.Keys(x.request.Header)) {
			if name != "Content-Type" && name != "Content-Length" && (!passes(name) || x.withheld(name)) {
				continue
			}
			for _, value := range x.request.Header[name] {
				if !yield(name, value) {
					return
				}
			}
		}
	}
}
