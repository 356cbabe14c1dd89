package host_test

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// drawn asks the app draw for its lines, request after request, and tells which different ones began with each name.
func drawn(t *testing.T, h http.Handler, requests int) map[string][]string {
	t.Helper()
	seen, lines := map[string]bool{}, map[string][]string{}
	for range requests {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/draw", nil))
		if w.Code != 200 {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		for line := range strings.Lines(w.Body.String()) {
			if name, value, _ := strings.Cut(strings.TrimSpace(line), " "); !seen[line] {
				seen[line] = true
				lines[name] = append(lines[name], value)
			}
		}
	}
	return lines
}

// What a Go app drew before the image repeats in each request, and so do generators that were seeded by then: wasgi.Rand and
// crypto/rand do not. The app is warmed up once, with one request of its handler's, unless its instances serve but one.
func TestGoAppUnderEachIsolation(t *testing.T) {
	t.Parallel()
	module := guesttest.Go(t, filepath.Join("testdata", "apps", "draw"))
	const all = 5
	for isolation, want := range map[string]struct {
		frozen int // how many different values of what an image holds
		warm   string
	}{
		"request": {1, "1"}, "instance": {all, "1"}, "fresh": {all, "0"},
	} {
		t.Run(isolation, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			write(t, filepath.Join(dir, "draw.toml"), []byte("isolation = \""+isolation+"\"\n"))
			write(t, filepath.Join(dir, "draw.wasm"), module)
			h := open(t, dir)
			lines := drawn(t, h, all)
			for source, n := range map[string]int{
				"math": want.frozen, "v2": want.frozen, "seeded": want.frozen, "kept": all, "wasgi": all, "crypto": all,
			} {
				if len(lines[source]) != n {
					t.Errorf("%s gave %d different values in %d requests, want %d", source, len(lines[source]), all, n)
				}
			}
			for _, count := range []string{"warm-ups", "asked"} {
				if got := strings.Join(lines[count], ", "); got != want.warm {
					t.Errorf("%s %s, want %s", count, got, want.warm)
				}
			}
			if s := h.Status()[0]; string(s.Isolation) != isolation || s.Why != "" {
				t.Errorf("it runs as %s: %s", s.Isolation, s.Why)
			}
		})
	}
}
