package forwarded_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/wasgi/wasgi/host/internal/forwarded"
)

func trust(t testing.TB, dialect forwarded.Dialect, list ...string) *forwarded.Trust {
	t.Helper()
	trusted, err := forwarded.NewTrust(list, dialect)
	if err != nil {
		t.Fatal(err)
	}
	return trusted
}

// proxies are those of the tables below.
var proxies = []string{"10.0.0.0/8", "192.0.2.1", "fd00::/8", "unix"}

// text writes what was found as a table does: client, scheme, host, port, "!" for an error; "-" for nothing.
func text(o forwarded.Origin, ok bool, err error) string {
	if !ok {
		return "untrusted"
	}
	var parts []string
	if o.Client.IsValid() {
		parts = append(parts, o.Client.String())
	}
	if o.Scheme != "" {
		parts = append(parts, o.Scheme)
	}
	if o.Host != "" {
		parts = append(parts, o.Host)
	}
	if o.Port != 0 {
		parts = append(parts, fmt.Sprint(o.Port))
	}
	if err != nil {
		parts = append(parts, "!")
	}
	return strings.Join(parts, " ")
}

// headers reads "Name: value" lines.
func headers(lines string) map[string][]string {
	header := map[string][]string{}
	for line := range strings.Lines(lines) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		header[name] = append(header[name], value)
	}
	return header
}

