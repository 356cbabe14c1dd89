package httpwasm

import (
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/wasgi/wasgi/abi/wire"
	"github.com/wasgi/wasgi/host/internal/guest"
)

// request is the request as the guest sees and changes it: what stands behind the guest gets what comes out.
type request struct {
	method    string     // as it came
	variables []variable // those that are no headers
	fields    fields
	body      body
	environ   wire.Encoder
}

// variable is one of the environ.
type variable struct{ key, value string }

// begin reads what the exchange brings.
func (t *turn) begin(mostBuffered int64) error {
	environ, err := t.outer.Environ(nil)
	if err != nil {
		return err
	}
	pairs, err := wire.Decode(environ)
	if err != nil {
		return err
	}
	r := &t.request
	r.body = body{read: t.outer.Read, most: mostBuffered}
	t.response.body.most = mostBuffered
	var joined fields
	for _, pair := range pairs {
		key, value := string(pair.Key), string(pair.Value)
		if name, ok := fieldName(key); ok {
			joined = append(joined, field{name, value})
		} else {
			r.variables = append(r.variables, variable{key, value})
		}
	}
	r.method = r.get("REQUEST_METHOD")
	r.fields = single(t.outer, joined)
	return nil
}

// single returns the request's header fields one by one, where the exchange knows them: an environ has joined the repeated ones.
func single(exchange guest.Exchange, joined fields) fields {
	fielded, ok := exchange.(guest.Fielded)
	if !ok {
		return joined
	}
	each := fielded.Fields()
	if each == nil {
		return joined
	}
	var list fields
	for name, value := range each {
		list = append(list, field{strings.ToLower(name), value})
	}
	if length := joined.values("content-length"); len(length) > 0 && len(list.values("content-length")) == 0 {
		list = append(list, field{"content-length", length[0]})
	}
	return list
}

// fieldName is the header that a variable stands for.
func fieldName(key string) (string, bool) {
	switch key {
	case "CONTENT_TYPE":
		return "content-type", true
	case "CONTENT_LENGTH":
		return "content-length", true
	}
	name, ok := strings.CutPrefix(key, "HTTP_")
	return strings.ToLower(strings.ReplaceAll(name, "_", "-")), ok
}

// get returns a variable, "" for one that is not there.
func (r *request) get(key string) string {
	for _, v := range r.variables {
		if v.key == key {
			return v.value
		}
	}
	return ""
}

// set gives a variable its value; "" takes it away.
func (r *request) set(key, value string) {
	r.variables = slices.DeleteFunc(r.variables, func(v variable) bool { return v.key == key })
	if value != "" {
		r.variables = append(r.variables, variable{key, value})
	}
}

// uri is the path as it was sent, and the query. A target in absolute form loses what stands before its path, so that a guest which
// looks at how the path begins is not led astray.
func (r *request) uri() string {
	target := r.get("RAW_URI")
	if strings.HasPrefix(target, "/") || target == "*" {
		return target
	}
	if u, err := url.Parse(target); err == nil {
		return u.RequestURI()
	}
	return "/"
}

// setURI makes the request one for another path and query. What the app's mount was stays so where the path lies below it.
func (r *request) setURI(uri string) error {
	if uri == "" {
		uri = "/"
	}
	raw, query, _ := strings.Cut(uri, "?")
	path, err := url.PathUnescape(raw)
	if err != nil {
		return err
	}
	mount := r.get("SCRIPT_NAME")
	if rest, ok := strings.CutPrefix(path, mount); ok && (rest == "" || rest[0] == '/') {
		path = rest
	} else {
		r.set("SCRIPT_NAME", "")
	}
	r.set("PATH_INFO", path)
	r.set("QUERY_STRING", query)
	r.set("RAW_URI", uri)
	return nil
}

// source is the client's address and port.
func (r *request) source() string {
	address, port := r.get("REMOTE_ADDR"), r.get("REMOTE_PORT")
	switch {
	case address == "":
		return ""
	case port == "":
		return address
	}
	return net.JoinHostPort(address, port)
}

// encode returns the environ for what stands behind the guest. Of headers with an underscore in their names none can be told from one
// with a hyphen, and Proxy would pose as a setting of HTTP clients: as those of a client they are left out.
func (r *request) encode(extra []wire.Pair) ([]byte, error) {
	e := &r.environ
	e.Reset()
	for _, v := range r.variables {
		e.Add(v.key, v.value)
	}
	for _, name := range r.fields.names() {
		values := r.fields.values(name)
		switch {
		case name == "content-type":
			e.Add("CONTENT_TYPE", values[0])
		case name == "content-length":
			e.Add("CONTENT_LENGTH", values[0])
		case name == "proxy" || strings.Contains(name, "_"):
		default:
			separator := ","
			if name == "cookie" {
				separator = "; "
			}
			e.Add("HTTP_"+strings.ToUpper(strings.ReplaceAll(name, "-", "_")), strings.Join(values, separator))
		}
	}
	for _, pair := range extra {
		e.AddBytes(pair.Key, pair.Value)
	}
	return e.Bytes()
}
