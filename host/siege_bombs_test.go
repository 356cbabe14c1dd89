package host_test

import (
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/wasgi/wasgi/host"
	"github.com/wasgi/wasgi/host/config"
	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// Files that end a compiler, or take it for long, are refused with a reason while the good app goes on serving.
func TestSiegeOfBombs(t *testing.T) {
	const bound = 2 * time.Second
	var dir string
	h := besieged(t, nil, func(c *config.Config) { dir = c.Apps.Dir })
	server := httptest.NewServer(h)
	defer server.Close()
	load := startLoad(t, server, 2)
	defer load.end()
	calm := load.during(func() { time.Sleep(time.Second) })
	for name, data := range guesttest.Bombs() {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(dir, name+".wasm")
			write(t, filepath.Join(dir, name+".toml"), []byte("compile_timeout = '200ms'\n"))
			write(t, file, data)
			begin := time.Now()
			served := load.during(func() {
				if err := h.Reload(t.Context()); err != nil {
					t.Error(err)
				}
			})
			took := time.Since(begin)
			status := statusOf(t, h, name)
			if status.Err == nil || status.State != "failed" {
				t.Errorf("%d bytes are served: %+v", len(data), status)
			}
			t.Logf("%d bytes refused after %v: %v", len(data), took, status.Err)
			if took > bound/10 {
				t.Logf("hello was served %.0f times a second, and %.0f before", served, calm)
			}
			if took > 10*bound {
				t.Errorf("%d bytes took %v", len(data), took)
			}
			if err := os.Remove(file); err != nil {
				t.Error(err)
			}
		})
	}
}

func statusOf(t *testing.T, h *host.Host, name string) host.Status {
	t.Helper()
	for _, status := range h.Status() {
		if status.Name == name {
			return status
		}
	}
	t.Fatalf("there is no app %q", name)
	return host.Status{}
}