func TestXForwarded(t *testing.T) {
	t.Parallel()
	trusted := trust(t, forwarded.XForwarded, proxies...)
	for _, c := range []struct{ peer, header, want string }{
		{"203.0.113.9:7", "X-Forwarded-For: 1.2.3.4\nX-Forwarded-Proto: https\nX-Forwarded-Host: evil", "untrusted"},
		{"192.0.2.2:7", "X-Forwarded-For: 1.2.3.4", "untrusted"},
		{"[fe80::1]:7", "X-Forwarded-For: 1.2.3.4", "untrusted"},
		{"10.0.0.1:7", "", "10.0.0.1:7"},
		{"10.0.0.1:7", "X-Forwarded-For: 1.2.3.4", "1.2.3.4:0"},
		{"[::ffff:10.0.0.1]:7", "X-Forwarded-For: 1.2.3.4", "1.2.3.4:0"},
		{"192.0.2.1:7", "X-Forwarded-For: 1.2.3.4:5", "1.2.3.4:5"},
		{"[fd00::1]:7", "X-Forwarded-For: 2001:db8::1", "[2001:db8::1]:0"},
		{"[fd00::1]:7", "X-Forwarded-For: [2001:db8::1]", "[2001:db8::1]:0"},
		{"[fd00::1]:7", "X-Forwarded-For: [2001:db8::1]:80", "[2001:db8::1]:80"},
		{"[fd00::1]:7", "X-Forwarded-For: ::ffff:1.2.3.4", "1.2.3.4:0"},
		{"", "X-Forwarded-For: 1.2.3.4", "1.2.3.4:0"},
		{"", "", ""},
		// What a client has made up stands before its own address, and is not read.
		{"10.0.0.1:7", "X-Forwarded-For: 10.0.0.9, 1.2.3.4", "1.2.3.4:0"},
		{"10.0.0.1:7", "X-Forwarded-For: rubbish, 127.0.0.1, 1.2.3.4", "1.2.3.4:0"},
		{"10.0.0.1:7", "X-Forwarded-For: 5.6.7.8\nX-Forwarded-For: 1.2.3.4", "1.2.3.4:0"},
		// Hops that are trusted are followed.
		{"10.0.0.1:7", "X-Forwarded-For: 5.6.7.8, 1.2.3.4, 10.0.0.3, 10.0.0.2", "1.2.3.4:0"},
		{"10.0.0.1:7", "X-Forwarded-For: 1.2.3.4,10.0.0.3\nX-Forwarded-For: 10.0.0.2", "1.2.3.4:0"},
		{"10.0.0.1:7", "X-Forwarded-For: 10.0.0.3, 10.0.0.2", "10.0.0.3:0"},
		// Where that ends at what is no address, the client is the last hop that is known.
		{"10.0.0.1:7", "X-Forwarded-For: 1.2.3.4, unknown, 10.0.0.2", "10.0.0.2:0 !"},
		{"10.0.0.1:7", "X-Forwarded-For: unknown", "10.0.0.1:7 !"},
		{"10.0.0.1:7", "X-Forwarded-For: ", "10.0.0.1:7 !"},
		{"10.0.0.1:7", "X-Forwarded-For: 1.2.3.4,", "10.0.0.1:7 !"},
		{"10.0.0.1:7", "X-Forwarded-For: 1.2.3.4:99999", "10.0.0.1:7 !"},
		{"10.0.0.1:7", "X-Forwarded-For: [1.2.3.4]", "10.0.0.1:7 !"},
		{"10.0.0.1:7", "X-Forwarded-For: [::1", "10.0.0.1:7 !"},
		{"10.0.0.1:7", "X-Forwarded-For: ::1]", "10.0.0.1:7 !"},
		{"10.0.0.1:7", "X-Forwarded-For: 1.2.3", "10.0.0.1:7 !"},
		{"10.0.0.1:7", "X-Forwarded-For: 01.2.3.4", "10.0.0.1:7 !"},
		{"", "X-Forwarded-For: unix:", "!"},

		{"10.0.0.1:7", "X-Forwarded-Proto: HTTPS", "10.0.0.1:7 https"},
		{"10.0.0.1:7", "X-Forwarded-Proto: wss", "10.0.0.1:7 https"},
		{"10.0.0.1:7", "X-Forwarded-Proto: ftp", "10.0.0.1:7 !"},
		{"10.0.0.1:7", "X-Forwarded-Proto: https, http", "10.0.0.1:7 http"},
		{"10.0.0.1:7", "X-Forwarded-For: 1.2.3.4\nX-Forwarded-Proto: http, https", "1.2.3.4:0 https"},
		{"10.0.0.1:7", "X-Forwarded-For: 9.9.9.9, 1.2.3.4, 10.0.0.2\nX-Forwarded-Proto: http, https, http", "1.2.3.4:0 https"},
		{"10.0.0.1:7", "X-Forwarded-For: 1.2.3.4, 10.0.0.2\nX-Forwarded-Proto: https, http", "1.2.3.4:0 https"},
		{"10.0.0.1:7", "X-Forwarded-For: 10.0.0.3, 10.0.0.2\nX-Forwarded-Proto: https, http", "10.0.0.3:0 https"},
		{"10.0.0.1:7", "X-Forwarded-For: 1.2.3.4, unknown, 10.0.0.2\nX-Forwarded-Proto: http, http, https", "10.0.0.2:0 https !"},

		{"10.0.0.1:7", "X-Forwarded-Host: Example.com:8080", "10.0.0.1:7 Example.com:8080"},
		{"10.0.0.1:7", "X-Forwarded-Host: evil, good.test", "10.0.0.1:7 good.test"},
		{"10.0.0.1:7", "X-Forwarded-Host: [::1]:80", "10.0.0.1:7 [::1]:80"},
		{"10.0.0.1:7", "X-Forwarded-Host: a/b", "10.0.0.1:7 !"},
		{"10.0.0.1:7", "X-Forwarded-Host: a b", "10.0.0.1:7 !"},
		{"10.0.0.1:7", "X-Forwarded-Host: user@host", "10.0.0.1:7 !"},
		{"10.0.0.1:7", "X-Forwarded-Host: " + strings.Repeat("a", 300), "10.0.0.1:7 !"},
		{"10.0.0.1:7", "X-Forwarded-Port: 443", "10.0.0.1:7 443"},
		{"10.0.0.1:7", "X-Forwarded-Port: 0", "10.0.0.1:7 !"},
		{"10.0.0.1:7", "X-Forwarded-Port: +443", "10.0.0.1:7 !"},
		{"10.0.0.1:7", "X-Forwarded-Port: 70000", "10.0.0.1:7 !"},
		{"10.0.0.1:7", "X-Forwarded-For: 1.2.3.4\nX-Forwarded-Proto: https\nX-Forwarded-Host: a.test\nX-Forwarded-Port: 8443", "1.2.3.4:0 https a.test 8443"},
		{"10.0.0.1:7", "Forwarded: for=1.2.3.4;proto=https", "10.0.0.1:7"},
	} {
		peer, _ := netip.ParseAddrPort(c.peer)
		if got := text(trusted.Origin(peer, headers(c.header))); got != c.want {
			t.Errorf("%s %q: got %q, want %q", c.peer, c.header, got, c.want)
		}
	}
}

