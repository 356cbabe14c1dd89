package gateway_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/abi/wire"
	"github.com/wasgi/wasgi/host/internal/guest"
)

// script is a guest.Program whose requests are played by a function.
type script func(guest.Exchange) error

func (s script) Kind() string                                { return "script" }
func (s script) Isolation() (guest.Isolation, string)        { return guest.IsolationRequest, "" }
func (s script) New(context.Context) (guest.Instance, error) { return s, nil }
func (s script) Bytes() int64                                { return 0 }

type scriptProgram struct{ script }

func (scriptProgram) Close() error { return nil }

func (s script) Serve(_ context.Context, x guest.Exchange) error { return s(x) }
func (s script) Reset() bool                                     { return true }
func (s script) Close()                                          {}

// serveScript is a site whose app lets its responses be compressed.
func serveScript(t testing.TB, s script, change ...func(*guest.Settings)) *site {
	t.Helper()
	return serve(t, "script", func(settings *guest.Settings) {
		settings.Compress, settings.MaxInstances = true, 100
		for _, f := range change {
			f(settings)
		}
	}, func(guest.Settings, *slog.Logger) (guest.Program, error) { return scriptProgram{s}, nil })
}

// start begins a response with headers "Name: value".
func start(x guest.Exchange, status string, headers ...string) error {
	var pairs []wire.Pair
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		pairs = append(pairs, wire.Pair{Key: []byte(name), Value: []byte(value)})
	}
	return x.StartResponse([]byte(status), pairs, false)
}

// accepting sends a request whose response is not decompressed.
func (s *site) accepting(t testing.TB, method, accept string) (*http.Response, []byte, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.URL+"/app", nil)
	if err != nil {
		t.Fatal(err)
	}
	if accept != "" {
		r.Header.Set("Accept-Encoding", accept)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true}, Timeout: hang}
	response, err := client.Do(r)
	if err != nil {
		return nil, nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return response, body, err
}

