package host_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"runtime/debug"
	"testing"
	"time"

	"github.com/wasgi/wasgi/host/config"
	"github.com/wasgi/wasgi/host/internal/guesttest"
)

const (
	// streamed is how much a stream moves unless WASGI_STREAM says otherwise, in MiB.
	streamed = 128
	// flat is how much the process may grow by while it does, in bytes: buffers of both ends, and what the collector leaves.
	flat = 32 << 20
)

// pouring is a guest that writes so many blocks of so many bytes.
func pouring(t testing.TB, blocks uint64, size uint32) []byte {
	t.Helper()
	marker := []byte("blocks: ")
	guest := guesttest.Wasm(t, "pour")
	at := bytes.Index(guest, marker)
	if at < 0 || bytes.Count(guest, marker) != 1 {
		t.Fatalf("the guest holds %q not once", marker)
	}
	guest = bytes.Clone(guest)
	binary.LittleEndian.PutUint64(guest[at+len(marker):], blocks)
	binary.LittleEndian.PutUint32(guest[at+len(marker)+8:], size)
	return guest
}

// poured reads what such a guest sends, and checks that each block is there, in order.
func poured(r io.Reader, blocks uint64, size uint32) error {
	block := make([]byte, size)
	for n := range blocks {
		if _, err := io.ReadFull(r, block); err != nil {
			return fmt.Errorf("block %d of %d: %w", n, blocks, err)
		}
		if got := binary.LittleEndian.Uint64(block); got != n {
			return fmt.Errorf("block %d is number %d", n, got)
		}
	}
	if n, err := r.Read(block); n != 0 || !errors.Is(err, io.EOF) {
		return fmt.Errorf("%d bytes after the last block: %v", n, err)
	}
	return nil
}

// zeroes is a body without an end.
type zeroes struct{}

func (zeroes) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// growth is by how much the process grows at most while f runs.
func growth(t testing.TB, f func()) int64 {
	t.Helper()
	debug.FreeOSMemory()
	before := resident(t)
	return peak(t, f) - before
}

// keepsFlat fails the test if the process grows while f runs.
func keepsFlat(t testing.TB, what string, f func()) {
	t.Helper()
	grown := growth(t, f)
	t.Logf("%s: the process grew by %.1f MiB", what, float64(grown)/(1<<20))
	if grown > flat {
		t.Errorf("%s: the process grew by %d bytes", what, grown)
	}
}

// Uploads and downloads of any size stream through: the process does not grow with them. WASGI_STREAM is their size in MiB.
func TestStreamsKeepMemoryFlat(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector keeps a shadow of all memory")
	}
	size := int64(amount(t, "WASGI_STREAM", streamed)) << 20
	const block = 64 << 10
	dir := t.TempDir()
	write(t, filepath.Join(dir, "count.wasm"), guesttest.Wasm(t, "count"))
	write(t, filepath.Join(dir, "pour.wasm"), pouring(t, uint64(size/block), block))
	write(t, filepath.Join(dir, "events.wasm"), pouring(t, uint64(size/block), 32)) // as server-sent events are: small, and many
	for _, p := range protocols(t, dir, func(c *config.Config) {
		c.Defaults.MaxBody, c.Defaults.HostCalls, c.Defaults.CPU = size, 0, 0
	}) {
		t.Run(p.name, func(t *testing.T) {
			keepsFlat(t, fmt.Sprintf("upload of %d MiB", size>>20), func() { p.upload(t, "/count", size) })
			keepsFlat(t, fmt.Sprintf("download of %d MiB", size>>20), func() { p.download(t, "/pour", uint64(size/block), block) })
			keepsFlat(t, fmt.Sprintf("%d events", size/block), func() { p.download(t, "/events", uint64(size/block), 32) })
		})
	}
}

// upload sends so many bytes, of no length that is known beforehand, and checks that all arrived.
func (p protocol) upload(t testing.TB, path string, size int64) {
	t.Helper()
	response, err := p.client.Post(p.url+path, "application/octet-stream", io.LimitReader(zeroes{}, size))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil || len(answer) != 12 || binary.LittleEndian.Uint64(answer) != uint64(size) {
		t.Errorf("%s %s %x %v", response.Proto, response.Status, answer, err)
	}
}

func (p protocol) download(t testing.TB, path string, blocks uint64, size uint32) {
	t.Helper()
	response, err := p.client.Get(p.url + path)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if err := poured(response.Body, blocks, size); err != nil {
		t.Errorf("%s %s: %v", response.Proto, response.Status, err)
	}
}

// What a guest does not read stays with the client, and what a client does not read stays with the guest: neither fills the host.
func TestBackPressure(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector keeps a shadow of all memory")
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "nibble.wasm"), guesttest.Wasm(t, "nibble"))
	write(t, filepath.Join(dir, "pour.wasm"), pouring(t, 1<<40, 64<<10))
	for _, p := range protocols(t, dir, func(c *config.Config) { c.Defaults.MaxBody, c.Defaults.HostCalls = 1<<40, 0 }) {
		t.Run(p.name, func(t *testing.T) {
			keepsFlat(t, "8 uploads that are hardly read", func() { p.hold(t, http.MethodPost, "/nibble", 8) })
			keepsFlat(t, "8 downloads that nobody reads", func() { p.hold(t, http.MethodGet, "/pour", 8) })
		})
	}
}

// hold begins so many exchanges, goes on with none of them, and waits until next to nothing moves any more.
func (p protocol) hold(t testing.TB, method, path string, clients int) {
	t.Helper()
	ctx, end := context.WithCancel(t.Context())
	defer end()
	for range clients {
		var body io.Reader
		if method == http.MethodPost {
			body = zeroes{}
		}
		request, err := http.NewRequestWithContext(ctx, method, p.url+path, body)
		if err != nil {
			t.Fatal(err)
		}
		response, err := p.client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if _, err := response.Body.Read(make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
	}
	const quiet, trickle = 200 * time.Millisecond, 4 << 10
	if !eventually(func() bool {
		before := p.moved.Load()
		time.Sleep(quiet)
		return p.moved.Load() < before+trickle
	}) {
		t.Errorf("%d bytes were moved, and it goes on", p.moved.Load())
	}
}
