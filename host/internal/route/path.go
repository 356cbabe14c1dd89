package route

import (
	"errors"
	"fmt"
	"strings"
)

var (
	errNoSlash = errors.New("path: does not begin with a slash")
	errNUL     = errors.New("path: holds a NUL byte")
)

// Split decodes the path of a request, escaped as it arrived and without its query. An empty path is "/", as RFC 9110 has
// it.
//
// decoded[:matchable] is what [Table.Lookup] may see: the whole segments before the first one that holds an encoded slash,
// which is everything in the usual case. An error means that the request is a bad one; its text holds at most a few bytes
// of the path.
func Split(escaped string) (decoded string, matchable int, err error) {
	if escaped == "" {
		return "/", 1, nil
	}
	if escaped[0] != '/' {
		return "", 0, errNoSlash
	}
	decoded, matchable = escaped, len(escaped)
	if strings.IndexByte(escaped, '%') >= 0 {
		if decoded, matchable, err = unescape(escaped); err != nil {
			return "", 0, err
		}
	}
	if strings.IndexByte(decoded, 0) >= 0 {
		return "", 0, errNUL
	}
	if dots := dotSegment(decoded); dots != "" {
		return "", 0, fmt.Errorf("path: holds the segment %q", dots)
	}
	return decoded, matchable, nil
}

// unescape decodes a path that holds at least one percent sign, and finds the end of its matchable part.
func unescape(escaped string) (decoded string, matchable int, err error) {
	out := make([]byte, 0, len(escaped))
	segment, matchable := 0, -1 // segment is where the current segment's literal slash stands in out
	for i := 0; i < len(escaped); i++ {
		c := escaped[i]
		switch c {
		case '/':
			segment = len(out)
		case '%':
			if c, err = escape(escaped[i:]); err != nil {
				return "", 0, err
			}
			i += 2
			if c == '/' && matchable < 0 {
				matchable = segment
			}
		}
		out = append(out, c)
	}
	if matchable < 0 {
		matchable = len(out)
	}
	return string(out), matchable, nil
}

// escape returns the byte that the escape at the beginning of s stands for.
func escape(s string) (byte, error) {
	if len(s) >= 3 {
		high, low := hex(s[1]), hex(s[2])
		if high >= 0 && low >= 0 {
			return byte(high<<4 | low), nil
		}
	}
	return 0, fmt.Errorf("path: malformed escape %q", s[:min(len(s), 3)])
}

// hex returns the value of a hexadecimal digit, or -1.
func hex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// dotSegment returns the first segment of a decoded path that is "." or "..", or "". Slashes that were encoded count here:
// whoever decodes the path later takes them for slashes too.
func dotSegment(path string) string {
	for rest := path; ; {
		i := strings.Index(rest, "/.")
		if i < 0 {
			return ""
		}
		rest = rest[i+1:]
		dots := 1
		if len(rest) > 1 && rest[1] == '.' {
			dots = 2
		}
		if len(rest) == dots || rest[dots] == '/' {
			return rest[:dots]
		}
	}
}
