package host_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wasgi/wasgi/host"
	"github.com/wasgi/wasgi/host/config"
	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// An app that keeps failing is left alone, which its status shows; its neighbours are not, and a new version ends it.
func TestQuarantine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "app.wasm")
	write(t, filepath.Join(dir, "app.toml"), []byte("quarantine_after = 2"))
	write(t, path, guesttest.Wasm(t, "trap"))
	write(t, filepath.Join(dir, "hello.wasm"), guesttest.Wasm(t, "hello"))
	h := open(t, dir)
	started := time.Now()
	for range 2 {
		if status, _ := get(h, "/app"); status != 500 {
			t.Errorf("an app that traps answers %d", status)
		}
	}
	s := h.Status()[0]
	if s.Name != "app" || s.State != "serving" || s.Faults != 2 || s.LastFault != "call: trap: unreachable" || s.Quarantined.IsZero() {
		t.Errorf("%+v", s)
	}
	status, body := get(h, "/app")
	// On a very slow machine this is the probe.
	if status != 503 && time.Since(started) < time.Second || strings.Contains(body, "trap") {
		t.Errorf("an app in quarantine answers %d %q", status, body)
	}
	if status, body := get(h, "/hello"); status != 200 || body != hello {
		t.Errorf("its neighbour answers %d %q", status, body)
	}
	write(t, path, guesttest.Wasm(t, "hello2"))
	until(t, h, "/app", 200, second)
	if s := h.Status()[0]; s.Faults != 0 || s.LastFault != "" || !s.Quarantined.IsZero() {
		t.Errorf("%+v", s)
	}
}

// Limits that a manifest sets reach the room that keeps them.
func TestLimitsOfManifest(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, manifest := range map[string]string{
		"module": "max_module = 10", "response": "max_response = 10", "environ": "max_environ = 100",
	} {
		write(t, filepath.Join(dir, name+".toml"), []byte(manifest))
		write(t, filepath.Join(dir, name+".wasm"), guesttest.Wasm(t, "hello"))
	}
	h := open(t, dir)
	for path, want := range map[string]int{"/module": 404, "/response": 500, "/environ": 431} {
		if status, _ := get(h, path); status != want {
			t.Errorf("%s answers %d, want %d", path, status, want)
		}
	}
	for _, s := range h.Status() {
		if s.Name == "module" && (s.Err == nil || !strings.Contains(s.Err.Error(), "raise max_module")) {
			t.Errorf("%+v", s)
		}
	}
}

func TestMaxApps(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"a", "b", "c"} {
		write(t, filepath.Join(dir, name+".wasm"), guesttest.Wasm(t, "hello"))
	}
	cfg := config.Default()
	cfg.Apps.Dir, cfg.Apps.Max, cfg.Apps.Cache = dir, 2, guesttest.CacheDir(t)
	log := &logBuffer{}
	h, err := host.Open(t.Context(), host.Options{Config: cfg, Log: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	for path, want := range map[string]int{"/a": 200, "/b": 200, "/c": 404} {
		if status, _ := get(h, path); status != want {
			t.Errorf("%s answers %d, want %d", path, status, want)
		}
	}
	if want := `apps=c cause="there are more than 2 apps; raise apps.max"`; !strings.Contains(log.String(), want) {
		t.Errorf("the log says\n%s", log)
	}
	if err := os.Remove(filepath.Join(dir, "a.wasm")); err != nil {
		t.Fatal(err)
	}
	until(t, h, "/c", 200, hello)
}
