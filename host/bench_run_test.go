package host

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wasgi/wasgi/host/config"
	"github.com/wasgi/wasgi/host/internal/guest"
	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// A tape gives what it has recorded, with the same headers, piece by piece.
func TestTapeGivesWhatItRecorded(t *testing.T) {
	t.Parallel()
	recorded := newTape()
	recorded.Header().Set("X-A", "1")
	recorded.Header()["Content-Type"] = nil
	recorded.WriteHeader(http.StatusEarlyHints)
	recorded.WriteHeader(http.StatusTeapot)
	recorded.Header().Set("X-Late", "1")
	block := []byte("one")
	for _, text := range []string{"one", "", "two"} {
		block = append(block[:0], text...)
		if n, err := recorded.Write(block); n != len(text) || err != nil {
			t.Fatal(n, err)
		}
		recorded.Flush()
	}
	server := httptest.NewServer(recorded)
	defer server.Close()
	for range 2 {
		response, err := http.Post(server.URL, "text/plain", strings.NewReader("a body"))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		h := response.Header
		if response.StatusCode != http.StatusTeapot || string(body) != "onetwo" || h.Get("X-A") != "1" || h.Get("X-Late") != "" ||
			h.Get("Content-Type") != "" || len(response.TransferEncoding) != 1 {
			t.Errorf("%d %q %v", response.StatusCode, body, h)
		}
	}
}

func TestTapeIsBounded(t *testing.T) {
	t.Parallel()
	long, many := newTape(), newTape()
	block := make([]byte, 1<<20)
	for range maxTape/len(block) + 1 {
		_, _ = long.Write(block)
	}
	for range maxPieces {
		_, _ = many.Write(block[:1])
		many.Flush()
	}
	if !long.overflow || long.size > maxTape || !many.overflow || len(many.pieces) > maxPieces {
		t.Errorf("%d bytes, %d pieces", long.size, len(many.pieces))
	}
}

// A response that does not end is given up, and that is not the app's fault.
func TestEndlessResponseIsNotRecorded(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "app.wasm")
	if err := os.WriteFile(file, guesttest.Wasm(t, "spin_late"), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := config.Default()
	cfg.Apps.Cache = guesttest.CacheDir(t)
	h, err := open(t.Context(), Options{Config: cfg})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	module, settings, err := h.read(file)
	if err != nil {
		t.Fatal(err)
	}
	request, err := newBenchRequest(httptest.NewRequest("GET", "/", nil))
	if err != nil {
		t.Fatal(err)
	}
	b := &benchRun{host: h, file: file, module: module, settings: settings, plan: BenchPlan{}.withDefaults(), request: request,
		recording: 50 * time.Millisecond}
	var first atomic.Pointer[guest.Fault]
	app, err := h.single(t.Context(), module, settings, singleOptions{file: file, fault: func(f *guest.Fault) { first.Store(f) }})
	if err != nil {
		t.Fatal(err)
	}
	defer app.close()
	if err := b.record(t.Context(), app, &first); !errors.Is(err, errEndless) || b.tape != nil {
		t.Errorf("it is recorded as %v, %v", b.tape, err)
	}
	if fault := first.Load(); fault == nil || fault.Kind != guest.KindClient {
		t.Errorf("the fault is %v", fault)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := b.record(ctx, app, &first); !errors.Is(err, context.Canceled) || errors.Is(err, errEndless) {
		t.Errorf("with a context that is over: %v", err)
	}
}
