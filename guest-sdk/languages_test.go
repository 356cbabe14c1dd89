// Package guestsdk_test holds the samples of all languages to one contract, in one host.
package guestsdk_test

import (
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"github.com/wasgi/wasgi/guest-sdk/notestest"
	"github.com/wasgi/wasgi/host"
	"github.com/wasgi/wasgi/host/config"
)

func TestMain(m *testing.M) {
	host.CompilerMain()
	os.Exit(m.Run())
}

// sample is an app in one language.
type sample struct {
	name  string
	dir   string
	build func(t testing.TB, dir string) string // returns the module's path, or skips the test
	// kind and toolchain are what `wasgi inspect` tells of it.
	kind      string
	toolchain *regexp.Regexp
}

var notesApps = []sample{
	{"go", "go/examples/notes", goApp, "wasgi", goTools},
	{"go-http", "go/examples/notes-http", goApp, "wasgi", goTools},
	{"c", "c/examples/notes", cApp, "wasgi", cTools},
	{"rust", "rust/examples/notes", rustApp, "wasgi", rustTools},
	{"assemblyscript", "assemblyscript/examples/notes", assemblyScriptApp, "wasgi", assemblyScriptTools},
	{"cgi", "c/examples/notes-cgi", cgiProgram, "cgi", cTools},
}

// TestNotesInEachLanguage serves the notes apps of all languages from one folder: with their manifests, which give them a memory, and
// without, so that each request finds the app as it was before the first.
func TestNotesInEachLanguage(t *testing.T) {
	dir := t.TempDir()
	built := map[string]bool{}
	for _, app := range notesApps {
		t.Run("build "+app.name, func(t *testing.T) {
			module := read(t, app.build(t, app.dir))
			write(t, filepath.Join(dir, app.name+"-forgets.wasm"), module)
			if app.kind != "cgi" {
				write(t, filepath.Join(dir, app.name+".wasm"), module)
				write(t, filepath.Join(dir, app.name+".toml"), read(t, app.dir+".toml"))
			}
			built[app.name] = true
		})
	}
	server := serve(t, dir)
	for _, app := range notesApps {
		if !built[app.name] {
			continue
		}
		if app.kind != "cgi" {
			t.Run(app.name, func(t *testing.T) {
				t.Parallel()
				notestest.Run(t, server.URL+"/"+app.name, false)
			})
		}
		t.Run(app.name+" without a memory", func(t *testing.T) {
			t.Parallel()
			notestest.Run(t, server.URL+"/"+app.name+"-forgets", true)
		})
	}
}

// TestInspectKnowsEachLanguage: kind and toolchain are found in the file alone.
func TestInspectKnowsEachLanguage(t *testing.T) {
	t.Parallel()
	for _, app := range notesApps {
		t.Run(app.name, func(t *testing.T) {
			t.Parallel()
			got, err := host.Inspect(t.Context(), options(t, t.TempDir()), app.build(t, app.dir))
			if err != nil {
				t.Fatal(err)
			}
			if got.Kind != app.kind || len(got.Refusals) > 0 || !app.toolchain.MatchString(got.Module.Toolchain) {
				t.Errorf("%s by %q, refused for %v; want %s by %s", got.Kind, got.Module.Toolchain, got.Refusals, app.kind, app.toolchain)
			}
			if len(got.Module.Fresh) > 0 {
				t.Errorf("it cannot be restored: %v", got.Module.Fresh)
			}
		})
	}
}

// serve opens a host on a folder, and fails unless all that is in it is served.
func serve(t *testing.T, dir string) *httptest.Server {
	t.Helper()
	h, err := host.Open(t.Context(), options(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	for _, app := range h.Status() {
		if app.State != "serving" {
			t.Errorf("%s is %s: %v", app.Name, app.State, app.Err)
		}
	}
	server := httptest.NewServer(h)
	t.Cleanup(func() {
		server.Close()
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return server
}

func options(t testing.TB, dir string) host.Options {
	cfg := config.Default()
	cfg.Defaults.CompileTimeout = 10 * time.Minute // a compiler under the race detector takes ten times as long
	cfg.Apps.Dir = dir
	if cache, err := os.UserCacheDir(); err == nil {
		cfg.Apps.Cache = filepath.Join(cache, "wasgi")
	}
	log := slog.DiscardHandler
	if _, ok := t.(*testing.T); ok {
		log = slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})
	}
	return host.Options{Config: cfg, Log: slog.New(log)}
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func write(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
