package config

import (
	"fmt"
	"strings"
)

// middlewareList is the names of what stands before an app.
var middlewareList = listKind("list of names", "auth", middlewareNames)

// appList is the names of apps that an app may call.
var appList = listKind("list of names", "users", appNames)

// freeText is text that means nothing here.
var freeText = stringKind("string", "{}")

// middlewareNames refuses names that no middleware can have: it is found under a name that begins with an underscore, in the folder
// that the rest of the name says.
func middlewareNames(list []string) ([]string, error) {
	var errs []error
	for i, s := range list {
		if !isFileName(s) {
			errs = append(errs, fmt.Errorf("entry %d: %s is no middleware's name; write auth for _auth.wasm, shared/auth for shared/_auth.wasm", i+1, shown(s)))
		}
	}
	return list, joinLine(errs)
}

// appNames refuses names that no app can have.
func appNames(list []string) ([]string, error) {
	var errs []error
	for i, s := range list {
		if !isFileName(s) {
			errs = append(errs, fmt.Errorf("entry %d: %s is no app's name; write users for users.wasm, api/users for api/users.wasm", i+1, shown(s)))
		}
	}
	return list, joinLine(errs)
}

// isFileName reports whether a file in the folder of apps may have that name, before its ending.
func isFileName(s string) bool {
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
