package wire_test

import (
	"testing"

	"github.com/wasgi/wasgi/abi/wire"
)

// usual is the environ of a browser's request: what the hot path encodes and decodes.
var usual = [][2]string{
	{"REQUEST_METHOD", "GET"}, {"SCRIPT_NAME", "/hello"}, {"PATH_INFO", "/"}, {"QUERY_STRING", "a=1&b=2"},
	{"RAW_URI", "/hello/?a=1&b=2"}, {"SERVER_NAME", "example.com"}, {"SERVER_PORT", "443"}, {"SERVER_PROTOCOL", "HTTP/2.0"},
	{"REMOTE_ADDR", "203.0.113.9"}, {"REMOTE_PORT", "51234"}, {"HTTPS", "on"},
	{"HTTP_ACCEPT", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"},
	{"HTTP_ACCEPT_ENCODING", "gzip, deflate, br"}, {"HTTP_ACCEPT_LANGUAGE", "en"},
	{"HTTP_COOKIE", "session=0123456789abcdef0123456789abcdef"},
	{"HTTP_HOST", "example.com"}, {"HTTP_USER_AGENT", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"},
	{"wsgi.version", "1.0"}, {"wsgi.url_scheme", "https"}, {"wsgi.multithread", "0"}, {"wsgi.multiprocess", "1"},
	{"wsgi.run_once", "1"}, {"wsgi.input_terminated", "1"}, {"wasgi.request_id", "01J9ZQ5Y8T3V4W5X6Y7Z8A9B0C"},
}

func encodeUsual(t testing.TB, e *wire.Encoder) []byte {
	e.Reset()
	for _, p := range usual {
		e.Add(p[0], p[1])
	}
	b, err := e.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The two tests count the allocations of the whole process, so they run alone and not in parallel.

func TestEncodingAUsualRequestAllocatesNothing(t *testing.T) {
	var e wire.Encoder
	if n := testing.AllocsPerRun(100, func() { encodeUsual(t, &e) }); n != 0 {
		t.Errorf("%v allocations a request, want 0", n)
	}
}

func TestDecodingIntoAReusedSliceAllocatesNothing(t *testing.T) {
	var e wire.Encoder
	b := encodeUsual(t, &e)
	var list []wire.Pair
	n := testing.AllocsPerRun(100, func() {
		var err error
		if list, err = wire.AppendPairs(list[:0], b); err != nil || len(list) != len(usual) {
			t.Fatalf("got %d pairs, %v", len(list), err)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations a request, want 0", n)
	}
}

func BenchmarkEncode(b *testing.B) {
	var e wire.Encoder
	b.ReportAllocs()
	for b.Loop() {
		b.SetBytes(int64(len(encodeUsual(b, &e))))
	}
}

func BenchmarkAppendPairs(b *testing.B) {
	var e wire.Encoder
	encoded := encodeUsual(b, &e)
	b.SetBytes(int64(len(encoded)))
	b.ReportAllocs()
	var list []wire.Pair
	for b.Loop() {
		var err error
		if list, err = wire.AppendPairs(list[:0], encoded); err != nil {
			b.Fatal(err)
		}
	}
}
