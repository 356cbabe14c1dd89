package route_test

import (
	"strings"
	"testing"

	"github.com/wasgi/wasgi/host/internal/route"
)

func TestCanonicalHost(t *testing.T) {
	t.Parallel()
	cases := []struct{ in, want string }{
		{"", ""},
		{"example.com", "example.com"},
		{"EXAMPLE.com", "example.com"},
		{"example.com.", "example.com"},
		{"example.com..", "example.com."},
		{"example.com:80", "example.com"},
		{"example.com:", "example.com"},
		{"example.com.:8080", "example.com"},
		{"Example.COM.:65535", "example.com"},
		{"example.com:abc", "example.com:abc"},
		{"example.com:80a", "example.com:80a"},
		{"example.com:-1", "example.com:-1"},
		{"evil.com@example.com", "evil.com@example.com"},
		{"localhost", "localhost"},
		{"LOCALHOST:8000", "localhost"},
		{"192.0.2.1", "192.0.2.1"},
		{"192.0.2.1:80", "192.0.2.1"},
		{"[::1]", "::1"},
		{"[::1]:80", "::1"},
		{"[::1]:", "::1"},
		{"::1", "::1"},
		{"[2001:DB8::A]:443", "2001:db8::a"},
		{"2001:DB8::A", "2001:db8::a"},
		{"[::ffff:192.0.2.1]:80", "::ffff:192.0.2.1"},
		{"[::1", "[::1"},
		{"[::1]x", "[::1]x"},
		{"[::1].", "[::1]"},
		{"[::1]:x", "[::1]:x"},
		{"[example.com]", "[example.com]"},
		{"[]", "[]"},
		{"[", "["},
		{":80", ""},
		{".", ""},
		{"xn--bcher-kva.example", "xn--bcher-kva.example"},
		{"BÜCHER.example", "bÜcher.example"},
		{"\xff", "\xff"},
	}
	for _, c := range cases {
		if got := route.CanonicalHost(c.in); got != c.want {
			t.Errorf("%q: got %q, want %q", c.in, got, c.want)
		}
	}
}

func TestHostsOfMountsAreChecked(t *testing.T) {
	t.Parallel()
	cases := []struct{ host, text string }{
		{"example.com", ""},
		{"Example.COM.", ""},
		{"a_b.example", ""},
		{"192.0.2.1", ""},
		{"::1", ""},
		{"[::1]", ""},
		{"[2001:DB8:0:0::A]", ""},
		{strings.Repeat("a", 253), ""},
		{"example.com:80", `mount "example.com:80/": a host is written without a port`},
		{"example.com:", `mount "example.com:/": a host is written without a port`},
		{"[::1]:80", `mount "[::1]:80/": a host is written without a port`},
		{".", `mount "./": the host is empty`},
		{":80", `mount ":80/": the host is empty`},
		{"*.example.com", ""},
		{"*.Example.com.", ""},
		{"*.com", ""},
		{"*", `mount "*/": a wildcard stands for the first label of a host, and for all of it: *.example.com`},
		{"*.", `mount "*./": a wildcard stands for the first label of a host, and for all of it: *.example.com`},
		{"*..", `mount "*../": the host is empty`},
		{"*.*.com", `mount "*.*.com/": a wildcard stands for the first label of a host, and for all of it: *.example.com`},
		{"a.*.com", `mount "a.*.com/": a wildcard stands for the first label of a host, and for all of it: *.example.com`},
		{"a*.com", `mount "a*.com/": a wildcard stands for the first label of a host, and for all of it: *.example.com`},
		{"*.example.com:80", `mount "*.example.com:80/": a host is written without a port`},
		{"*.2.0.192", `mount "*.2.0.192/": a wildcard stands for a label of a name, not for part of an address`},
		{"*.::1", `mount "*.::1/": a host holds letters, digits, hyphens and single dots`},
		{".example.com", `mount ".example.com/": a host holds letters, digits, hyphens and single dots`},
		{"a..b", `mount "a..b/": a host holds letters, digits, hyphens and single dots`},
		{"a..", `mount "a../": a host holds letters, digits, hyphens and single dots`},
		{"a b", `mount "a b/": a host holds letters, digits, hyphens and single dots`},
		{"a/b", `mount "a/b/": a host holds letters, digits, hyphens and single dots`},
		{"[::1", `mount "[::1/": a host holds letters, digits, hyphens and single dots`},
		{"[example.com]", `mount "[example.com]/": a host holds letters, digits, hyphens and single dots`},
		{"fe80::1%eth0", `mount "fe80::1%eth0/": a host holds letters, digits, hyphens and single dots`},
		{"bücher.example", `mount "bücher.example/": a host is written in its ASCII form (xn--…)`},
		{strings.Repeat("a", 254), `mount "` + strings.Repeat("a", 254) + `/": the host is longer than 253 bytes`},
	}
	for _, c := range cases {
		_, err := route.New([]route.Mount[int]{{Host: c.host, Path: "/"}})
		if got := text(err); got != c.text {
			t.Errorf("%q:\n got %s\nwant %s", c.host, got, c.text)
		}
	}
}

