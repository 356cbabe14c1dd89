package wasgihttp

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/wasgi/wasgi/guest-sdk/go/wasgi"
)

// newRequest builds the request that net/http's server would have, with the path below the mount.
func newRequest(ctx context.Context, env wasgi.Environ) *http.Request {
	r := &http.Request{
		Method:     env.Get("REQUEST_METHOD"),
		URL:        requestURL(env),
		Proto:      env.Get("SERVER_PROTOCOL"),
		Header:     requestHeader(env),
		Host:       requestHost(env),
		RemoteAddr: remoteAddr(env),
		RequestURI: env.Get("RAW_URI"),
	}
	r.ProtoMajor, r.ProtoMinor, _ = http.ParseHTTPVersion(r.Proto)
	if env.Get("wsgi.url_scheme") == "https" {
		// Of the handshake the host says no more than that there was one.
		r.TLS = &tls.ConnectionState{HandshakeComplete: true}
	}
	r.ContentLength, r.Body = requestBody(env)
	return r.WithContext(ctx)
}

// requestURL has "/" for the mount itself, since a ServeMux answers no empty path.
func requestURL(env wasgi.Environ) *url.URL {
	path := env.Get("PATH_INFO")
	if path == "" {
		path = "/"
	}
	u := &url.URL{Path: path, RawQuery: env.Get("QUERY_STRING")}
	// The target as the client wrote it tells "%2F" from "/". It counts only if it says the same path.
	raw, _, _ := strings.Cut(env.Get("RAW_URI"), "?")
	raw, below := strings.CutPrefix(raw, escapedMount(env))
	if decoded, err := url.PathUnescape(raw); below && err == nil && decoded == path && raw != u.EscapedPath() {
		u.RawPath = raw
	}
	return u
}

func requestHost(env wasgi.Environ) string {
	if host := env.Get("HTTP_HOST"); host != "" {
		return host
	}
	return net.JoinHostPort(env.Get("SERVER_NAME"), env.Get("SERVER_PORT"))
}

// remoteAddr is "" where the host does not say who the client is, behind a Unix socket for example.
func remoteAddr(env wasgi.Environ) string {
	address := env.Get("REMOTE_ADDR")
	if address == "" {
		return ""
	}
	return net.JoinHostPort(address, env.Get("REMOTE_PORT"))
}

// requestHeader turns variables back into headers. Host has its own field.
func requestHeader(env wasgi.Environ) http.Header {
	header := make(http.Header)
	for key, value := range env.All() {
		name, ok := strings.CutPrefix(key, "HTTP_")
		if key == "CONTENT_TYPE" || key == "CONTENT_LENGTH" {
			name, ok = key, true
		}
		if ok && name != "HOST" {
			header.Add(strings.ReplaceAll(name, "_", "-"), value)
		}
	}
	return header
}

// requestBody returns the length, -1 for an unknown one, and the body. Without CONTENT_LENGTH a body may still come in
// chunks; the methods that take none are spared the doubt.
func requestBody(env wasgi.Environ) (int64, io.ReadCloser) {
	length, err := strconv.ParseInt(env.Get("CONTENT_LENGTH"), 10, 64)
	switch {
	case err == nil && length > 0:
		return length, io.NopCloser(env.Input())
	case err == nil:
		return 0, http.NoBody
	}
	switch env.Get("REQUEST_METHOD") {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return 0, http.NoBody
	}
	return -1, io.NopCloser(env.Input())
}