func TestStandard(t *testing.T) {
	t.Parallel()
	trusted := trust(t, forwarded.Standard, proxies...)
	for _, c := range []struct{ peer, header, want string }{
		{"203.0.113.9:7", "Forwarded: for=1.2.3.4", "untrusted"},
		{"10.0.0.1:7", "", "10.0.0.1:7"},
		{"10.0.0.1:7", "Forwarded: for=1.2.3.4", "1.2.3.4:0"},
		{"10.0.0.1:7", "Forwarded: For=\"1.2.3.4:80\" ; PROTO=https", "1.2.3.4:80 https"},
		{"10.0.0.1:7", "Forwarded: for=\"[2001:db8::1]:4711\";proto=http;by=203.0.113.43;host=a.test", "[2001:db8::1]:4711 http a.test"},
		{"10.0.0.1:7", "Forwarded: for=\"[2001:db8::1]:_port\"", "[2001:db8::1]:0"},
		{"10.0.0.1:7", "Forwarded: for=1.2.3.4, for=10.0.0.2", "1.2.3.4:0"},
		{"10.0.0.1:7", "Forwarded: for=1.2.3.4, , for=10.0.0.2,", "1.2.3.4:0"},
		{"10.0.0.1:7", "Forwarded: for=1.2.3.4\nForwarded: for=10.0.0.2", "1.2.3.4:0"},
		{"10.0.0.1:7", "Forwarded: for=9.9.9.9;proto=http;host=evil, for=1.2.3.4;proto=https;host=a.test, for=10.0.0.2;proto=http;host=b", "1.2.3.4:0 https a.test"},
		{"10.0.0.1:7", "Forwarded: for=1.2.3.4, for=10.0.0.2;proto=https;host=b.test", "1.2.3.4:0 https b.test"},
		{"10.0.0.1:7", "Forwarded: for=1.2.3.4;host=\"a.test:8080\"", "1.2.3.4:0 a.test:8080"},
		{"10.0.0.1:7", "Forwarded: proto=https", "10.0.0.1:7 https"},
		// Nothing that a client begins with hides what a proxy has added.
		{"10.0.0.1:7", "Forwarded: for=\", for=1.2.3.4", "1.2.3.4:0"},
		{"10.0.0.1:7", "Forwarded: for=\"10.0.0.9, for=1.2.3.4", "1.2.3.4:0"},
		{"10.0.0.1:7", "Forwarded: \"\\\", for=1.2.3.4", "1.2.3.4:0"},
		{"10.0.0.1:7", "Forwarded: for=10.0.0.9;x=\"y, for=\"1.2.3.4\"", "1.2.3.4:0"},
		{"10.0.0.1:7", "Forwarded: ;;;=, for=1.2.3.4;by=\"a, b; c\"", "1.2.3.4:0"},
		{"10.0.0.1:7", "Forwarded: x, for=1.2.3.4;by=\"a \\\" , for=10.0.0.9\"", "1.2.3.4:0"},
		// What cannot be read counts in no part; the client is the last hop that is known.
		{"10.0.0.1:7", "Forwarded: for=1.2.3.4;for=5.6.7.8", "10.0.0.1:7 !"},
		{"10.0.0.1:7", "Forwarded: for=1.2.3.4;", "10.0.0.1:7 !"},
		{"10.0.0.1:7", "Forwarded: for", "10.0.0.1:7 !"},
		{"10.0.0.1:7", "Forwarded: for=", "10.0.0.1:7 !"},
		{"10.0.0.1:7", "Forwarded: for=1.2.3.4;proto=ftp", "10.0.0.1:7 !"},
		{"10.0.0.1:7", "Forwarded: for=1.2.3.4;host=\"a/b\"", "10.0.0.1:7 !"},
		{"10.0.0.1:7", "Forwarded: for=\"1.2.3.4\"x", "10.0.0.1:7 !"},
		{"10.0.0.1:7", "Forwarded: for=unknown;proto=https", "10.0.0.1:7 https !"},
		{"10.0.0.1:7", "Forwarded: for=1.2.3.4, for=_hidden, for=10.0.0.2", "10.0.0.2:0 !"},
		{"10.0.0.1:7", "X-Forwarded-For: 1.2.3.4\nX-Forwarded-Host: evil", "10.0.0.1:7"},
	} {
		peer, _ := netip.ParseAddrPort(c.peer)
		if got := text(trusted.Origin(peer, headers(c.header))); got != c.want {
			t.Errorf("%s %q: got %q, want %q", c.peer, c.header, got, c.want)
		}
	}
}

