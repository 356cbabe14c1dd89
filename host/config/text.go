package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// path is the name of a file or folder.
var path = stringKind("path", "folder", noNUL)

func noNUL(s string) (string, error) {
	if strings.ContainsRune(s, 0) {
		return "", fmt.Errorf("%s holds a NUL byte", shown(s))
	}
	return s, nil
}

func notEmpty(s string) (string, error) {
	if s == "" {
		return "", errors.New(`"" is empty; write the name of a folder, "." for this one`)
	}
	return s, nil
}

// email is an address that mail is sent to, or "".
var email = stringKind("e-mail address", "you@example.com", func(s string) (string, error) {
	if name, domain, ok := strings.Cut(s, "@"); s != "" && (!ok || name == "" || domain == "" || strings.ContainsFunc(s, unspeakable)) {
		return "", fmt.Errorf("%s is not an e-mail address; write one like \"you@example.com\"", shown(s))
	}
	return s, nil
})

func unspeakable(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }

// choice returns a kind whose values are the given words. The empty word is one that has another meaning.
func choice(words ...string) kind[string] {
	named := slices.DeleteFunc(slices.Clone(words), func(s string) bool { return s == "" })
	list := strings.Join(named[:len(named)-1], ", ") + " or " + named[len(named)-1]
	return stringKind(list, named[0], func(s string) (string, error) {
		if slices.Contains(words, s) {
			return s, nil
		}
		return "", fmt.Errorf("%s is not %s%s", shown(s), list, didYouMean(nearest(s, named)))
	})
}

// mountPath is where an app answers.
var mountPath = stringKind("path", "/hello", mount)

// mount refuses whatever a request's cleaned and decoded path could not match.
func mount(s string) (string, error) {
	switch {
	case !strings.HasPrefix(s, "/"):
		return "", fmt.Errorf(`%s does not start with "/"`, shown(s))
	case s == "/":
		return s, nil
	case strings.HasSuffix(s, "/"):
		return "", fmt.Errorf(`%s ends with "/"; leave it out`, shown(s))
	case strings.ContainsAny(s, "?#"):
		return "", fmt.Errorf(`%s holds "?" or "#", which end a path`, shown(s))
	case strings.Contains(s, "%"):
		return "", fmt.Errorf(`%s holds "%%"; write the decoded character`, shown(s))
	case strings.ContainsFunc(s, unicode.IsControl):
		return "", fmt.Errorf("%s holds a control character", shown(s))
	}
	for segment := range strings.SplitSeq(s[1:], "/") {
		if segment == "" || segment == "." || segment == ".." {
			return "", fmt.Errorf("%s holds the segment %q", shown(s), segment)
		}
	}
	return s, nil
}

// headerValue is what a header of a response says.
var headerValue = stringKind("header value", "no-cache", func(s string) (string, error) {
	if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) || strings.TrimSpace(s) != s {
		return "", fmt.Errorf("%s is no header's value: it holds printable ASCII, and no space at its ends", shown(s))
	}
	return s, nil
})

// envList is what a guest's environment holds.
var envList = listKind("list of NAME=value", "GREETING=hello", envEntries)

// envEntries checks names. Its errors never repeat a value, which may be a secret.
func envEntries(list []string) ([]string, error) {
	var errs []error
	seen := map[string]bool{}
	for i, s := range list {
		name, _, ok := strings.Cut(s, "=")
		var text string
		switch {
		case !ok:
			text = `has no "="; write "NAME=value"`
		case name == "":
			text = `has no name before "="; write "NAME=value"`
		case strings.ContainsRune(s, 0):
			text = "holds a NUL byte"
		case seen[name]:
			text = fmt.Sprintf("sets %s again", shown(name))
		}
		if text != "" {
			errs = append(errs, fmt.Errorf("entry %d %s", i+1, text))
		}
		seen[name] = true
	}
	return list, joinLine(errs)
}
