package http1_test

import (
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/wasgi/wasgi/host/internal/http1"
)

// usual is a request as browsers send it, of some 300 bytes.
const usual = "GET /hello/index.html?q=search+terms HTTP/1.1\r\n" +
	"Host: www.example.com:8080\r\n" +
	"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\n" +
	"Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n" +
	"Accept-Encoding: gzip, deflate, br\r\n" +
	"Cookie: session=0123456789abcdef\r\n" +
	"Connection: keep-alive\r\n\r\n"

// again is a connection on which the same bytes come again and again.
type again struct {
	net.Conn
	text string
}

func (a *again) Read(p []byte) (int, error)      { return copy(p, a.text), nil }
func (a *again) SetReadDeadline(time.Time) error { return nil }

// BenchmarkHead is what reading a usual head strictly costs.
func BenchmarkHead(b *testing.B) {
	c := http1.Guard(&again{text: usual}, http1.Options{MaxHeader: 64 << 10})
	p := make([]byte, 4096)
	b.SetBytes(int64(len(usual)))
	b.ReportAllocs()
	for b.Loop() {
		if n, err := c.Read(p); n != len(usual) || err != nil {
			b.Fatal(n, err)
		}
	}
}

// BenchmarkServer asks a server that is guarded and one that is not in turns, over a connection each, and says how the times compare.
func BenchmarkServer(b *testing.B) {
	answer := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello world") })
	bare := dial(b, start(b, &http.Server{Handler: answer}, nil))
	guarded := dial(b, start(b, &http.Server{Handler: answer}, &http1.Options{MaxHeader: 64 << 10, HeaderTimeout: hang}))
	const turn = 100
	play := func(c *client) time.Duration {
		began := time.Now()
		for range turn {
			c.send(usual)
			if status, _ := c.answer(); status != 200 {
				b.Fatal(status)
			}
		}
		return time.Since(began)
	}
	play(bare)
	play(guarded)
	var with, without time.Duration
	turns := 0
	for b.Loop() {
		without += play(bare)
		with += play(guarded)
		turns++
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(without)/float64(turns*turn), "ns/bare")
	b.ReportMetric(float64(with)/float64(turns*turn), "ns/guarded")
	b.ReportMetric(float64(with)/float64(without), "ratio")
}

// In the steady state, the guard takes no memory for a head, be it whole or in pieces.
func TestAllocationsOfHead(t *testing.T) {
	p := make([]byte, 4096)
	for name, conn := range map[string]net.Conn{
		"whole": &again{text: usual}, "in pieces": &pieces{rest: cut(strings.Repeat(usual, 1100), 100)},
	} {
		c := http1.Guard(conn, http1.Options{MaxHeader: 64 << 10})
		if n := testing.AllocsPerRun(1000, func() { _, _ = c.Read(p) }); n >= 1 {
			t.Errorf("a head that comes %s takes %v allocations", name, n)
		}
	}
}

// A connection that waits for its next request holds no more than it must: ten thousand of them are no burden.
func TestMemoryOfIdleConnections(t *testing.T) {
	const connections, most = 10_000, 400
	conns := make([]*http1.Conn, connections)
	under := make([]pieces, connections)
	p := make([]byte, 4096)
	for i := range under {
		under[i].rest = []string{usual[:50], usual[50:]}
	}
	before := heap()
	for i := range conns {
		conns[i] = http1.Guard(&under[i], http1.Options{MaxHeader: 64 << 10})
		if n, err := conns[i].Read(p); n != len(usual) || err != nil {
			t.Fatal(n, err)
		}
	}
	each := (heap() - before) / connections
	t.Logf("an idle connection takes %d bytes", each)
	if each > most {
		t.Errorf("an idle connection takes %d bytes, want %d at most", each, most)
	}
	runtime.KeepAlive(conns)
}

// heap returns how many bytes are reachable on Go's heap.
func heap() int64 {
	runtime.GC()
	runtime.GC() // what pools let go of in the first
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}
