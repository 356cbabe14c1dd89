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

	"github.com/wasgi/wasgi/host"
	"github.com/wasgi/wasgi/host/config"
)

// answer plays GET /?query on the guest of testdata/room.c, by that isolation, and returns what the client sees and the log.
func answer(t *testing.T, isolation, query string) (status int, body, log string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "room.wasm")
	manifest := fmt.Sprintf("isolation = %q\nmemory = \"8MiB\"\n", isolation)
	for name, content := range map[string][]byte{file: build(t, bare, "testdata/room.c"), strings.TrimSuffix(file, "wasm") + "toml": []byte(manifest)} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var lines bytes.Buffer
	cfg := config.Default()
	cfg.Apps.Cache = t.TempDir()
	seen := httptest.NewRecorder()
	request := httptest.NewRequest(http.MethodGet, "/?"+query, nil)
	_ = host.Call(t.Context(), host.Options{Config: cfg, Log: slog.New(slog.NewTextHandler(&lines, nil))}, file, seen, request) // a fault: it is in the log
	return seen.Code, seen.Body.String(), lines.String()
}

// Within the room that the warm-up makes no request grows the memory, which would cost its instance.
func TestWarmUpMakesRoom(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ isolation, kilobytes, pages string }{
		{"request", "60", "0"},
		{"request", "100", "2"}, // a chunk twice as large as the first
		{"fresh", "60", "1"},    // without a warm-up it works too
	} {
		status, body, log := answer(t, c.isolation, c.kilobytes)
		if status != 200 || body != c.pages {
			t.Errorf("%s KiB, %s: %d, memory grew by %q pages, want %s\n%s", c.kilobytes, c.isolation, status, body, c.pages, log)
		}
	}
}

// An app without memory is a 500, and the log says why.
func TestNoMemoryIsAFault(t *testing.T) {
	t.Parallel()
	status, body, log := answer(t, "request", "20000")
	if status != 500 || !strings.Contains(log, "wasgi_alloc: out of memory: raise the app's memory, or do with less") {
		t.Errorf("%d %s\n%s", status, body, log)
	}
	// Nearly all of what it may have can be had.
	if status, body, log = answer(t, "request", "7000"); status != 200 {
		t.Errorf("%d %s\n%s", status, body, log)
	}
}