func TestTrusts(t *testing.T) {
	t.Parallel()
	trusted := trust(t, forwarded.XForwarded, proxies...)
	for addr, want := range map[string]bool{
		"10.255.255.255": true, "11.0.0.0": false, "192.0.2.1": true, "192.0.2.0": false, "fd00::1%eth0": true, "fe00::": false,
		"::ffff:10.1.1.1": true, "::1": false,
	} {
		if got := trusted.Trusts(netip.MustParseAddr(addr)); got != want {
			t.Errorf("%s: %t", addr, got)
		}
	}
	var nobody *forwarded.Trust
	if nobody.Trusts(netip.MustParseAddr("10.0.0.1")) || nobody.TrustsUnix() || trusted.Trusts(netip.Addr{}) || !trusted.TrustsUnix() ||
		trust(t, forwarded.XForwarded, "10.0.0.1").TrustsUnix() {
		t.Error("the wrong ones are trusted")
	}
}

func TestNewTrust(t *testing.T) {
	t.Parallel()
	if trusted, err := forwarded.NewTrust(nil, forwarded.XForwarded); trusted != nil || err != nil {
		t.Errorf("nobody: %v, %v", trusted, err)
	}
	for _, c := range []struct{ entry, dialect, want string }{
		{"proxy", "forwarded", `trusted proxies: "proxy" is neither an address nor a network: netip.ParsePrefix("proxy"): no '/'`},
		{"10.0.0.1", "both", `trusted proxies: "both" is neither x-forwarded nor forwarded`},
	} {
		if _, err := forwarded.NewTrust([]string{c.entry}, forwarded.Dialect(c.dialect)); err == nil || err.Error() != c.want {
			t.Errorf("%s: %v", c.entry, err)
		}
	}
}

// FuzzOrigin: whatever a client sends, its own address, which a trusted proxy adds at the end, is what is found; and what is found can
// be put into variables as it is.
func FuzzOrigin(f *testing.F) {
	f.Add("1.2.3.4, 10.0.0.1", `for="`, "https", "a.test:80", "443")
	f.Add(" ,,", `for=1.2.3.4;host="a\"`, "http,https", "a,b", "1,2")
	x, standard := trust(f, forwarded.XForwarded, proxies...), trust(f, forwarded.Standard, proxies...)
	peer := netip.MustParseAddrPort("10.0.0.1:7")
	f.Fuzz(func(t *testing.T, hops, elements, proto, host, port string) {
		header := map[string][]string{
			"X-Forwarded-For": {hops + ", 203.0.113.9"}, "Forwarded": {elements + ", for=203.0.113.9"},
			"X-Forwarded-Proto": {proto}, "X-Forwarded-Host": {host}, "X-Forwarded-Port": {port},
		}
		for _, trusted := range []*forwarded.Trust{x, standard} {
			o, ok, _ := trusted.Origin(peer, header)
			if !ok || o.Client.String() != "203.0.113.9:0" {
				t.Fatalf("%q: client %v", header, o.Client)
			}
			if o.Scheme != "" && o.Scheme != "http" && o.Scheme != "https" || strings.ContainsAny(o.Host, " /\\@,;\"\r\n\x00?#") {
				t.Fatalf("%q: %+v", header, o)
			}
		}
		header = map[string][]string{"X-Forwarded-For": {hops}, "Forwarded": {elements}} // it must end, and not panic
		_, _, _ = x.Origin(peer, header)
		_, _, _ = standard.Origin(netip.AddrPort{}, header)
	})
}
