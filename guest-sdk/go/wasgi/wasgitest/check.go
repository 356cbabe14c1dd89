package wasgitest

import (
	"strconv"
	"strings"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/abi/wire"
)

// checkResponse checks what start_response was given, and returns the Content-Length, -1 if none is declared.
func checkResponse(status []byte, headers []wire.Pair) (int64, abi.Code) {
	length := int64(-1)
	if !validStatus(string(status)) {
		return length, abi.CodeInvalid
	}
	if len(headers) > abi.MaxHeaders {
		return length, abi.CodeTooLarge
	}
	for _, header := range headers {
		name, value := string(header.Key), string(header.Value)
		switch {
		case !isToken(name) || hasControl(value) || strings.Trim(value, " ") != value:
			return length, abi.CodeInvalid
		case isHopByHop(name):
			return length, abi.CodeForbidden
		case !strings.EqualFold(name, "Content-Length"):
			continue
		}
		declared, err := strconv.ParseUint(value, 10, 63)
		if err != nil || length >= 0 {
			return length, abi.CodeInvalid
		}
		length = int64(declared)
	}
	return length, 0
}

// validStatus: three digits from 200, since an interim response is none, a space, and a reason without control characters.
func validStatus(status string) bool {
	if len(status) < 4 || status[3] != ' ' || hasControl(status) {
		return false
	}
	code, err := strconv.ParseUint(status[:3], 10, 16)
	return err == nil && code >= 200
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

func hasControl(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
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

// bodyAllowed says whether a response of that status has a body.
func bodyAllowed(code int) bool { return code >= 200 && code != 204 && code != 304 }
