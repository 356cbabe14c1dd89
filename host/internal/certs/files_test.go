package certs_test

import (
	"bytes"
	"crypto/tls"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wasgi/wasgi/host/internal/certs"
	"github.com/wasgi/wasgi/host/internal/certtest"
)

const (
	// hang bounds every wait; none is expected to come near it.
	hang = time.Minute
	look = 10 * time.Millisecond
)

// book is a log that is read while it is written.
type book struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *book) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *book) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func (b *book) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(b, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// until waits for something that comes by itself.
func until(t *testing.T, what string, so func() bool) {
	t.Helper()
	for deadline := time.Now().Add(hang); !so(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %s", what, hang)
		}
	}
}

// shown is the first name of the certificate that a client is shown which asks for a name.
func shown(t testing.TB, source *certs.Source, name string) (string, error) {
	t.Helper()
	here, there := net.Pipe()
	defer here.Close()
	go func() {
		_ = tls.Server(there, source.Config()).Handshake() // the client tells what came of it
		_ = there.Close()
	}()
	client := tls.Client(here, &tls.Config{ServerName: name, InsecureSkipVerify: true})
	if err := client.Handshake(); err != nil {
		return "", err
	}
	return client.ConnectionState().PeerCertificates[0].DNSNames[0], nil
}

