package c_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wasgi/wasgi/host"
	"github.com/wasgi/wasgi/host/config"
)

// answer plays GET /?query on a guest, by that isolation, and returns what the client sees and the log.
func answer(t *testing.T, module []byte, isolation, query string) (status int, body, log string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "guest.wasm")
	manifest := fmt.Sprintf("isolation = %q\nmemory = \"8MiB\"\n", isolation)
	if err := os.WriteFile(file, module, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(strings.TrimSuffix(file, "wasm")+"toml", []byte(manifest), 0o600); err != nil {
		t.Fatal(err)
	}
	var lines bytes.Buffer
	cfg := config.Default()
	cfg.Defaults.CompileTimeout = 10 * time.Minute // a compiler under the race detector takes ten times as long
	cfg.Apps.Cache = t.TempDir()
	seen := httptest.NewRecorder()
	request := httptest.NewRequest(http.MethodGet, "/?"+query, nil)
	_ = host.Call(t.Context(), host.Options{Config: cfg, Log: slog.New(slog.NewTextHandler(&lines, nil))}, file, seen, request) // a fault: it is in the log
	return seen.Code, seen.Body.String(), lines.String()
}

// Within the room that the warm-up makes no request grows the memory, which would cost its instance.
func TestWarmUpMakesRoom(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		flags                       []string
		isolation, kilobytes, pages string
	}{
		{bare, "request", "60", "0"},
		{bare, "request", "100", "2"}, // a chunk twice as large as the first
		{bare, "fresh", "60", "1"},    // without a warm-up it works too
		{reactor, "request", "60", "0"},
	} {
		status, body, log := answer(t, build(t, c.flags, "testdata/room.c"), c.isolation, c.kilobytes)
		if status != 200 || body != c.pages {
			t.Errorf("%s KiB, %s: %d, memory grew by %q pages, want %s\n%s", c.kilobytes, c.isolation, status, body, c.pages, log)
		}
	}
}

// An app without memory is a 500, and the log says why.
func TestNoMemoryIsAFault(t *testing.T) {
	t.Parallel()
	module := build(t, bare, "testdata/room.c")
	status, body, log := answer(t, module, "request", "20000")
	if status != 500 || !strings.Contains(log, "wasgi_alloc: out of memory: raise the app's memory, or do with less") {
		t.Errorf("%d %s\n%s", status, body, log)
	}
	// Nearly all of what it may have can be had.
	if status, body, log = answer(t, module, "request", "7000"); status != 200 {
		t.Errorf("%d %s\n%s", status, body, log)
	}
}

// What malloc gives and what wasgi_alloc gives never overlap, whichever came first.
func TestMallocAndRequestsMemoryAreApart(t *testing.T) {
	t.Parallel()
	module := build(t, reactor, "testdata/mixed.c")
	for _, isolation := range []string{"request", "instance", "fresh"} {
		if status, body, log := answer(t, module, isolation, "1000"); status != 200 || body != "2000" {
			t.Errorf("%s: %d, %q of 2000 blocks are whole\n%s", isolation, status, body, log)
		}
	}
}
