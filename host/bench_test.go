package host_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wasgi/wasgi/host"
	"github.com/wasgi/wasgi/host/config"
	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// BenchmarkHello compares the throughput of a guest with that of a native net/http handler that says the same. Both take
// turns in one run, so that the ratio holds on a noisy machine; it is native's time over the guest's, 1 is native speed.
//
//	go test -run '^$' -bench Hello -benchtime 20x ./host
func BenchmarkHello(b *testing.B) {
	small := guesttest.Wasm(b, "hello")
	goGuest := guesttest.Go(b, filepath.Join("..", "plugins", "hello"))
	for _, c := range []struct {
		name, isolation string
		module          []byte
		body            string
	}{
		{"small/request", "request", small, "hello world"},
		{"small/instance", "instance", small, "hello world"},
		{"go/request", "request", goGuest, "<h1>hello world</h1>"},
		{"go/instance", "instance", goGuest, "<h1>hello world</h1>"},
	} {
		b.Run(c.name, func(b *testing.B) {
			dir := b.TempDir()
			write(b, filepath.Join(dir, "hello.toml"), []byte("isolation = \""+c.isolation+"\"\n"))
			write(b, filepath.Join(dir, "hello.wasm"), c.module)
			h := open(b, dir)
			compare(b, native(c.body), h)
		})
	}
}

// native is the handler that guests are compared with.
func native(body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		header := w.Header()
		header["name"] = []string{"wanghui"}
		header["Server"] = []string{"wasgi"}
		header["Content-Type"] = nil
		_, _ = io.WriteString(w, body)
	})
}

// compare lets both handlers serve the same load in turn, and reports the ratio.
func compare(b *testing.B, native, guest http.Handler) {
	servers := [2]*httptest.Server{httptest.NewServer(native), httptest.NewServer(guest)}
	defer servers[0].Close()
	defer servers[1].Close()
	const clients, requests = 4, 50
	var took [2]time.Duration
	for _, server := range servers { // warm
		load(b, server, clients, requests)
	}
	b.ResetTimer()
	for range b.N {
		for i, server := range servers {
			started := time.Now()
			load(b, server, clients, requests)
			took[i] += time.Since(started)
		}
	}
	total := float64(b.N * clients * requests)
	b.ReportMetric(took[0].Seconds()/took[1].Seconds(), "ratio")
	b.ReportMetric(total/took[0].Seconds(), "native-req/s")
	b.ReportMetric(total/took[1].Seconds(), "guest-req/s")
	b.ReportMetric(0, "ns/op") // of two servers together: it would say nothing
}

// load plays requests on connections that are kept alive. The client is as cheap as can be, since its cost is in both sides
// of the ratio.
func load(b testing.TB, server *httptest.Server, clients, requests int) {
	var group sync.WaitGroup
	for range clients {
		group.Go(func() {
			conn, err := net.Dial("tcp", server.Listener.Addr().String())
			if err != nil {
				b.Error(err)
				return
			}
			defer conn.Close()
			in := bufio.NewReader(conn)
			for range requests {
				if err := roundTrip(conn, in); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
}

// roundTrip sends one request and reads one response with a Content-Length.
func roundTrip(conn net.Conn, in *bufio.Reader) error {
	if _, err := io.WriteString(conn, "GET /hello HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n"); err != nil {
		return err
	}
	if status, err := in.ReadSlice('\n'); err != nil || !strings.HasPrefix(string(status), "HTTP/1.1 200 ") {
		return fmt.Errorf("answered %q: %w", status, err)
	}
	length := 0
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(line) == 2 {
			_, err := in.Discard(length)
			return err
		}
		if value, ok := strings.CutPrefix(string(line), "Content-Length: "); ok {
			for _, digit := range strings.TrimSpace(value) {
				length = length*10 + int(digit-'0')
			}
		}
	}
}

// open opens a host on dir for the length of a test.
func open(t testing.TB, dir string, change ...func(*config.Config)) *host.Host {
	t.Helper()
	cfg := config.Default()
	cfg.Apps.Dir = dir
	cfg.Apps.Settle = 20 * time.Millisecond
	for _, f := range change {
		f(&cfg)
	}
	h, err := host.Open(t.Context(), host.Options{Config: cfg, Log: testLog(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// write writes a file the way a deploy does: at once.
func write(t testing.TB, path string, data []byte) {
	t.Helper()
	temporary := path + ".new"
	if err := os.WriteFile(temporary, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(temporary, path); err != nil {
		t.Fatal(err)
	}
}