func gunzip(t testing.TB, body []byte) string {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var large = strings.Repeat("all work and no play ", 500)

// What is compressed, and what the headers say of it.
func TestWhatIsCompressed(t *testing.T) {
	t.Parallel()
	html := "Content-Type: text/html; charset=utf-8"
	length := "Content-Length: " + strconv.Itoa(len(large))
	for name, c := range map[string]struct {
		status, accept string
		headers        []string
		body           string
		coded, varies  bool
	}{
		"html":             {"200 OK", "gzip", []string{html}, large, true, true},
		"with a length":    {"200 OK", "gzip, br", []string{html, length}, large, true, true},
		"spelled oddly":    {"200 OK", "gzip", []string{"content-TYPE: text/plain"}, large, true, true},
		"an error's page":  {"500 Oh", "gzip", []string{html}, large, true, true},
		"not accepted":     {"200 OK", "br", []string{html}, large, false, true},
		"refused":          {"200 OK", "gzip;q=0", []string{html}, large, false, true},
		"small":            {"200 OK", "gzip", []string{html}, "small", false, false},
		"a picture":        {"200 OK", "gzip", []string{"Content-Type: image/png"}, large, false, false},
		"no type":          {"200 OK", "gzip", nil, large, false, false},
		"events":           {"200 OK", "gzip", []string{"Content-Type: text/event-stream"}, large, false, false},
		"coded already":    {"200 OK", "gzip", []string{html, "content-encoding: br"}, large, false, false},
		"no-transform":     {"200 OK", "gzip", []string{html, "Cache-control: public", "cache-control: max-age=1, No-Transform"}, large, false, false},
		"partial":          {"206 Partial Content", "gzip", []string{html, "Content-Range: bytes 0-9/10"}, large, false, false},
		"a range":          {"200 OK", "gzip", []string{html, "content-range: bytes 0-9/10"}, large, false, false},
		"with a checksum":  {"200 OK", "gzip", []string{html, "Content-Digest: sha-256=:AAAA=:"}, large, false, false},
		"no content":       {"204 No Content", "gzip", []string{html}, "", false, false},
		"not modified":     {"304 Not Modified", "gzip", []string{`ETag: "x"`}, "", false, true},
		"varies already":   {"200 OK", "gzip", []string{html, "vary: Cookie, accept-encoding"}, large, true, true},
		"varies otherwise": {"200 OK", "gzip", []string{html, "vary: Cookie"}, large, true, true},
	} {
		s := serveScript(t, func(x guest.Exchange) error {
			if err := start(x, c.status, append(slices.Clone(c.headers), `X-Other: "kept"`)...); err != nil {
				return err
			}
			return x.Finish([]byte(c.body))
		})
		response, body, err := s.accepting(t, "GET", c.accept)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		h := response.Header
		if coded := h.Get("Content-Encoding") == "gzip"; coded != c.coded {
			t.Errorf("%s: %v", name, h)
			continue
		}
		if varies := strings.Count(strings.ToLower(strings.Join(h.Values("Vary"), ",")), "accept-encoding"); varies != 1 && c.varies || varies > 0 && !c.varies {
			t.Errorf("%s: Vary %q", name, h.Values("Vary"))
		}
		text := string(body)
		if c.coded {
			text = gunzip(t, body)
			if response.ContentLength != -1 || len(body) > len(large)/5 {
				t.Errorf("%s: length %d, %d bytes came", name, response.ContentLength, len(body))
			}
		} else if c.body != "" && response.ContentLength != int64(len(c.body)) {
			t.Errorf("%s: length %d", name, response.ContentLength)
		}
		if text != c.body || h.Get("X-Other") != `"kept"` {
			t.Errorf("%s: %d bytes %v", name, len(text), h)
		}
	}
}

// A strong tag belongs to the bytes that the app has made; HEAD says what GET would.
func TestTagsAndHeadOfWhatIsCompressed(t *testing.T) {
	t.Parallel()
	for tag, want := range map[string]string{`"x"`: `W/"x"`, `W/"x"`: `W/"x"`, "odd": "odd"} {
		s := serveScript(t, func(x guest.Exchange) error {
			if err := start(x, "200 OK", "Content-Type: text/plain", "etag: "+tag); err != nil {
				return err
			}
			return x.Finish([]byte(large))
		})
		for _, method := range []string{"GET", "HEAD"} {
			response, _, err := s.accepting(t, method, "gzip")
			if err != nil {
				t.Fatal(err)
			}
			if h := response.Header; h.Get("Etag") != want || h.Get("Content-Encoding") != "gzip" || h.Get("Vary") != "Accept-Encoding" ||
				h.Get("Content-Length") != "" {
				t.Errorf("%s with %s: %v", method, tag, h)
			}
		}
		response, _, err := s.accepting(t, "GET", "")
		if err != nil || response.Header.Get("Etag") != tag || response.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("as it is: %v %v", response.Header, err)
		}
	}
}