// put replaces a pair of files as a deploy does, one after the other; an empty one is left as it is.
func put(t testing.TB, o certs.Options, certificate, key []byte) {
	t.Helper()
	for file, data := range map[string][]byte{o.Cert: certificate, o.Key: key} {
		if len(data) == 0 {
			continue
		}
		if err := os.WriteFile(file+".new", data, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(file+".new", file); err != nil {
			t.Fatal(err)
		}
	}
}

// open opens a source of files for the length of a test.
func open(t testing.TB, log *book, authority *certtest.Authority, names ...string) (*certs.Source, certs.Options) {
	t.Helper()
	o := certs.Options{Look: look, Log: log.logger()}
	o.Cert, o.Key = authority.Write(t, t.TempDir(), names...)
	source, err := certs.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(source.Close)
	return source, o
}

func TestFilesAreTakenUp(t *testing.T) {
	t.Parallel()
	authority := certtest.New(t)
	var log book
	source, o := open(t, &log, authority, "first.test")
	serves := func(name string) {
		t.Helper()
		until(t, name, func() bool { got, err := shown(t, source, "any.test"); return err == nil && got == name })
	}
	serves("first.test")

	certificate, key := authority.Issue(t, time.Hour, "second.test")
	put(t, o, certificate, key)
	serves("second.test")

	// A certificate without its key is said once, and changes nothing; nor does one that is gone.
	certificate, key = authority.Issue(t, time.Hour, "third.test")
	put(t, o, certificate, nil)
	until(t, "the odd pair is refused", func() bool { return strings.Contains(log.String(), "private key does not match public key") })
	serves("second.test")
	put(t, o, nil, key)
	serves("third.test")
	if err := os.Remove(o.Key); err != nil {
		t.Fatal(err)
	}
	until(t, "the missing key is said", func() bool { return strings.Contains(log.String(), "tls.key: open "+o.Key) })
	serves("third.test")
	certificate, key = authority.Issue(t, -time.Minute, "expired.test")
	put(t, o, nil, key) // first, or a look in between would miss the key of yet another certificate
	put(t, o, certificate, nil)
	serves("expired.test")
	until(t, "its end is said", func() bool { return strings.Contains(log.String(), "has expired") })
	if n := strings.Count(log.String(), "tls.key: open"); n != 1 {
		t.Errorf("that the key is missing is said %d times:\n%s", n, log.String())
	}
}

// The files may be links, as certbot and Kubernetes have them.
func TestLinksAreFollowed(t *testing.T) {
	t.Parallel()
	authority := certtest.New(t)
	dir := t.TempDir()
	for _, name := range []string{"one", "two"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
		authority.Write(t, filepath.Join(dir, name), name+".test")
	}
	link := func(to string) {
		if err := os.Symlink(to, filepath.Join(dir, "next")); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(dir, "next"), filepath.Join(dir, "data")); err != nil {
			t.Fatal(err)
		}
	}
	link("one")
	var log book
	source, err := certs.Open(certs.Options{
		Cert: filepath.Join(dir, "data", "server.crt"), Key: filepath.Join(dir, "data", "server.key"), Look: look, Log: log.logger(),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	link("two")
	until(t, "the link is followed", func() bool { got, err := shown(t, source, "any.test"); return err == nil && got == "two.test" })
}

func TestOpenErrors(t *testing.T) {
	t.Parallel()
	authority := certtest.New(t)
	dir := t.TempDir()
	certificate, key := authority.Write(t, dir, "a.test")
	odd := filepath.Join(dir, "odd")
	if err := os.WriteFile(odd, []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	shared := filepath.Join(dir, "shared")
	if err := os.Mkdir(shared, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(shared, 0o755); err != nil {
		t.Fatal(err)
	}
	none := filepath.Join(dir, "none")
	domains := []string{"a.test"}
	for _, c := range []struct {
		o    certs.Options
		want string
	}{
		{certs.Options{Cert: none, Key: key}, "tls.cert: open " + none + ": "},
		{certs.Options{Cert: certificate, Key: none}, "tls.key: open " + none + ": "},
		{certs.Options{Cert: odd, Key: key}, `tls.cert "` + odd + `" with tls.key "` + key + `": tls: failed to find any PEM data in certificate input`},
		{certs.Options{Domains: domains}, "tls.storage: no folder is given and the user has none; name one"},
		{certs.Options{Domains: domains, Storage: odd}, "tls.storage: mkdir " + odd + ": "},
		{certs.Options{Domains: domains, Storage: shared}, `tls.storage: "` + shared + `" is open to others (drwxr-xr-x) and would hold private keys; take that away with chmod 700`},
		{certs.Options{Domains: domains, Storage: filepath.Join(dir, "new"), CARoot: none}, "tls.ca_root: open " + none + ": "},
		{certs.Options{Domains: domains, Storage: filepath.Join(dir, "new"), CARoot: odd}, `tls.ca_root: "` + odd + `" holds no certificate in PEM form`},
	} {
		c.o.Log = slog.New(slog.DiscardHandler)
		source, err := certs.Open(c.o)
		if err == nil {
			source.Close()
		}
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("got  %v\nwant %s", err, c.want)
		}
	}
	if err := certs.Check(certificate, key); err != nil {
		t.Error(err)
	}
	if err := certs.Check(certificate, certificate); err == nil {
		t.Error("a certificate passes for its key")
	}
}

// Each handshake sees one certificate or the other, whole, while files are replaced under it.
func TestReloadHammer(t *testing.T) {
	t.Parallel()
	authority := certtest.New(t)
	var log book
	source, o := open(t, &log, authority, "0.test")
	pairs := [2][2][]byte{}
	for i, name := range []string{"0.test", "1.test"} {
		pairs[i][0], pairs[i][1] = authority.Issue(t, time.Hour, name)
	}
	var group sync.WaitGroup
	seen := [4]map[string]bool{}
	done := make(chan struct{})
	for i := range seen {
		seen[i] = map[string]bool{}
		group.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				name, err := shown(t, source, "any.test")
				if err != nil {
					t.Error(err)
					return
				}
				seen[i][name] = true
			}
		})
	}
	for i := range 10 {
		put(t, o, pairs[i%2][0], pairs[i%2][1])
		until(t, "it is taken up", func() bool { return strings.Count(log.String(), "certificate taken up") > i })
	}
	close(done)
	group.Wait()
	if !seen[0]["0.test"] || !seen[0]["1.test"] {
		t.Errorf("seen: %v", seen)
	}
}