func TestLookupByHost(t *testing.T) {
	t.Parallel()
	table := newTable(t,
		"any/", "any/shared", "any/shared/deep",
		"example.com/shared", "example.com/own", "example.com/own/deep",
		"EXAMPLE.org./",
		"[2001:DB8:0:0:0:0:0:1]/six",
		"192.0.2.1/four",
	)
	cases := []struct{ host, path, want string }{
		{"", "/", "any/"},
		{"other", "/", "any/"},
		{"other", "/shared/deep/x", "any/shared/deep"},
		{"example.com", "/", "any/"},
		{"example.com", "/x", "any/"},
		{"example.com", "/own", "example.com/own"},
		{"example.com", "/own/deep/x", "example.com/own/deep"},
		{"example.com", "/owner", "any/"},
		// Its very host wins over a longer mount for any host.
		{"example.com", "/shared/deep", "example.com/shared"},
		{"EXAMPLE.COM", "/own", "example.com/own"},
		{"example.com.", "/own", "example.com/own"},
		{"Example.com.:8080", "/own", "example.com/own"},
		{"example.com:80", "/own", "example.com/own"},
		{"sub.example.com", "/own", "any/"},
		{"example.co", "/own", "any/"},
		{"example.comm", "/own", "any/"},
		{"example.com:x", "/own", "any/"},
		{"[example.com]", "/own", "any/"},
		{"example.org", "/shared", "EXAMPLE.org./"},
		{"example.org:443", "/", "EXAMPLE.org./"},
		{"[2001:db8::1]", "/six", "[2001:DB8:0:0:0:0:0:1]/six"},
		{"[2001:DB8::1]:443", "/six/x", "[2001:DB8:0:0:0:0:0:1]/six"},
		{"2001:db8::1", "/six", "[2001:DB8:0:0:0:0:0:1]/six"},
		{"[2001:db8::2]", "/six", "any/"},
		{"192.0.2.1:80", "/four", "192.0.2.1/four"},
		{"192.0.2.10", "/four", "any/"},
		{strings.Repeat("a", 253), "/own", "any/"},
		{strings.Repeat("a", 100_000), "/own", "any/"},
	}
	for _, c := range cases {
		got, _, ok := table.Lookup(c.host, c.path)
		if !ok || got != c.want {
			t.Errorf("%.40q %q: got %q, %v, want %q", c.host, c.path, got, ok, c.want)
		}
	}
}

// The very host comes before a wildcard, and a wildcard before any host; each only where its paths match.
func TestLookupByWildcard(t *testing.T) {
	t.Parallel()
	table := newTable(t,
		"any/", "any/any/deep",
		"*.example.com/", "*.example.com/wild", "*.example.com/any",
		"www.example.com/www", "www.example.com/wild",
		"*.a.example.com/a", "*.org/",
	)
	cases := []struct{ host, path, want string }{
		{"x.example.com", "/", "*.example.com/"},
		{"X.Example.COM.:8080", "/wild/x", "*.example.com/wild"},
		{"x_y.example.com", "/", "*.example.com/"},
		{"x.example.com", "/any/deep", "*.example.com/any"},
		{"www.example.com", "/www", "www.example.com/www"},
		{"www.example.com", "/wild", "www.example.com/wild"},
		{"www.example.com", "/any", "*.example.com/any"},
		{"a.example.com", "/a", "*.example.com/"},
		{"x.a.example.com", "/a", "*.a.example.com/a"},
		{"x.a.example.com", "/", "any/"},
		{"example.com", "/", "any/"},
		{".example.com", "/", "any/"},
		{"*.example.com", "/", "any/"},
		{"x y.example.com", "/", "any/"},
		{"a:b.example.com", "/", "any/"},
		{"xexample.com", "/", "any/"},
		{"a.org", "/", "*.org/"},
		{"org", "/", "any/"},
		{strings.Repeat("a", 253-len(".example.com")) + ".example.com.:65535", "/", "*.example.com/"},
		{strings.Repeat("a", 1000) + ".example.com", "/", "any/"},
		{"[::1]", "/", "any/"},
		{"", "/", "any/"},
	}
	for _, c := range cases {
		got, _, ok := table.Lookup(c.host, c.path)
		if !ok || got != c.want {
			t.Errorf("%.40q %q: got %q, %v, want %q", c.host, c.path, got, ok, c.want)
		}
	}
}

func TestAHostMountAloneAnswersNobodyElse(t *testing.T) {
	t.Parallel()
	table := newTable(t, "example.com/")
	for _, host := range []string{"", ".", "other", "example.com.evil", strings.Repeat("a", 1000)} {
		if got, _, ok := table.Lookup(host, "/"); ok {
			t.Errorf("%.40q: got %q, want nothing", host, got)
		}
	}
}

func TestTheLongestHostIsFoundWithAllThatMayFollowIt(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 253)
	table := newTable(t, long+"/")
	if _, _, ok := table.Lookup(strings.ToUpper(long)+".:65535", "/"); !ok {
		t.Error("not found")
	}
}
