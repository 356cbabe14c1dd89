package coding_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wasgi/wasgi/host/internal/coding"
)

func TestChoose(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ accept, want string }{
		{"", ""},
		{"gzip", "gzip"},
		{"GZIP", "gzip"},
		{"x-gzip", "gzip"},
		{"gzip, deflate, br, zstd", "br"},
		{"deflate", ""},
		{"br;q=0.5, gzip", "gzip"},
		{"br;q=0.5,gzip;q=0.5", "br"},
		{"br ; q=0.1 , gzip;Q=0.2", "gzip"},
		{"gzip;q=0", ""},
		{"gzip;q=0.000", ""},
		{"gzip;q=0.001", "gzip"},
		{"*", "br"},
		{"*;q=0", ""},
		{"br;q=0, *", "gzip"},
		{"gzip, *;q=0", "gzip"},
		{"identity", ""},
		{"identity;q=1, gzip;q=0.5", ""},
		{"identity;q=0.5, gzip", "gzip"},
		{"identity;q=0, *;q=0", ""},
		{"gzip;q=2", ""},
		{"gzip;q=1.001", ""},
		{"gzip;q=-1", ""},
		{"gzip;q=0.1234", ""},
		{"gzip;q=", ""},
		{"gzip;q=a", ""},
		{"gzip;q=1a", ""},
		{"gzip;x=1", ""},
		{"gzip;", "gzip"},
		{"gzip;q=0, gzip", "gzip"},
		{",,gzip,,", "gzip"},
		{"gzip deflate", ""},
		{"notgzip", ""},
	} {
		if got := coding.Choose([]string{c.accept}, coding.Brotli, coding.Gzip); got != c.want {
			t.Errorf("%q: %q, want %q", c.accept, got, c.want)
		}
	}
	if got := coding.Choose([]string{"br;q=0.5", "gzip;q=0.9"}, coding.Brotli, coding.Gzip); got != coding.Gzip {
		t.Errorf("two headers: %q", got)
	}
	if got := coding.Choose([]string{"*"}); got != "" {
		t.Errorf("no offers: %q", got)
	}
}

// FuzzChoose: what is chosen was offered, is not refused, and does not depend on what else is offered that nobody wants.
func FuzzChoose(f *testing.F) {
	for _, s := range []string{"gzip;q=0.5, br", "*;q=0.1,gzip;q=0", "identity;q=0.4;x", ";;,=,q", "x-gzip;q=1.000"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, accept string) {
		header := []string{accept}
		got := coding.Choose(header, coding.Brotli, coding.Gzip)
		switch got {
		case "":
		case coding.Brotli, coding.Gzip:
			if coding.Choose(header, got) != got {
				t.Fatalf("%q: %q of two, and not alone", accept, got)
			}
			if !strings.Contains(strings.ToLower(accept), got) && !strings.Contains(accept, "*") {
				t.Fatalf("%q: %q was not named", accept, got)
			}
		default:
			t.Fatalf("%q: %q", accept, got)
		}
		if coding.Choose(append(header, got+";q=1", "identity;q=0"), coding.Brotli, coding.Gzip) == "" && got != "" {
			t.Fatalf("%q: %q wanted more, and not chosen", accept, got)
		}
	})
}

func TestCompressible(t *testing.T) {
	t.Parallel()
	for contentType, want := range map[string]bool{
		"text/html": true, "Text/HTML; charset=utf-8": true, "text/event-stream": false, "text/event-stream; charset=utf-8": false,
		"application/json": true, "application/problem+json": true, "image/svg+xml": true, "application/wasm": true,
		"image/png": false, "video/mp4": false, "application/zip": false, "application/octet-stream": false, "font/woff2": false,
		"": false, "text": false, "multipart/byteranges; boundary=x": false, "application/grpc": false,
	} {
		if got := coding.Compressible(contentType); got != want {
			t.Errorf("%q: %t", contentType, got)
		}
	}
}

// Whatever is written in whatever pieces comes out again, with streams one after the other and flushes in between; what was flushed can
// be read at once.
func TestRandomBodies(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	pool := coding.NewPool(1)
	for i := range 200 {
		body := make([]byte, random.IntN(200_000))
		for j := range body {
			body[j] = byte(random.IntN(1 + i%256))
		}
		var out bytes.Buffer
		c := pool.Take(&out)
		for rest := body; len(rest) > 0; {
			n := random.IntN(len(rest)) + 1
			if _, err := c.Write(rest[:n]); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
			if random.IntN(3) == 0 {
				if err := c.Flush(); err != nil {
					t.Fatal(err)
				}
				r, err := gzip.NewReader(bytes.NewReader(out.Bytes()))
				if err != nil {
					t.Fatal(err)
				}
				seen := make([]byte, len(body)-len(rest))
				if _, err := io.ReadFull(r, seen); err != nil || !bytes.Equal(seen, body[:len(seen)]) {
					t.Fatalf("after a flush: %v", err)
				}
			}
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		r, err := gzip.NewReader(&out)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, body) {
			t.Fatalf("body %d: %d bytes of %d, %v", i, len(got), len(body), err)
		}
	}
}

