package wasgi_test

import (
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/wasgi/wasgi/abi/wire"
	"github.com/wasgi/wasgi/host/internal/guest"
	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// BenchmarkSamples tells what GET / of a sample app takes in the guest: as the first request after the image, again and again, or
// as the next one of an instance that lives on. What it takes until an instance is ready for the next is a figure of its own.
//
//	go test -run '^$' -bench Samples ./host/internal/guest/wasgi
func BenchmarkSamples(b *testing.B) {
	kind := newKind(b)
	for _, name := range []string{"hello", "echo", "notes"} {
		file := guest.File{Name: name + ".wasm", Data: guesttest.Go(b, filepath.Join("..", "..", "..", "..", "plugins", name))}
		for _, isolation := range []guest.Isolation{guest.IsolationRequest, guest.IsolationInstance} {
			b.Run(name+"/"+string(isolation), func(b *testing.B) {
				s := settings()
				s.Memory, s.Isolation = 64<<20, isolation
				program, err := kind.Load(b.Context(), file, s, slog.New(slog.DiscardHandler))
				if err != nil {
					b.Fatal(err)
				}
				defer program.Close()
				benchmark(b, program)
			})
		}
	}
}

// benchmark plays requests on one instance after the other, as long as each can be used.
func benchmark(b *testing.B, program guest.Program) {
	i, err := program.New(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer func() { i.Close() }()
	var between time.Duration
	made := 1
	r := newRecorder("")
	r.environ = getRoot()
	for b.Loop() {
		r.status = ""
		if err := i.Serve(b.Context(), r); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		started := time.Now()
		if !i.Reset() {
			made++
			i.Close()
			if i, err = program.New(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
		between += time.Since(started)
		b.StartTimer()
	}
	b.ReportMetric(float64(between.Nanoseconds())/float64(b.N), "between-ns/op")
	b.ReportMetric(float64(made), "instances")
	b.ReportMetric(float64(i.Bytes()), "memory-B")
}

// getRoot is what a browser's request for the app's first page is to the guest.
func getRoot() []byte {
	var e wire.Encoder
	for _, pair := range [][2]string{
		{"REQUEST_METHOD", "GET"}, {"SCRIPT_NAME", "/app"}, {"PATH_INFO", "/"}, {"RAW_URI", "/app/"},
		{"SERVER_NAME", "localhost"}, {"SERVER_PORT", "8080"}, {"SERVER_PROTOCOL", "HTTP/1.1"},
		{"REMOTE_ADDR", "127.0.0.1"}, {"REMOTE_PORT", "40000"},
		{"HTTP_HOST", "localhost:8080"}, {"HTTP_ACCEPT", "text/html"}, {"HTTP_ACCEPT_ENCODING", "gzip, deflate, br"},
		{"HTTP_ACCEPT_LANGUAGE", "en"}, {"HTTP_USER_AGENT", "Mozilla/5.0 (X11; Linux x86_64)"},
		{"wsgi.version", "1.0"}, {"wsgi.url_scheme", "http"}, {"wsgi.multithread", "0"}, {"wsgi.multiprocess", "1"},
		{"wsgi.run_once", "1"}, {"wsgi.input_terminated", "1"}, {"wasgi.request_id", "0123456789abcdef"},
	} {
		e.Add(pair[0], pair[1])
	}
	environ, _ := e.Bytes() // it is far from too long
	return environ
}
