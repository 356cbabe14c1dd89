package route_test

import (
	"testing"

	"github.com/wasgi/wasgi/host/internal/route"
)

// good paths: what they decode to, and how much of that a mount may match.
var good = []struct {
	in, decoded, matchable string
}{
	{"", "/", "/"},
	{"/", "/", "/"},
	{"/a", "/a", "/a"},
	{"/a/", "/a/", "/a/"},
	{"//", "//", "//"},
	{"//a", "//a", "//a"},
	{"/a//b", "/a//b", "/a//b"},
	{"/%61", "/a", "/a"},
	{"/%41%5A", "/AZ", "/AZ"},
	{"/%c3%a9", "/é", "/é"},
	{"/%C3%A9", "/é", "/é"},
	{"/%ff%FE", "/\xff\xfe", "/\xff\xfe"},
	{"/é", "/é", "/é"},
	{"/a%20b", "/a b", "/a b"},
	{"/a+b", "/a+b", "/a+b"},
	{"/%25", "/%", "/%"},
	{"/%252e%252e", "/%2e%2e", "/%2e%2e"},
	{"/%252f", "/%2f", "/%2f"},
	{"/a%2500", "/a%00", "/a%00"},
	{"/%3f%23", "/?#", "/?#"},
	{"/%01%7f", "/\x01\x7f", "/\x01\x7f"},
	{"/%0d%0a", "/\r\n", "/\r\n"},
	{"/%5c..%5c", `/\..\`, `/\..\`},
	{"/a;b=1", "/a;b=1", "/a;b=1"},
	{"/%2f", "//", ""},
	{"/%2F", "//", ""},
	{"/%2fa", "//a", ""},
	{"/a%2f", "/a/", ""},
	{"/a%2fb", "/a/b", ""},
	{"/a%2Fb/c", "/a/b/c", ""},
	{"/a/%2f", "/a//", "/a"},
	{"/a/b%2fc", "/a/b/c", "/a"},
	{"/a/b%2fc/d%2fe", "/a/b/c/d/e", "/a"},
	{"/a/b/%2f%2f", "/a/b///", "/a/b"},
	{"//%2f", "///", "/"},
	{"/%61/b%2fc", "/a/b/c", "/a"},
	{"/a%252fb", "/a%2fb", "/a%2fb"},
	{"/.a", "/.a", "/.a"},
	{"/a.", "/a.", "/a."},
	{"/..a", "/..a", "/..a"},
	{"/a..", "/a..", "/a.."},
	{"/...", "/...", "/..."},
	{"/a/....", "/a/....", "/a/...."},
	{"/a.b/.c/d.", "/a.b/.c/d.", "/a.b/.c/d."},
	{"/%2e%2e%2e", "/...", "/..."},
	{"/%2ehidden", "/.hidden", "/.hidden"},
	{"/.%20", "/. ", "/. "},
}

// bad paths, with the whole text of their refusal.
var bad = []struct {
	in, text string
}{
	{"a", "path: does not begin with a slash"},
	{"*", "path: does not begin with a slash"},
	{"a/b", "path: does not begin with a slash"},
	{"%2fa", "path: does not begin with a slash"},
	{"../a", "path: does not begin with a slash"},
	{`\a`, "path: does not begin with a slash"},
	{"/.", `path: holds the segment "."`},
	{"/..", `path: holds the segment ".."`},
	{"/./", `path: holds the segment "."`},
	{"/../", `path: holds the segment ".."`},
	{"/a/.", `path: holds the segment "."`},
	{"/a/..", `path: holds the segment ".."`},
	{"/a/./b", `path: holds the segment "."`},
	{"/a/../b", `path: holds the segment ".."`},
	{"//..", `path: holds the segment ".."`},
	{"/.a/..", `path: holds the segment ".."`},
	{"/.../..", `path: holds the segment ".."`},
	{"/%2e", `path: holds the segment "."`},
	{"/%2E", `path: holds the segment "."`},
	{"/%2e%2e", `path: holds the segment ".."`},
	{"/%2E%2e/", `path: holds the segment ".."`},
	{"/.%2e", `path: holds the segment ".."`},
	{"/%2e.", `path: holds the segment ".."`},
	{"/a/%2e%2e/b", `path: holds the segment ".."`},
	{"/%2e%2e%2f", `path: holds the segment ".."`},
	{"/a%2f..", `path: holds the segment ".."`},
	{"/a%2f..%2fb", `path: holds the segment ".."`},
	{"/a%2f%2e%2e%2fb", `path: holds the segment ".."`},
	{"/a%2f.%2fb", `path: holds the segment "."`},
	{"/..%2fa", `path: holds the segment ".."`},
	{"/%2f..", `path: holds the segment ".."`},
	{"/%00", "path: holds a NUL byte"},
	{"/a%00b", "path: holds a NUL byte"},
	{"/a\x00b", "path: holds a NUL byte"},
	{"/..%00", "path: holds a NUL byte"},
	{"/%", `path: malformed escape "%"`},
	{"/%2", `path: malformed escape "%2"`},
	{"/a%", `path: malformed escape "%"`},
	{"/%zz", `path: malformed escape "%zz"`},
	{"/%2g", `path: malformed escape "%2g"`},
	{"/%g2", `path: malformed escape "%g2"`},
	{"/%%41", `path: malformed escape "%%4"`},
	{"/% 2", `path: malformed escape "% 2"`},
	{"/%u002e", `path: malformed escape "%u0"`},
	{"/%\x00\x00", `path: malformed escape "%\x00\x00"`},
	{"/%25%", `path: malformed escape "%"`},
	{"/%-1", `path: malformed escape "%-1"`},
	{"/%/a", `path: malformed escape "%/a"`},
}

func TestSplitDecodes(t *testing.T) {
	t.Parallel()
	for _, c := range good {
		decoded, n, err := route.Split(c.in)
		if err != nil {
			t.Errorf("%q: %v", c.in, err)
			continue
		}
		if decoded != c.decoded || decoded[:n] != c.matchable {
			t.Errorf("%q: got %q, matchable %q, want %q, matchable %q", c.in, decoded, decoded[:n], c.decoded, c.matchable)
		}
	}
}

func TestSplitRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range bad {
		decoded, n, err := route.Split(c.in)
		if err == nil || err.Error() != c.text {
			t.Errorf("%q: got %q, error %v, want %s", c.in, decoded, err, c.text)
		}
		if decoded != "" || n != 0 {
			t.Errorf("%q: got %q, %d beside the error", c.in, decoded, n)
		}
	}
}

func TestSplitOfAPlainPathAllocatesNothing(t *testing.T) {
	n := testing.AllocsPerRun(100, func() {
		if _, _, err := route.Split("/api/users/42/posts.html"); err != nil {
			t.Fatal(err)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}
