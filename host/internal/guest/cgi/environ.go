package cgi

import (
	"net"
	"slices"
	"strings"

	"github.com/wasgi/wasgi/abi/wire"
)

// request is the exchange's environ, with what is worked out from it.
type request struct {
	pairs []wire.Pair
	uri   string // the target as a path with its query, as the client has sent them
	mount string
}

func newRequest(pairs []wire.Pair) request {
	r := request{pairs: pairs}
	r.uri, r.mount = originForm(r.get("RAW_URI")), r.get("SCRIPT_NAME")
	return r
}

// originForm turns a target into a path with its query: from an absolute URL the front is cut off, and * is no path.
func originForm(target string) string {
	if _, rest, ok := strings.Cut(target, "://"); ok && !strings.HasPrefix(target, "/") {
		target = ""
		if slash := strings.IndexAny(rest, "/?"); slash >= 0 {
			target = rest[slash:]
		}
	}
	if !strings.HasPrefix(target, "/") {
		return "/" + strings.TrimPrefix(target, "*")
	}
	return target
}

// get returns a variable of the environ; "" if there is none, which RFC 3875 does not tell apart.
func (r request) get(name string) string {
	for _, pair := range r.pairs {
		if string(pair.Key) == name {
			return string(pair.Value)
		}
	}
	return ""
}

// path is the path as the client has sent it.
func (r request) path() string {
	path, _, _ := strings.Cut(r.uri, "?")
	return path
}

// args is the command line that WAGI gives: the path, then the parts of the query, as they were sent.
func (r request) args() []string {
	args := []string{r.path()}
	if query := r.get("QUERY_STRING"); query != "" {
		args = append(args, strings.Split(query, "&")...)
	}
	return args
}

// environ is the request as meta-variables: those of RFC 3875 first, then those of WAGI and of Spin's executor for it, then the
// client's headers. Those that are empty are there all the same, as with WAGI.
func (r request) environ() []string {
	out := []string{
		"GATEWAY_INTERFACE=CGI/1.1",
		"SERVER_SOFTWARE=wasgi/1",
		"AUTH_TYPE=", // nobody has looked at who asks
		"REMOTE_USER=",
		"PATH_TRANSLATED=" + r.get("PATH_INFO"),
		"REMOTE_HOST=" + r.get("REMOTE_ADDR"),
		"REQUEST_URI=" + r.uri,
		"X_FULL_URL=" + r.url(),
		"X_MATCHED_ROUTE=" + r.mount + "/...",
		"X_RAW_PATH_INFO=" + r.rawPathInfo(),
		"X_RELATIVE_PATH=" + strings.TrimPrefix(r.get("PATH_INFO"), "/"),
		"X_BASE_PATH=/",
		"X_COMPONENT_ROUTE=" + r.mount,
		"X_RAW_COMPONENT_ROUTE=" + r.mount + "/...",
		"X_CLIENT_ADDR=" + r.client(),
		"X_REQUEST_ID=" + r.get("wasgi.request_id"),
	}
	for _, name := range []string{
		"REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "CONTENT_TYPE", "CONTENT_LENGTH",
		"SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL", "REMOTE_ADDR", "REMOTE_PORT", "HTTPS",
	} {
		if value := r.get(name); value != "" || name != "HTTPS" && name != "REMOTE_PORT" {
			out = append(out, name+"="+value)
		}
	}
	for _, pair := range r.pairs {
		if name := string(pair.Key); strings.HasPrefix(name, "HTTP_") && !withheld(name) {
			out = append(out, name+"="+string(pair.Value))
		}
	}
	return out
}

// withheld are the headers that a program is not to see: HTTP_PROXY would be obeyed by HTTP clients within it, and of the
// connection it knows nothing.
func withheld(name string) bool { return name == "HTTP_PROXY" || name == "HTTP_CONNECTION" }

// client is the client's address and port.
func (r request) client() string {
	if port := r.get("REMOTE_PORT"); port != "" {
		return net.JoinHostPort(r.get("REMOTE_ADDR"), port)
	}
	return r.get("REMOTE_ADDR")
}

// url is the whole URL, from what the client has sent and the host that it has named.
func (r request) url() string {
	scheme := "http"
	if r.get("HTTPS") != "" {
		scheme = "https"
	}
	host := r.get("HTTP_HOST")
	if host == "" {
		host = r.get("SERVER_NAME") + ":" + r.get("SERVER_PORT")
	}
	return scheme + "://" + host + r.uri
}

// rawPathInfo is what follows the mount in the path as the client has sent it. The mount may have been sent with escapes.
func (r request) rawPathInfo() string {
	raw := r.path()
	for range len(r.mount) {
		switch {
		case strings.HasPrefix(raw, "%") && len(raw) >= 3:
			raw = raw[3:]
		case raw != "":
			raw = raw[1:]
		}
	}
	if r.get("PATH_INFO") == "" {
		return ""
	}
	return raw
}

// join appends the granted environment, in which nothing of the request can be replaced.
func join(environ, granted []string) []string {
	request := len(environ)
	for _, entry := range granted {
		name, _, _ := strings.Cut(entry, "=")
		if !slices.ContainsFunc(environ[:request], func(e string) bool { return strings.HasPrefix(e, name+"=") }) {
			environ = append(environ, entry)
		}
	}
	return environ
}
