package gateway

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/wasgi/wasgi/abi/wire"
)

// What passes the checks is what net/http sends unchanged, and nothing in it can end a line or speak for the connection.
func FuzzHeaders(f *testing.F) {
	f.Add("200 OK", "Content-Type", "text/html", "Content-Length", "5")
	f.Add("204 ", "set-cookie", "a=1", "Set-Cookie", "b=2")
	f.Add("103 Early Hints", "Connection", "close", "Proxy-Authenticate", "Basic")
	f.Add("200 OK\r\nA: b", "a b", "c\r\nd: e", "", " ")
	f.Fuzz(func(t *testing.T, status, name1, value1, name2, value2 string) {
		if code, ok := parseStatus([]byte(status)); ok {
			if code < 200 || code > 999 || strconv.Itoa(code) != status[:3] || strings.ContainsAny(status, "\r\n\x00") {
				t.Errorf("the status %q passes as %d", status, code)
			}
		}
		pairs := []wire.Pair{{Key: []byte(name1), Value: []byte(value1)}, {Key: []byte(name2), Value: []byte(value2)}}
		list, err := parseHeaders(nil, pairs)
		if err != nil {
			return
		}
		header, declared, values := http.Header{}, list.declared, 0
		list.addTo(header, 0)
		for name, list := range header {
			values += len(list)
			if forbidden(http.CanonicalHeaderKey(name)) || strings.EqualFold(name, "Content-Length") {
				t.Errorf("the header %q passes", name)
			}
			if name == "" || strings.ContainsAny(name, " :\r\n\x00") {
				t.Errorf("the name %q passes", name)
			}
			for _, value := range list {
				if strings.ContainsAny(value, "\r\n\x00\t\x7f") || value != strings.Trim(value, " ") {
					t.Errorf("the value %q passes", value)
				}
			}
		}
		if declared != unknown {
			values++
		}
		if declared < unknown || values != len(pairs) {
			t.Errorf("%d headers became %d, length %d", len(pairs), values, declared)
		}
	})
}

func TestForbidden(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"connection", "KEEP-ALIVE", "Proxy-Anything", "te", "Trailer", "trailers", "transfer-encoding", "Upgrade"} {
		if !forbidden(http.CanonicalHeaderKey(name)) {
			t.Errorf("%s passes", name)
		}
	}
	for _, name := range []string{"Content-Type", "Proxied", "Teapot", "Date", "Server", "X-Upgrade"} {
		if forbidden(http.CanonicalHeaderKey(name)) {
			t.Errorf("%s is refused", name)
		}
	}
}
