package wasgi_test

import (
	"bytes"
	"log/slog"
	"testing"
	"time"

	"github.com/wasgi/wasgi/host/internal/guest"
	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// BenchmarkRestore times bringing an instance back after one exchange, against the ways that need no notes: copying all of its
// memory, and comparing all of it by pages and copying those that differ.
func BenchmarkRestore(b *testing.B) {
	for name, data := range map[string][]byte{
		"small": guesttest.Wasm(b, "hello"),
		"go":    guesttest.Go(b, "../../../../plugins/hello"),
		"notes": guesttest.Go(b, "../../../../plugins/notes"),
	} {
		b.Run(name, func(b *testing.B) { benchmarkRestore(b, name, data) })
	}
}

func benchmarkRestore(b *testing.B, name string, data []byte) {
	s := settings()
	s.Memory, s.Isolation = 64<<20, guest.IsolationRequest
	program, err := newKind(b).Load(b.Context(), guest.File{Name: name + ".wasm", Data: data}, s, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	i, err := program.New(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer i.Close()
	memory, _ := i.(interface {
		View(ptr, length uint32) ([]byte, bool)
	}).View(0, uint32(i.Bytes()))
	image := bytes.Clone(memory)
	var byNotes, byCopy, byCompare time.Duration
	for b.Loop() {
		if err := i.Serve(b.Context(), newRecorder("")); err != nil {
			b.Fatal(err)
		}
		byCompare += timed(func() { compareAndCopy(memory, image) })
		byCopy += timed(func() { copy(memory, image) })
		byNotes += timed(func() {
			if !i.Reset() {
				b.Fatal("the instance cannot be restored")
			}
		})
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(len(memory))/1024, "KiB")
	for unit, took := range map[string]time.Duration{"ns-notes": byNotes, "ns-copy": byCopy, "ns-compare": byCompare} {
		b.ReportMetric(float64(took.Nanoseconds())/float64(b.N), unit)
	}
}

func timed(f func()) time.Duration {
	begin := time.Now()
	f()
	return time.Since(begin)
}

func compareAndCopy(memory, image []byte) {
	const page = 4096
	for at := 0; at < len(memory); at += page {
		if to := at + page; !bytes.Equal(memory[at:to], image[at:to]) {
			copy(memory[at:to], image[at:to])
		}
	}
}