func TestPoolIsBounded(t *testing.T) {
	t.Parallel()
	pool := coding.NewPool(2)
	a, b := pool.Take(io.Discard), pool.Take(io.Discard)
	if a == nil || b == nil || pool.Take(io.Discard) != nil || pool.Lent() != 2 {
		t.Fatalf("%d lent of 2", pool.Lent())
	}
	a.GiveUp()
	a.GiveUp()
	if pool.Lent() != 1 {
		t.Errorf("%d lent after one was given up, twice", pool.Lent())
	}
	c := pool.Take(io.Discard)
	a.GiveUp() // is not c's
	if c == nil || pool.Lent() != 2 {
		t.Errorf("%d lent", pool.Lent())
	}
	if err := errors.Join(b.Close(), c.Close()); err != nil || pool.Lent() != 0 {
		t.Errorf("%v, %d lent", err, pool.Lent())
	}
}

// Streams on many goroutines do not mix, and no more are lent than may be.
func TestHammer(t *testing.T) {
	t.Parallel()
	pool := coding.NewPool(3)
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			body := []byte(strings.Repeat(strconv.Itoa(i), 10_000))
			for j := range 100 {
				var out bytes.Buffer
				c := pool.Take(&out)
				if lent := pool.Lent(); lent > 3+8 { // each that is refused counts for a moment
					t.Errorf("%d lent", lent)
				}
				if c == nil {
					continue
				}
				_, _ = c.Write(body)
				if j%3 == 0 {
					c.GiveUp()
					continue
				}
				if err := c.Close(); err != nil {
					t.Error(err)
				}
				r, err := gzip.NewReader(&out)
				if err != nil {
					t.Error(err)
					return
				}
				if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, body) {
					t.Errorf("%d bytes, %v", len(got), err)
				}
			}
		})
	}
	group.Wait()
	if pool.Lent() != 0 {
		t.Errorf("%d lent at the end", pool.Lent())
	}
}

// It counts the allocations of the whole process, so it runs alone and not in parallel.
func TestChooseAllocatesNothing(t *testing.T) {
	header := []string{"gzip, deflate, br;q=0.9, zstd, *;q=0.1"}
	if n := testing.AllocsPerRun(100, func() { coding.Choose(header, coding.Gzip) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// The standard library's gzip at its default and its fastest level, against ours, in turns.
func BenchmarkAgainstTheStandardLibrary(b *testing.B) {
	text, err := os.ReadFile(filepath.Join("..", "..", "RATIONALE.md"))
	if err != nil {
		b.Fatal(err)
	}
	pool := coding.NewPool(1)
	for name, level := range map[string]int{"default": gzip.DefaultCompression, "fastest": gzip.BestSpeed} {
		b.Run(name, func(b *testing.B) {
			standard, err := gzip.NewWriterLevel(io.Discard, level)
			if err != nil {
				b.Fatal(err)
			}
			var out [2]bytes.Buffer
			var took [2]time.Duration
			for b.Loop() {
				out[0].Reset()
				begin := time.Now()
				standard.Reset(&out[0])
				_, _ = standard.Write(text)
				_ = standard.Close()
				took[0] += time.Since(begin)
				out[1].Reset()
				begin = time.Now()
				c := pool.Take(&out[1])
				_, _ = c.Write(text)
				_ = c.Close()
				took[1] += time.Since(begin)
			}
			b.ReportMetric(float64(took[0])/float64(took[1]), "time-ratio")
			b.ReportMetric(float64(out[0].Len())/float64(out[1].Len()), "size-ratio")
		})
	}
}

// What one stream takes is what the documentation says. It counts the memory of the whole process, so it runs alone.
func TestMemoryOfAStream(t *testing.T) {
	const streams, most = 20, 1300 << 10
	text, err := os.ReadFile(filepath.Join("..", "..", "RATIONALE.md"))
	if err != nil {
		t.Fatal(err)
	}
	pool := coding.NewPool(streams)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var lent []*coding.Compressor
	for range streams {
		c := pool.Take(io.Discard)
		_, _ = c.Write(text)
		lent = append(lent, c)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if each := (after.HeapAlloc - before.HeapAlloc) / streams; each > most {
		t.Errorf("%d KiB a stream, want %d at most", each>>10, most>>10)
	}
	for _, c := range lent {
		c.GiveUp()
	}
}
