package forwarded

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// standard reads Forwarded. Each element was written by the hop after the one that it tells of. Of scheme and host that counts which
// was written nearest to the client, by a hop that is trusted.
//
// Elements are read from the end, so that nothing which a client has begun its own with, such as a quote that never ends, can hide
// what a proxy has added.
func (t *Trust) standard(o *Origin, values []string) error {
	for _, value := range slices.Backward(values) {
		for more := true; more; {
			var last string
			if value, last, more = cutLast(value, ','); last == "" {
				continue // a list may have empty elements
			}
			trusted, err := t.element(o, last)
			if err != nil {
				return fmt.Errorf("header Forwarded: %w", err)
			}
			if !trusted {
				return nil
			}
		}
	}
	return nil
}

// element takes one element, and reports whether the hop that it tells of may be believed about the one before. An element that cannot
// be read counts in no part.
func (t *Trust) element(o *Origin, s string) (bool, error) {
	parameters, err := parse(s)
	if err != nil {
		return false, err
	}
	next := *o
	if proto, ok := parameters["proto"]; ok {
		err = errors.Join(err, next.setScheme(proto))
	}
	if host, ok := parameters["host"]; ok {
		err = errors.Join(err, next.setHost(host))
	}
	node, trusted := parameters["for"], false
	if node != "" && err == nil {
		trusted, err = t.follow(&next, node)
		if errors.Is(err, errNode) { // what it says of scheme and host is none the worse
			*o = next
		}
	}
	if err != nil {
		return false, err
	}
	*o = next
	return trusted, nil
}

// parse reads `for=1.2.3.4;proto="https"`. Names are in lower case; none may be there twice.
func parse(s string) (map[string]string, error) {
	parameters := map[string]string{}
	for more := true; more; {
		var pair string
		s, pair, more = cutLast(s, ';')
		name, value, ok := strings.Cut(strings.Trim(pair, " \t"), "=")
		value, unquoted := unquote(value)
		name = strings.ToLower(name)
		if _, twice := parameters[name]; !ok || !unquoted || twice {
			return nil, fmt.Errorf("%q: no pair of name and value", shown(pair))
		}
		parameters[name] = value
	}
	return parameters, nil
}

// unquote returns what a value stands for, and whether it is well-formed.
func unquote(s string) (string, bool) {
	if !strings.HasPrefix(s, `"`) {
		return s, s != "" && !strings.ContainsAny(s, "\" \t\\")
	}
	if len(s) < 2 || s[len(s)-1] != '"' {
		return "", false
	}
	var out strings.Builder
	for inner := s[1 : len(s)-1]; inner != ""; inner = inner[1:] {
		if inner[0] == '"' {
			return "", false
		}
		if inner[0] == '\\' {
			if inner = inner[1:]; inner == "" {
				return "", false
			}
		}
		out.WriteByte(inner[0])
	}
	return out.String(), true
}

// cutLast cuts at the last separator that is in no quotes, seen from the end.
func cutLast(s string, separator byte) (before, after string, found bool) {
	quoted := false
	for i := len(s) - 1; i >= 0; i-- {
		switch {
		case s[i] == '"' && !escaped(s[:i], quoted):
			quoted = !quoted
		case s[i] == separator && !quoted:
			return s[:i], strings.Trim(s[i+1:], " \t"), true
		}
	}
	return "", strings.Trim(s, " \t"), false
}

// escaped reports whether a quote within quotes is one of the text: an odd number of backslashes stands before it.
func escaped(before string, quoted bool) bool {
	n := len(before) - len(strings.TrimRight(before, `\`))
	return quoted && n%2 == 1
}
