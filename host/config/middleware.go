package config

import (
	"fmt"
	"strings"
)

// middlewareList is the names of what stands before an app.
var middlewareList = listKind("list of names", "auth", middlewareNames)

// freeText is text that means nothing here.
var freeText = stringKind("string", "{}")

// middlewareNames refuses names that no middleware can have: it is found under a name that begins with an underscore, in the folder
// that the rest of the name says.
func middlewareNames(list []string) ([]string, error) {
	var errs []error
	for i, s := range list {
		if !isMiddlewareName(s) {
			errs = append(errs, fmt.Errorf("entry %d: %s is no middleware's name; write auth for _auth.wasm, shared/auth for shared/_auth.wasm", i+1, shown(s)))
		}
	}
	return list, joinLine(errs)
}

func isMiddlewareName(s string) bool {
	if strings.HasSuffix(s, ".wasm") {
		return false
	}
	for word := range strings.SplitSeq(s, "/") {
		if word == "" || strings.HasPrefix(word, "_") || strings.HasPrefix(word, ".") || strings.ContainsAny(word, "@\\") {
			return false
		}
	}
	return true
}
