package wasgitest

import (
	"bytes"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/wasgi/wasgi/abi/wire"
	"github.com/wasgi/wasgi/guest-sdk/go/wasgi"
)

// encodeEnviron builds the variables of request as the host does, in its encoding.
func encodeEnviron(request Request) []byte {
	var list wire.Encoder
	add := func(key, value string) {
		if value != "" {
			list.Add(key, value)
		}
	}
	scheme := orElse(request.Scheme, "http")
	host := orElse(request.Host, "example.com")
	name, port := splitHost(host, scheme)
	target := request.Mount + request.Path
	rawPath, query, _ := strings.Cut(request.Path, "?")
	if request.Mount == "" && rawPath == "" {
		rawPath, target = "/", "/"+request.Path
	}
	add("REQUEST_METHOD", orElse(request.Method, "GET"))
	add("SCRIPT_NAME", request.Mount)
	add("PATH_INFO", decodePath(rawPath))
	add("QUERY_STRING", query)
	add("SERVER_NAME", name)
	add("SERVER_PORT", port)
	add("SERVER_PROTOCOL", "HTTP/1.1")
	add("REMOTE_ADDR", "192.0.2.1")
	add("REMOTE_PORT", "1234")
	add("RAW_URI", target)
	if scheme == "https" {
		add("HTTPS", "on")
	}
	add("CONTENT_LENGTH", bodyLength(request.Body))
	add("HTTP_HOST", host)
	addHeaders(add, request.Headers)
	add("wsgi.version", "1.0")
	add("wsgi.url_scheme", scheme)
	add("wsgi.multithread", "0")
	add("wsgi.multiprocess", "1")
	add("wsgi.run_once", "1")
	add("wsgi.input_terminated", "1")
	add("wasgi.request_id", "test")
	for _, variable := range request.Environ {
		list.Add(variable.Name, variable.Value)
	}
	encoded, err := list.Bytes()
	if err != nil {
		panic("wasgitest: request: " + err.Error())
	}
	return encoded
}

// decodePath panics on a bad escape: a server would have refused the request before it reached the app.
func decodePath(raw string) string {
	path, err := url.PathUnescape(raw)
	if err != nil {
		panic("wasgitest: request: path " + strconv.Quote(raw) + ": " + err.Error())
	}
	return path
}

// addHeaders adds the client's headers in the order of their first appearance, repeats joined.
func addHeaders(add func(key, value string), headers []wasgi.Header) {
	var keys []string
	values := map[string]string{}
	for _, header := range headers {
		if strings.Contains(header.Name, "_") || strings.EqualFold(header.Name, "Proxy") {
			continue
		}
		key := variableName(header.Name)
		joined, repeated := values[key]
		if !repeated {
			keys = append(keys, key)
			values[key] = header.Value
			continue
		}
		separator := ","
		if key == "HTTP_COOKIE" {
			separator = "; "
		}
		values[key] = joined + separator + header.Value
	}
	for _, key := range keys {
		add(key, values[key])
	}
}

func variableName(header string) string {
	name := strings.ToUpper(strings.ReplaceAll(header, "-", "_"))
	if name == "CONTENT_TYPE" || name == "CONTENT_LENGTH" {
		return name
	}
	return "HTTP_" + name
}

// bodyLength is "" where the length is not known, and where there is no body.
func bodyLength(body io.Reader) string {
	switch b := body.(type) {
	case *bytes.Buffer:
		return strconv.Itoa(b.Len())
	case *bytes.Reader:
		return strconv.Itoa(b.Len())
	case *strings.Reader:
		return strconv.Itoa(b.Len())
	}
	return ""
}

// splitHost returns SERVER_NAME and SERVER_PORT.
func splitHost(host, scheme string) (name, port string) {
	if name, port, err := net.SplitHostPort(host); err == nil {
		return name, port
	}
	name, port = strings.Trim(host, "[]"), "80"
	if scheme == "https" {
		port = "443"
	}
	return name, port
}

func orElse(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}
