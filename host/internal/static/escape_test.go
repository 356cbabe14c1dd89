package static_test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wasgi/wasgi/host/internal/static"
)

const secret = "secret"

// fortress is a folder with secrets around it, and in it what is not to be served, with links to all of them.
func fortress(t testing.TB) *site {
	t.Helper()
	s := newSite(t, map[string]string{
		"a.txt": "inside", "index.html": "inside", "sub/b.txt": "inside", "sub/index.html": "inside", ".well-known/a.txt": "inside",
		".env": secret, ".git/config": secret, "sub/.hidden/x.txt": secret, "sub/..x": secret, "...": secret, "..a/b": secret,
	})
	outside := filepath.Dir(s.dir)
	for _, name := range []string{"secret.txt", "index.html", "public2/secret.txt", "public.txt"} {
		path := filepath.Join(outside, filepath.FromSlash(name))
		must(t, os.MkdirAll(filepath.Dir(path), 0o700))
		must(t, os.WriteFile(path, []byte(secret), 0o600))
	}
	for name, target := range map[string]string{
		"inner.txt": "a.txt", "inner": "sub", "sub/up.txt": "../a.txt", "round": ".", "twice": "inner", "hidden.txt": "sub/b.txt",
		"out.txt": "../secret.txt", "out": "..", "outer": "../public2", "abs.txt": filepath.Join(outside, "secret.txt"), "abs": outside,
		"root": "/", "sub/far.txt": "../../secret.txt", "sub/far": "../..", "chain.txt": "out.txt", "chain": "twice/far",
		"zigzag.txt": "sub/../../public/../secret.txt", "back.txt": "../public/a.txt", "loop": "loop", "loop1": "loop2", "loop2": "loop1",
		"none": "gone", "proc": "/proc/self/environ", "style.css.gz": "../secret.txt", "deep": "sub/../sub/../sub/../..",
	} {
		s.link(t, target, name)
	}
	s.write(t, "style.css", "inside")
	return s
}

// Whatever is asked for, no byte from outside is answered with.
func TestNothingLeadsOut(t *testing.T) {
	t.Parallel()
	s := fortress(t)
	wanted := map[string]bool{ // what answers of all the rest
		"/a.txt": true, "/": true, "/sub/b.txt": true, "/sub/": true, "/.well-known/a.txt": true, "/inner.txt": true, "/inner/b.txt": true,
		"/inner/": true, "/sub/up.txt": true, "/round/a.txt": true, "/round/": true, "/round/round/a.txt": true, "/twice/b.txt": true,
		"/hidden.txt": true, "/style.css": true, "/inner/up.txt": true, "/index.html": true, "/sub/index.html": true,
	}
	names := []string{
		"a.txt", "", "sub/b.txt", "sub/", ".well-known/a.txt", "inner.txt", "inner/b.txt", "inner/", "sub/up.txt", "round/a.txt", "round/",
		"round/round/a.txt", "twice/b.txt", "hidden.txt", "style.css", "inner/up.txt", "index.html", "sub/index.html",
		"../secret.txt", "../index.html", "../", "../../", "sub/../../secret.txt", "sub/../a.txt", "./a.txt", "sub/./b.txt", "sub//b.txt", "/a.txt",
		"//a.txt", "a.txt/", "a.txt/..", "a.txt/../a.txt", "..", ".", "...", "..a/b", "sub/..x", ".env", ".git/config", ".git/", "sub/.hidden/x.txt",
		".well-known/../.env", ".well-knownx", "out.txt", "out/secret.txt", "out/", "out/public/a.txt", "outer/secret.txt", "outer/", "abs.txt",
		"abs/secret.txt", "abs/", "root/etc/passwd", "root/", "sub/far.txt", "sub/far/secret.txt", "chain.txt", "chain/secret.txt", "zigzag.txt",
		"back.txt", "loop", "loop/", "loop/a.txt", "loop1", "loop2/x", "none", "none/", "proc", "deep/secret.txt", "deep/public/a.txt",
		"\\..\\secret.txt", "..\\secret.txt", "sub\\b.txt", "a.txt\\", "C:\\secret.txt", "C:/secret.txt", "a.txt::$DATA", "a.txt ", "a.txt.",
		"a.txt\n", "\x00", "a.txt\x00", "a.txt\x00.png", "\xff", "a\xffb", "\u200b.env", "\u2060.git/config", "\ufeff.env", ".\u200benv",
		"NUL", "CON", "aux.txt", "sub/NUL", "PUBLIC~1/a.txt", "GIT~1/config", "%2e%2e/secret.txt", "..%2fsecret.txt", "%2e%2e%2fsecret.txt",
		"..;/secret.txt", "..\u2215secret.txt", "\uff0e\uff0e/secret.txt", ".../secret.txt", "....//secret.txt", "~/secret.txt", "~root/x",
		"public/a.txt", "../public/a.txt", "../public2/secret.txt", "../public.txt",
		strings.Repeat("a", 255), strings.Repeat("a", 256), strings.Repeat("a/", 2047) + "a", strings.Repeat("a/", 5000),
		strings.Repeat("round/", 30) + "a.txt", strings.Repeat("round/", 300) + "a.txt", strings.Repeat("../", 1000) + "etc/passwd",
	}
	for i, prefix := 0, ""; i < 3; i++ { // the same below folders and links
		for _, name := range names {
			path := "/" + prefix + name
			got := s.ask(path)
			if strings.Contains(got.Body.String(), secret) || strings.Contains(got.Body.String(), "root:") {
				t.Errorf("%.80q: %q", path, got.Body)
			}
			switch {
			case prefix == "" && wanted[path] && (got.Code != 200 || got.Body.String() != "inside"):
				t.Errorf("%q: %d %q, want what is inside", path, got.Code, got.Body)
			case got.Code == 200 && got.Body.String() != "inside":
				t.Errorf("%.80q: %d %q", path, got.Code, got.Body)
			case prefix == "" && got.Code == 200 && !wanted[path] && !strings.HasPrefix(path, "/round/"):
				t.Errorf("%.80q answers", path)
			}
		}
		prefix = []string{"sub/", "round/", ""}[i]
	}
	if got := s.ask("/style.css", "Accept-Encoding: gzip"); got.Body.String() != "inside" || got.Header().Get("Content-Encoding") != "" {
		t.Errorf("a coding behind a link that leads out: %q", got.Body)
	}
}

