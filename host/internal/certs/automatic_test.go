package certs_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/wasgi/wasgi/host/internal/certs"
	"github.com/wasgi/wasgi/host/internal/certtest"
)

// An authority that cannot be reached keeps nobody from serving what there is, is said, and is given up with the source. What certmagic
// does in the background ends then. Not parallel: it counts goroutines.
func TestUnreachableAuthority(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := closed.Addr()
	_ = closed.Close()
	authority := certtest.New(t)
	var log book
	o := certs.Options{
		Look: look, Log: log.logger(), TLS: address, Plain: address,
		Domains: []string{"app.test"}, CA: "https://" + address.String() + "/dir", Storage: filepath.Join(t.TempDir(), "storage"),
	}
	o.Cert, o.Key = authority.Write(t, t.TempDir(), "files.test")
	before := backgrounds()
	source, err := certs.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"other.test": "files.test", "": "files.test", "app.test": "", "APP.test.": ""} {
		if got, err := shown(t, source, name); got != want || (want == "") != (err != nil) {
			t.Errorf("%q is shown %q, %v, want %q", name, got, err, want)
		}
	}
	until(t, "the failure is said", func() bool {
		return strings.Contains(log.String(), "level=ERROR msg=\"certificates: could not get certificate")
	})

	next := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	for _, path := range []string{"/", "/.well-known/acme-challenge/unknown"} {
		w := httptest.NewRecorder()
		source.Challenges(next).ServeHTTP(w, httptest.NewRequest("GET", "http://app.test"+path, nil))
		if w.Code != http.StatusTeapot {
			t.Errorf("%s is answered with %d", path, w.Code)
		}
	}

	source.Close()
	until(t, "everything has ended", func() bool { return backgrounds() <= before })
	if strings.Contains(log.String(), "level=ERROR msg=\"certificates: job failed") {
		t.Error("the end is said as an error")
	}
}

// backgrounds counts the goroutines that are in certmagic or in this package.
func backgrounds() int {
	stacks := make([]byte, 4<<20)
	n := 0
	for stack := range strings.SplitSeq(string(stacks[:runtime.Stack(stacks, true)]), "\n\n") {
		if strings.Contains(stack, "certmagic") || strings.Contains(stack, "certs.(*files)") {
			n++
		}
	}
	return n
}

// A file's certificate is nobody's challenge, and Config says what is spoken.
func TestConfig(t *testing.T) {
	t.Parallel()
	var log book
	source, _ := open(t, &log, certtest.New(t), "a.test")
	if c := source.Config(); strings.Join(c.NextProtos, " ") != "h2 http/1.1" || c.MinVersion != 0x303 {
		t.Errorf("%q from version %x on", c.NextProtos, c.MinVersion)
	}
	w := httptest.NewRecorder()
	source.Challenges(http.NotFoundHandler()).ServeHTTP(w, httptest.NewRequest("GET", "/.well-known/acme-challenge/x", nil))
	if w.Code != 404 {
		t.Errorf("a challenge is answered with %d", w.Code)
	}
	if got, err := shown(t, source, strings.Repeat("a", 60)+".test"); err != nil || got != "a.test" {
		t.Errorf("another name is shown %q, %v", got, err)
	}
}
