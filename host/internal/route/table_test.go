package route_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/wasgi/wasgi/host/internal/route"
)

// newTable makes a table from "host/path" strings, each its own target; the host "any" stands for "".
func newTable(t testing.TB, mounts ...string) *route.Table[string] {
	t.Helper()
	list := make([]route.Mount[string], 0, len(mounts))
	for _, m := range mounts {
		slash := strings.IndexByte(m, '/')
		host, path := m[:slash], m[slash:]
		if host == "any" {
			host = ""
		}
		list = append(list, route.Mount[string]{Host: host, Path: path, Target: m})
	}
	table, err := route.New(list)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// lookups are tried on the mounts /, /a, /a/b, /a/bc/d, /api/users, /é, /100%, "/a b" and /deep/x/y/z: the mount that
// wins (SCRIPT_NAME) and what is left (PATH_INFO).
var lookups = []struct{ path, script, info string }{
	{"", "", "/"},
	{"/", "", "/"},
	{"//", "", "//"},
	{"///", "", "///"},
	{"/x", "", "/x"},
	{"/x/y", "", "/x/y"},
	{"/x/a", "", "/x/a"},
	{"/x/a/b", "", "/x/a/b"},
	{"/a", "/a", ""},
	{"/a/", "/a", "/"},
	{"/a//", "/a", "//"},
	{"/a/c", "/a", "/c"},
	{"/a/c/", "/a", "/c/"},
	{"/a//b", "/a", "//b"},
	{"/a/a/b", "/a", "/a/b"},
	{"/ab", "", "/ab"},
	{"/aa", "", "/aa"},
	{"/a.", "", "/a."},
	{"/a-b", "", "/a-b"},
	{"/a;x", "", "/a;x"},
	{"/a:", "", "/a:"},
	{"/a%3b", "", "/a;"},
	{"/A", "", "/A"},
	{"/%41", "", "/A"},
	{"/%61", "/a", ""},
	{"/%61/", "/a", "/"},
	{"/%61/%62", "/a/b", ""},
	{"/%61%62", "", "/ab"},
	{"//a", "", "//a"},
	{"//a/b", "", "//a/b"},
	{"/a/b", "/a/b", ""},
	{"/a/b/", "/a/b", "/"},
	{"/a/b//", "/a/b", "//"},
	{"/a/b/c", "/a/b", "/c"},
	{"/a/b/c/d/e", "/a/b", "/c/d/e"},
	{"/a/bb", "/a", "/bb"},
	{"/a/B", "/a", "/B"},
	{"/a/bc", "/a", "/bc"},
	{"/a/bc/", "/a", "/bc/"},
	{"/a/bc/d", "/a/bc/d", ""},
	{"/a/bc/d/e", "/a/bc/d", "/e"},
	{"/a/bc/dd", "/a", "/bc/dd"},
	{"/a/bc//d", "/a", "/bc//d"},
	{"/api", "", "/api"},
	{"/api/", "", "/api/"},
	{"/api/user", "", "/api/user"},
	{"/api/users", "/api/users", ""},
	{"/api/users/", "/api/users", "/"},
	{"/api/users/42", "/api/users", "/42"},
	{"/api/usersx", "", "/api/usersx"},
	{"/api//users", "", "/api//users"},
	{"/api/users/42/..x", "/api/users", "/42/..x"},
	{"/a%2fb", "", "/a/b"},
	{"/a%2Fb", "", "/a/b"},
	{"/a%2f", "", "/a/"},
	{"/a%2fb/", "", "/a/b/"},
	{"/a%2fb/c", "", "/a/b/c"},
	{"/%2fa", "", "//a"},
	{"/%2fa/b", "", "//a/b"},
	{"/%2f", "", "//"},
	{"/a/%2f", "/a", "//"},
	{"/a/%2fb", "/a", "//b"},
	{"/a/b%2f", "/a", "/b/"},
	{"/a/b%2fc", "/a", "/b/c"},
	{"/a/b/%2f", "/a/b", "//"},
	{"/a/b/c%2fd", "/a/b", "/c/d"},
	{"/a/b/%2f%2f%2f", "/a/b", "////"},
	{"/api%2fusers", "", "/api/users"},
	{"/api/users%2f42", "", "/api/users/42"},
	{"/api/users/4%2f2", "/api/users", "/4/2"},
	{"/api/users/4%2f2/a/b", "/api/users", "/4/2/a/b"},
	{"/%61%2fb", "", "/a/b"},
	{"/%61/b%2fc", "/a", "/b/c"},
	{"/a%252fb", "", "/a%2fb"},
	{"/a/%252e%252e/x", "/a", "/%2e%2e/x"},
	{"/a/b%252fc", "/a", "/b%2fc"},
	{"/é", "/é", ""},
	{"/%c3%a9", "/é", ""},
	{"/%C3%A9/x", "/é", "/x"},
	{"/%c3", "", "/\xc3"},
	{"/%e9", "", "/\xe9"},
	{"/e%cc%81", "", "/e\u0301"},
	{"/%c3%89", "", "/É"},
	{"/100%25", "/100%", ""},
	{"/100%25/x", "/100%", "/x"},
	{"/100", "", "/100"},
	{"/100%2525", "", "/100%25"},
	{"/a%20b", "/a b", ""},
	{"/a%20b/c", "/a b", "/c"},
	{"/a+b", "", "/a+b"},
	{"/a%09b", "", "/a\tb"},
	{"/deep", "", "/deep"},
	{"/deep/x", "", "/deep/x"},
	{"/deep/x/y", "", "/deep/x/y"},
	{"/deep/x/y/", "", "/deep/x/y/"},
	{"/deep/x/y/z", "/deep/x/y/z", ""},
	{"/deep/x/y/z/", "/deep/x/y/z", "/"},
	{"/deep/x/y/zz", "", "/deep/x/y/zz"},
	{"/deep/x%2fy/z", "", "/deep/x/y/z"},
	{"/a/%ff%fe", "/a", "/\xff\xfe"},
	{"/a/%0d%0aSet-Cookie:%20x", "/a", "/\r\nSet-Cookie: x"},
	{"/a/?", "/a", "/?"},
	{"/a%3f", "", "/a?"},
	{"/a%23", "", "/a#"},
	{"/a/.hidden", "/a", "/.hidden"},
	{"/a/...", "/a", "/..."},
	{"/a\\b", "", "/a\\b"},
	{"/a%5cb", "", "/a\\b"},
	{"/" + strings.Repeat("a", 5000), "", "/" + strings.Repeat("a", 5000)},
	{"/a/" + strings.Repeat("b", 5000), "/a", "/" + strings.Repeat("b", 5000)},
	{strings.Repeat("/a", 3000), "/a", strings.Repeat("/a", 2999)},
	{strings.Repeat("/", 3000), "", strings.Repeat("/", 3000)},
}

var mountsWithoutRoot = []string{
	"any/a", "any/a/b", "any/a/bc/d", "any/api/users", "any/é", "any/100%", "any/a b", "any/deep/x/y/z",
}

// split looks a path up as the gateway does.
func split(t *testing.T, table *route.Table[string], path string) (target, script, info string, ok bool) {
	t.Helper()
	decoded, n, err := route.Split(path)
	if err != nil {
		t.Fatalf("%q: %v", path, err)
	}
	target, script, ok = table.Lookup("example.com", decoded[:n])
	if !ok {
		return "", "", decoded, false
	}
	if !strings.HasPrefix(decoded, script) {
		t.Fatalf("%q: mount %q is no prefix of %q", path, script, decoded)
	}
	return target, script, decoded[len(script):], true
}

func TestLookupSplitsThePath(t *testing.T) {
	t.Parallel()
	table := newTable(t, append([]string{"any/"}, mountsWithoutRoot...)...)
	for _, c := range lookups {
		target, script, info, ok := split(t, table, c.path)
		want := "any" + c.script
		if c.script == "" {
			want = "any/"
		}
		if !ok || target != want || script != c.script || info != c.info {
			t.Errorf("%.60q: got %q + %.60q of %q, %v, want %q + %.60q", c.path, script, info, target, ok, c.script, c.info)
		}
	}
}

// Without a mount at "/", whatever it answered is found nowhere, and nothing else changes.
func TestLookupWithoutARootMount(t *testing.T) {
	t.Parallel()
	table := newTable(t, mountsWithoutRoot...)
	for _, c := range lookups {
		_, script, info, ok := split(t, table, c.path)
		if ok != (c.script != "") || script != c.script || info != c.info {
			t.Errorf("%.60q: got %q + %.60q, %v, want %q", c.path, script, info, ok, c.script)
		}
	}
}

func TestLookupOfWhatIsNoPath(t *testing.T) {
	t.Parallel()
	table := newTable(t, "any/", "any/a")
	for _, path := range []string{"*", "a", "a/b", "example.com:443"} {
		if got, mount, ok := table.Lookup("", path); ok || got != "" || mount != "" {
			t.Errorf("%q: got %q, %q, %v, want nothing", path, got, mount, ok)
		}
	}
}

func TestAnEmptyTableAnswersNothing(t *testing.T) {
	t.Parallel()
	if _, _, ok := newTable(t).Lookup("example.com", "/"); ok {
		t.Error("found something")
	}
}

func TestPathsOfMountsAreChecked(t *testing.T) {
	t.Parallel()
	cases := []struct{ path, text string }{
		{"/", ""},
		{"/a", ""},
		{"/a/b.c/..d", ""},
		{"/100%", ""},
		{"/%2", ""},
		{"/a b?#", ""},
		{"/\xff", ""},
		{"", `mount "": a path begins with a slash`},
		{"a", `mount "a": a path begins with a slash`},
		{"//", `mount "//": a path other than / ends without a slash`},
		{"/a/", `mount "/a/": a path other than / ends without a slash`},
		{"//a", `mount "//a": a path holds no empty segment`},
		{"/a//b", `mount "/a//b": a path holds no empty segment`},
		{"/.", `mount "/.": a path holds no segment "."`},
		{"/a/../b", `mount "/a/../b": a path holds no segment ".."`},
		{"/a\x00", `mount "/a\x00": a path holds no control character (0x00)`},
		{"/a\nb", `mount "/a\nb": a path holds no control character (0x0a)`},
		{"/a\x7f", `mount "/a\x7f": a path holds no control character (0x7f)`},
		{"/a%20b", `mount "/a%20b": a path is written decoded, without the escape "%20"`},
		{"/a%2fb", `mount "/a%2fb": a path is written decoded, without the escape "%2f"`},
	}
	for _, c := range cases {
		_, err := route.New([]route.Mount[int]{{Path: c.path}})
		if got := text(err); got != c.text {
			t.Errorf("%q:\n got %s\nwant %s", c.path, got, c.text)
		}
	}
}

func TestDuplicatesAreNamed(t *testing.T) {
	t.Parallel()
	type mounts = []route.Mount[int]
	cases := []struct {
		name   string
		mounts mounts
		text   string
	}{
		{"same path", mounts{{Path: "/a"}, {Path: "/b"}, {Path: "/a"}},
			`mount "/a" (number 2): already taken by mount "/a" (number 0)`},
		{"root", mounts{{Path: "/"}, {Path: "/"}},
			`mount "/" (number 1): already taken by mount "/" (number 0)`},
		{"one host in two spellings", mounts{{Path: "/a"}, {Host: "x.org", Path: "/a"}, {Host: "X.ORG.", Path: "/a"}},
			`mount "X.ORG./a" (number 2): already taken by mount "x.org/a" (number 1)`},
		{"one address in two spellings", mounts{{Host: "::1", Path: "/"}, {Host: "[0:0::1]", Path: "/"}},
			`mount "[0:0::1]/" (number 1): already taken by mount "::1/" (number 0)`},
	}
	for _, c := range cases {
		table, err := route.New(c.mounts)
		var duplicate *route.DuplicateError
		if !errors.As(err, &duplicate) || err.Error() != c.text || table != nil {
			t.Errorf("%s:\n got %v\nwant %s", c.name, err, c.text)
		}
	}
	if _, err := route.New(mounts{{Path: "/a"}, {Host: "x.org", Path: "/a"}, {Host: "y.org", Path: "/a"}}); err != nil {
		t.Errorf("one path on three hosts: %v", err)
	}
}

// It counts the allocations of the whole process, so it runs alone and not in parallel.
func TestLookupAllocatesNothing(t *testing.T) {
	table := newTable(t, "any/", "any/a/b", "example.com/a", "[::1]/x", "*.example.com/x")
	for _, c := range [][2]string{
		{"example.com", "/a/b"}, {"EXAMPLE.com.:8080", "/a/b/c"}, {"[::1]:80", "/x"}, {"[[[", "/x"}, {"", "*"}, {"a.example.com", "/x"},
		{strings.Repeat("x", 1<<16), strings.Repeat("/a", 1<<16)},
	} {
		if n := testing.AllocsPerRun(100, func() { table.Lookup(c[0], c[1]) }); n != 0 {
			t.Errorf("%.30q: %v allocations, want 0", c, n)
		}
	}
}

// A path's length must not matter: the two have the same few segments to look at.
func BenchmarkLookup(b *testing.B) {
	mounts := []string{"any/", "any/a/b", "any/api/users", "example.com/shop/cart"}
	table, wild := newTable(b, mounts...), newTable(b, append(mounts, "*.example.com/shop")...)
	for _, c := range []struct {
		name, host, path string
		table            *route.Table[string]
	}{
		{"short", "example.com", "/shop/cart/1", table},
		{"long", "example.com", "/shop/cart" + strings.Repeat("/1", 1<<20), table},
		{"wide", "example.com", "/shop/" + strings.Repeat("1", 1<<21), table},
		{"other", "www.example.com", "/shop/cart/1", table},
		{"exact", "example.com", "/shop/cart/1", wild},
		{"wildcard", "www.example.com", "/shop/cart/1", wild},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.table.Lookup(c.host, c.path)
			}
		})
	}
}
