package route_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/wasgi/wasgi/host/internal/route"
)

// FuzzSplit: what is accepted is what net/url decodes, holds no dot segment and no NUL, and its matchable part ends where
// a segment does, before the first encoded slash and as far on as that allows.
func FuzzSplit(f *testing.F) {
	for _, c := range good {
		f.Add(c.in)
	}
	for _, c := range bad {
		f.Add(c.in)
	}
	f.Fuzz(func(t *testing.T, in string) {
		want, wantErr := naiveSplit(in)
		decoded, n, err := route.Split(in)
		if (err != nil) != wantErr {
			t.Fatalf("%q: error %v, want an error: %v", in, err, wantErr)
		}
		if err != nil {
			return
		}
		if in == "" {
			in = "/"
		}
		if decoded != want {
			t.Fatalf("%q: got %q, want %q", in, decoded, want)
		}
		if got, want := decoded[:n], naiveMatchable(in); got != want {
			t.Fatalf("%q: matchable %q, want %q", in, got, want)
		}
	})
}

func naiveSplit(in string) (decoded string, refused bool) {
	if in == "" {
		return "/", false
	}
	decoded, err := url.PathUnescape(in)
	if err != nil || in[0] != '/' || strings.Contains(decoded, "\x00") {
		return "", true
	}
	for _, segment := range strings.Split(decoded, "/") {
		if segment == "." || segment == ".." {
			return "", true
		}
	}
	return decoded, false
}

// naiveMatchable decodes segment by segment, up to the first that holds an encoded slash.
func naiveMatchable(in string) string {
	var out strings.Builder
	for _, segment := range strings.Split(in, "/")[1:] {
		decoded, err := url.PathUnescape(segment)
		if err != nil || strings.Contains(decoded, "/") {
			break
		}
		out.WriteString("/" + decoded)
	}
	return out.String()
}

// FuzzLookup compares the tree with the rule itself, tried on one mount after the other. Mounts are the lines of a text,
// "host/path" each.
func FuzzLookup(f *testing.F) {
	f.Add("/\n/a\n/a/b\nx.org/a", "x.org", "/a/b/c")
	f.Add("/a\n/a/bb\n/a/b/c", "", "/a/b")
	f.Add("X.org/\n[::1]/a", "[::1]:80", "/a%2fb")
	f.Add("/a\n/aa\n/aaa", "y", "/aa/a")
	f.Add("/\n*.x.org/a\nx.org/\na.x.org/b\n*.org/a/b", "A.x.org:80", "/a/b")
	f.Fuzz(func(t *testing.T, mounts, host, path string) {
		var list []route.Mount[string]
		for line := range strings.Lines(mounts) {
			line = strings.TrimSuffix(line, "\n")
			slash := max(strings.IndexByte(line, '/'), 0)
			list = append(list, route.Mount[string]{Host: line[:slash], Path: line[slash:], Target: line})
		}
		table, err := route.New(list)
		if err != nil {
			return
		}
		decoded, n, err := route.Split(path)
		if err != nil {
			return
		}
		want, found := naiveLookup(t, list, host, decoded[:n])
		got, mount, ok := table.Lookup(host, decoded[:n])
		if ok != found || got != want.Target {
			t.Fatalf("%q on %q: got %q, %v, want %q, %v", path, host, got, ok, want.Target, found)
		}
		if ok && mount != strings.TrimSuffix(want.Path, "/") {
			t.Fatalf("%q on %q: mount %q, want %q", path, host, mount, want.Path)
		}
		if info := decoded[len(mount):]; ok && mount+info != decoded || info != "" && info[0] != '/' {
			t.Fatalf("%q: %q + %q is not %q", path, mount, info, decoded)
		}
	})
}

// naiveLookup tries each mount alone. Whether a mount is for the host is asked of a table that holds just that host, so
// that the spelling of addresses is not repeated here.
func naiveLookup(t *testing.T, list []route.Mount[string], host, path string) (best route.Mount[string], found bool) {
	t.Helper()
	for _, m := range list {
		prefix := strings.TrimSuffix(m.Path, "/")
		if path != prefix && !strings.HasPrefix(path, prefix+"/") {
			continue
		}
		if m.Host != "" {
			alone, err := route.New([]route.Mount[string]{{Host: m.Host, Path: "/"}})
			if err != nil {
				t.Fatal(err)
			}
			if _, _, ok := alone.Lookup(host, "/"); !ok {
				continue
			}
		}
		if !found || rank(m) > rank(best) || rank(m) == rank(best) && len(m.Path) > len(best.Path) {
			best, found = m, true
		}
	}
	return best, found
}

// rank says how closely a mount names its host.
func rank(m route.Mount[string]) int {
	switch {
	case m.Host == "":
		return 0
	case strings.HasPrefix(m.Host, "*"):
		return 1
	}
	return 2
}

// FuzzCanonicalHost: what comes out is in lower case and no longer than what went in, and where a mount accepts the host
// it is stable. Only addresses have two spellings more.
func FuzzCanonicalHost(f *testing.F) {
	for _, host := range []string{"example.com:80", "[::1]:80", "A.b.", "::1", "[", "]:", ":80:", "0.."} {
		f.Add(host)
	}
	f.Fuzz(func(t *testing.T, host string) {
		got := route.CanonicalHost(host)
		if len(got) > len(host) || strings.ContainsAny(got, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") {
			t.Fatalf("%q: got %q", host, got)
		}
		table, err := route.New([]route.Mount[int]{{Host: host, Path: "/"}})
		if err != nil || host == "" || strings.ContainsAny(got, ":*") {
			return
		}
		if again := route.CanonicalHost(got); again != got {
			t.Fatalf("%q: %q becomes %q", host, got, again)
		}
		if _, _, ok := table.Lookup(host, "/"); !ok {
			t.Fatalf("%q does not find its own mount", host)
		}
	})
}