// An operator may learn why a link is not followed; what is simply not there is no news.
func TestWhyNothingAnswers(t *testing.T) {
	t.Parallel()
	s := fortress(t)
	for _, path := range []string{"/nothing", "/loop", "/none", "/a.txt/b", "/.env", "/" + strings.Repeat("a", 300)} {
		if _, err := s.folder.Find(path, nil); err != static.ErrNone {
			t.Errorf("%.20s: %v, want %v alone", path, err, static.ErrNone)
		}
	}
	for _, path := range []string{"/out.txt", "/out/secret.txt", "/sub/far.txt", "/abs.txt"} {
		if _, err := s.folder.Find(path, nil); !errors.Is(err, static.ErrNone) || !strings.Contains(fmt.Sprint(err), "escapes") {
			t.Errorf("%s: %v, want a cause", path, err)
		}
	}
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{
		"index.html": "top", "sub/index.html": "sub", "plain/a.txt": "a", "a b#c/index.html": "x", "a:b/index.html": "x", `\evil/index.html`: "x",
		"odd/index.html/index.html": "x",
	})
	for path, want := range map[string]string{
		"/sub": "./sub/", "/a b#c": "./a%20b%23c/", "/a:b": "./a:b/", `/\evil`: "./%5Cevil/", "/plain": "", "/plain/": "",
		"/odd/": "", "/odd": "", "/sub/": "", "/sub//": "",
	} {
		got := s.ask(path)
		if location := got.Header().Get("Location"); location != want || (got.Code == http.StatusPermanentRedirect) != (want != "") {
			t.Errorf("%q: %d to %q, want %q", path, got.Code, location, want)
		}
	}
	if got := s.send(http.MethodHead, "/sub"); got.Code != http.StatusPermanentRedirect || got.Header().Get("Cache-Control") != "no-cache" {
		t.Errorf("HEAD: %d %v", got.Code, got.Header())
	}
}

// FuzzFind: whatever the path is, what answers is a file inside of the folder, and none that is hidden.
func FuzzFind(f *testing.F) {
	for _, path := range []string{"/a.txt", "/sub/../out.txt", "/out/secret.txt", "/round/out.txt", "/.env", "/chain/secret.txt", "/abs.txt", "", "/sub/"} {
		f.Add(path, "gzip, br")
	}
	s := fortress(f)
	f.Fuzz(func(t *testing.T, path, accept string) {
		if path != "" && path[0] != '/' {
			path = "/" + path
		}
		got := s.ask(path, "Accept-Encoding: "+accept)
		switch got.Code {
		case http.StatusOK:
			if got.Body.String() != "inside" {
				t.Fatalf("%q: %q", path, got.Body)
			}
		case http.StatusPermanentRedirect, http.StatusTeapot:
		default:
			t.Fatalf("%q: %d", path, got.Code)
		}
	})
}
