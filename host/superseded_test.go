package host_test

import (
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wasgi/wasgi/host"
	"github.com/wasgi/wasgi/host/config"
	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// A file that compiles for seconds and is replaced meanwhile is compiled no further: the compiler is killed, and the newest
// version serves as its app's first generation.
func TestSupersededCompilationIsKilled(t *testing.T) {
	t.Parallel()
	log := &logBuffer{}
	cfg := config.Default()
	cfg.Apps.Dir, cfg.Apps.Cache, cfg.Apps.Settle = t.TempDir(), t.TempDir(), 20*time.Millisecond
	h, err := host.Open(t.Context(), host.Options{
		Config: cfg, Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	app := filepath.Join(cfg.Apps.Dir, "app.wasm")
	write(t, app, guesttest.NestedLoops(60, 1000))
	compiling := func() bool {
		folders, _ := filepath.Glob(filepath.Join(cfg.Apps.Cache, "*", "*", "build-*"))
		return len(folders) > 0
	}
	if !eventually(compiling) {
		t.Fatalf("the first version is not compiled: %+v", h.Status())
	}
	write(t, app, guesttest.Wasm(t, "hello"))
	until(t, h, "/app", 200, hello)
	if s := h.Status(); s[0].Generation != 1 || s[0].Err != nil {
		t.Errorf("%+v", s)
	}
	if text := log.String(); strings.Contains(text, "level=ERROR") || !strings.Contains(text, `msg="loading given up" app=app`) {
		t.Errorf("the log says\n%s", text)
	}
	if compiling() {
		t.Error("a compiler is left")
	}
}