// Each block can be read before the next is written.
func TestCompressedStream(t *testing.T) {
	t.Parallel()
	next := make(chan struct{})
	s := serveScript(t, func(x guest.Exchange) error {
		if err := start(x, "200 OK", "Content-Type: text/plain"); err != nil {
			return err
		}
		for i := range 5 {
			if err := x.Write([]byte("block " + strconv.Itoa(i) + "\n")); err != nil {
				return err
			}
			<-next
		}
		return x.Finish([]byte("end"))
	})
	r, err := http.NewRequestWithContext(t.Context(), "GET", s.URL+"/app", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", "gzip")
	client := &http.Client{Transport: &http.Transport{DisableCompression: true}, Timeout: hang}
	defer client.CloseIdleConnections()
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	z, err := gzip.NewReader(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		block := make([]byte, len("block 0\n"))
		if _, err := io.ReadFull(z, block); err != nil || string(block) != "block "+strconv.Itoa(i)+"\n" {
			t.Fatalf("block %d: %q, %v", i, block, err)
		}
		next <- struct{}{}
	}
	if rest, err := io.ReadAll(z); string(rest) != "end" || err != nil {
		t.Errorf("%q, %v", rest, err)
	}
}

// Random bodies in random blocks arrive as they were, many at a time.
func TestCompressedBodies(t *testing.T) {
	t.Parallel()
	body := func(seed uint64) []byte {
		random := rand.New(rand.NewPCG(seed, 0))
		b := make([]byte, random.IntN(300_000))
		for i := range b {
			b[i] = byte(random.IntN(1 + int(seed*7%256)))
		}
		return b
	}
	s := serveScript(t, func(x guest.Exchange) error {
		environ, err := x.Environ(nil)
		if err != nil {
			return err
		}
		pairs, err := wire.Decode(environ)
		if err != nil {
			return err
		}
		var seed uint64
		for _, pair := range pairs {
			if string(pair.Key) == "QUERY_STRING" {
				seed, _ = strconv.ParseUint(string(pair.Value), 10, 64)
			}
		}
		if err := start(x, "200 OK", "Content-Type: text/plain"); err != nil {
			return err
		}
		random, rest := rand.New(rand.NewPCG(seed, 1)), body(seed)
		for len(rest) > 0 && random.IntN(5) > 0 {
			n := random.IntN(len(rest)) + 1
			if err := x.Write(rest[:n]); err != nil {
				return err
			}
			rest = rest[n:]
		}
		return x.Finish(rest)
	})
	var group sync.WaitGroup
	for worker := range 8 {
		group.Go(func() {
			client := &http.Client{Timeout: hang, Transport: &http.Transport{}} // it asks for gzip and undoes it
			defer client.CloseIdleConnections()
			for i := range 20 {
				seed := uint64(worker*100 + i)
				response, err := client.Get(s.URL + "/app?" + strconv.FormatUint(seed, 10))
				if err != nil {
					t.Error(err)
					return
				}
				got, err := io.ReadAll(response.Body)
				response.Body.Close()
				if want := body(seed); err != nil || !bytes.Equal(got, want) {
					t.Errorf("seed %d: %d bytes of %d, %v", seed, len(got), len(want), err)
				}
			}
		})
	}
	group.Wait()
}

// Memory for compressing is bounded: a response that comes when all of it is in use goes out as it is, and those that were cut off
// have given theirs back.
func TestCompressedAtOnce(t *testing.T) {
	t.Parallel()
	const most = 64
	begun, release := make(chan struct{}), make(chan struct{})
	var blocks atomic.Bool
	blocks.Store(true)
	s := serveScript(t, func(x guest.Exchange) error {
		if err := start(x, "200 OK", "Content-Type: text/html"); err != nil {
			return err
		}
		if blocks.Load() {
			if err := x.Write([]byte("first")); err != nil {
				return err
			}
			begun <- struct{}{}
			<-release
			return errors.New("the app fails")
		}
		return x.Finish([]byte(large))
	})
	var group sync.WaitGroup
	for range most {
		group.Go(func() {
			if _, _, err := s.accepting(t, "GET", "gzip"); err == nil {
				t.Error("what was cut off looks whole")
			}
		})
		<-begun
	}
	blocks.Store(false)
	response, body, err := s.accepting(t, "GET", "gzip")
	if err != nil || string(body) != large || response.Header.Get("Content-Encoding") != "" || response.Header.Get("Vary") != "Accept-Encoding" {
		t.Errorf("beyond the bound: %v, %v", response.Header, err)
	}
	close(release)
	group.Wait()
	for deadline := time.Now().Add(hang); ; { // the last of them is given back when its client knows already
		response, body, err = s.accepting(t, "GET", "gzip")
		if err != nil || response.Header.Get("Content-Encoding") == "gzip" && gunzip(t, body) == large {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("afterwards: %v", response.Header)
		}
	}
	if err != nil {
		t.Error(err)
	}
}

// Limits and the Content-Length are about what the app has written, the access log is about what went out.
func TestLimitsOfWhatIsCompressed(t *testing.T) {
	t.Parallel()
	html := "Content-Type: text/html"
	over := serveScript(t, func(x guest.Exchange) error {
		if err := start(x, "200 OK", html); err != nil {
			return err
		}
		return x.Finish([]byte(large))
	}, func(s *guest.Settings) { s.MaxResponse = int64(len(large)) - 1 })
	if response, _, err := over.accepting(t, "GET", "gzip"); err != nil || response.StatusCode != 500 {
		t.Errorf("more than max_response: %v, %v", response, err)
	}
	long := serveScript(t, func(x guest.Exchange) error {
		if err := start(x, "200 OK", html, "Content-Length: 2000"); err != nil {
			return err
		}
		if err := x.Write([]byte(large[:1500])); err != nil {
			return err
		}
		if err := x.Write([]byte(large[:501])); !errors.Is(err, abi.CodeLength) {
			t.Errorf("more than the Content-Length: %v", err)
		}
		return x.Finish([]byte(large[:500]))
	})
	response, body, err := long.accepting(t, "GET", "gzip")
	if err != nil || response.StatusCode != 200 || len(gunzip(t, body)) != 2000 {
		t.Errorf("a Content-Length: %v, %v", response, err)
	}
	long.Server.Close() // when it has written its log
	if logged := regexp.MustCompile(`bytes=(\d+)`).FindStringSubmatch(long.log.String()); logged == nil || logged[1] != strconv.Itoa(len(body)) {
		t.Errorf("the log has %q, and %d bytes came", logged, len(body))
	}
	short := serveScript(t, func(x guest.Exchange) error {
		if err := start(x, "200 OK", html, "Content-Length: 2000"); err != nil {
			return err
		}
		if err := x.Write([]byte(large[:1500])); err != nil {
			return err
		}
		return x.Finish(nil)
	})
	if _, _, err := short.accepting(t, "GET", "gzip"); err == nil {
		t.Error("less than the Content-Length looks whole")
	}
}

// Without the key nothing is compressed, nor does a response say that it might have been.
func TestNotCompressedUnlessAsked(t *testing.T) {
	t.Parallel()
	s := serveScript(t, func(x guest.Exchange) error {
		if err := start(x, "200 OK", "Content-Type: text/html"); err != nil {
			return err
		}
		return x.Finish([]byte(large))
	}, func(s *guest.Settings) { s.Compress = false })
	response, body, err := s.accepting(t, "GET", "gzip")
	if err != nil || string(body) != large || response.Header.Get("Vary") != "" || response.Header.Get("Content-Encoding") != "" {
		t.Errorf("%v, %v", response.Header, err)
	}
}

// What compressing costs: the time of a page in turns with and without, as their ratio, and how much shorter it becomes.
func BenchmarkCompress(b *testing.B) {
	readme, err := os.ReadFile(filepath.Join("..", "..", "..", "README.md"))
	if err != nil {
		b.Fatal(err)
	}
	for _, size := range []int{2 << 10, 16 << 10} {
		page := readme[:size]
		s := serveScript(b, func(x guest.Exchange) error {
			if err := start(x, "200 OK", "Content-Type: text/html"); err != nil {
				return err
			}
			return x.Finish(page)
		})
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			var took [2]time.Duration
			var wrote [2]int
			for b.Loop() {
				for i, accept := range []string{"identity", "gzip"} {
					r := httptest.NewRequest("GET", "/app", nil)
					r.Header.Set("Accept-Encoding", accept)
					w := httptest.NewRecorder()
					begin := time.Now()
					s.Config.Handler.ServeHTTP(w, r)
					took[i] += time.Since(begin)
					wrote[i] = w.Body.Len()
				}
			}
			b.ReportMetric(float64(took[1])/float64(took[0]), "time-ratio")
			b.ReportMetric(float64(wrote[1])/float64(wrote[0]), "size-ratio")
			b.ReportMetric(float64((took[1]-took[0]).Microseconds())/float64(b.N), "µs-more")
		})
	}
}
