package gateway

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/abi/wire"
)

// parseStatus reads "NNN Reason". 1xx is refused: an application answers once, and an interim response is no answer.
func parseStatus(status []byte) (int, bool) {
	if len(status) < 4 || status[3] != ' ' || hasControl(status) {
		return 0, false
	}
	code := 0
	for _, digit := range status[:3] {
		if digit < '0' || digit > '9' {
			return 0, false
		}
		code = code*10 + int(digit-'0')
	}
	return code, code >= 200
}

// parseHeaders checks a header list and returns it with the declared Content-Length, or unknown. Names keep the spelling
// that the app gave them; spellings of one name that differ are brought together, so that their order is kept.
func parseHeaders(pairs []wire.Pair) (http.Header, int64, error) {
	header := make(http.Header, len(pairs)+3)
	spelled := make(map[string]string, len(pairs)) // canonical name -> the first spelling seen
	declared := int64(unknown)
	for _, pair := range pairs {
		name, value := string(pair.Key), string(pair.Value)
		if !validName(name) || !validValue(pair.Value) {
			return nil, unknown, abi.CodeInvalid
		}
		canonical := http.CanonicalHeaderKey(name)
		if forbidden(canonical) {
			return nil, unknown, abi.CodeForbidden
		}
		if canonical == "Content-Length" {
			length, ok := parseLength(value)
			if !ok || declared != unknown {
				return nil, unknown, abi.CodeInvalid
			}
			declared = length
			continue
		}
		key, ok := spelled[canonical]
		if !ok {
			key = spelling(name, canonical)
			spelled[canonical] = key
		}
		header[key] = append(header[key], value)
	}
	return header, declared, nil
}

// spelling returns the key that name is stored under: its own, but for the names that net/http looks up itself, and finds in
// the canonical form only.
func spelling(name, canonical string) string {
	switch canonical {
	case "Content-Type", "Date", "Server":
		return canonical
	}
	return name
}

// forbidden reports the headers that speak of the connection, which is the server's.
func forbidden(canonical string) bool {
	switch canonical {
	case "Connection", "Keep-Alive", "Te", "Trailer", "Trailers", "Transfer-Encoding", "Upgrade":
		return true
	}
	return strings.HasPrefix(canonical, "Proxy-")
}

// parseLength reads a Content-Length: digits alone, no sign.
func parseLength(value string) (int64, bool) {
	for i := range len(value) {
		if value[i] < '0' || value[i] > '9' {
			return 0, false
		}
	}
	length, err := strconv.ParseInt(value, 10, 64)
	return length, err == nil
}

// validName reports whether name is a token of RFC 9110, section 5.6.2.
func validName(name string) bool {
	for i := range len(name) {
		if !isToken(name[i]) {
			return false
		}
	}
	return name != ""
}

func isToken(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	return strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}

// validValue reports whether value can be sent as it is: no control characters, and no space at its ends, which the
// recipient would drop.
func validValue(value []byte) bool {
	if hasControl(value) {
		return false
	}
	return len(value) == 0 || value[0] != ' ' && value[len(value)-1] != ' '
}

func hasControl(b []byte) bool {
	for _, c := range b {
		if c < ' ' || c == 0x7f {
			return true
		}
	}
	return false
}
