package main

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/wasgi/wasgi/guest-sdk/go/wasgi/wasgitest"
)

// folders returns the sample folders beside this one.
func folders(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir("..")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		if entry.IsDir() && entry.Name() != "index" && entry.Name() != "public" {
			names = append(names, entry.Name())
		}
	}
	return names
}

func TestEverySampleIsListed(t *testing.T) {
	t.Parallel()
	var listed []string
	for _, s := range samples() {
		listed = append(listed, s.name)
		if s.text == "" {
			t.Errorf("%s has no description", s.name)
		}
	}
	slices.Sort(listed)
	if want := folders(t); !slices.Equal(listed, want) {
		t.Errorf("listed are %q, the folders are %q", listed, want)
	}
}

// The host serves the folder beside the apps, where the page's icon lies.
func TestTheIconIsThere(t *testing.T) {
	t.Parallel()
	if icon, err := os.ReadFile("../public/favicon.svg"); err != nil || !strings.HasPrefix(string(icon), "<svg ") {
		t.Errorf("%.20q, %v", icon, err)
	}
}

func TestEverySampleHasAReadme(t *testing.T) {
	t.Parallel()
	for _, name := range append(folders(t), "index") {
		text, err := os.ReadFile("../" + name + "/README.md")
		if err != nil {
			t.Error(err)
			continue
		}
		if !strings.HasPrefix(string(text), "# "+name+"\n") {
			t.Errorf("%s/README.md does not start with its name", name)
		}
	}
}

func TestPage(t *testing.T) {
	t.Parallel()
	for _, mount := range []string{"", "/samples"} {
		got := wasgitest.Call(index, wasgitest.Request{Mount: mount, Path: "/"})
		if got.Status != "200 OK" || got.Header("Content-Type") != "text/html; charset=utf-8" || got.Fault != nil {
			t.Errorf("%s, %v, fault %v", got.Status, got.Headers, got.Fault)
		}
		page := string(got.Body)
		for _, s := range samples() {
			if link := `<a href="` + mount + `/` + s.name + `"><b>` + s.name + `</b><span>` + s.text + `</span></a>`; !strings.Contains(page, link) {
				t.Errorf("%s is missing in\n%s", link, page)
			}
		}
		if icon := `<link rel="icon" href="` + mount + `/favicon.svg">`; !strings.Contains(page, icon) {
			t.Errorf("%s is missing in\n%s", icon, page)
		}
		if !strings.Contains(page, "light-dark(") || strings.Contains(page, "<script") || strings.Contains(page, "://") {
			t.Error("the page has no style, or something from elsewhere")
		}
	}
	if got := wasgitest.Call(index, wasgitest.Request{Mount: "/samples"}); got.Code != 200 {
		t.Errorf("the mount itself: %s", got.Status)
	}
}

func TestOtherPathsAndMethods(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/favicon.ico", "/hello", "//", "/index"} {
		got := wasgitest.Call(index, wasgitest.Request{Path: path})
		if got.Status != "404 Not Found" || !strings.Contains(string(got.Body), `<a href="/">See those that do.</a>`) {
			t.Errorf("%s: %s\n%s", path, got.Status, got.Body)
		}
	}
	got := wasgitest.Call(index, wasgitest.Request{Method: "POST", Path: "/"})
	if got.Status != "405 Method Not Allowed" || got.Header("Allow") != "GET, HEAD" {
		t.Errorf("POST: %s %v", got.Status, got.Headers)
	}
}
