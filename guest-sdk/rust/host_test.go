package rust_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/wasgi/wasgi/host"
	"github.com/wasgi/wasgi/host/config"
)

// options have the usual cache of compiled modules.
func options(t *testing.T, dir string, log io.Writer) host.Options {
	t.Helper()
	cfg := config.Default()
	cfg.Defaults.CompileTimeout = 10 * time.Minute // a compiler under the race detector takes ten times as long
	cfg.Apps.Dir = dir
	if cache, err := os.UserCacheDir(); err == nil {
		cfg.Apps.Cache = filepath.Join(cache, "wasgi")
	}
	return host.Options{Config: cfg, Log: slog.New(slog.NewTextHandler(log, nil))}
}

// everyTarget runs a test on the app that does everything, as built for each target.
func everyTarget(t *testing.T, test func(t *testing.T, module string)) {
	t.Helper()
	for target, find := range targets {
		t.Run(target, func(t *testing.T) {
			t.Parallel()
			test(t, find(t).Module(t, ".", filepath.Join("testdata", "every")))
		})
	}
}

// call plays GET path, and returns the response, its body and the log.
func call(t *testing.T, module, path string) (*httptest.ResponseRecorder, string, error) {
	t.Helper()
	var log bytes.Buffer
	recorder := httptest.NewRecorder()
	err := host.Call(t.Context(), options(t, t.TempDir(), &log), module, recorder, httptest.NewRequest("GET", path, nil))
	return recorder, log.String(), err
}

func TestPanicsAreLogged(t *testing.T) {
	t.Parallel()
	everyTarget(t, func(t *testing.T, module string) {
		for path, status := range map[string]int{"/panics": http.StatusInternalServerError, "/panics-late": http.StatusOK} {
			response, log, err := call(t, module, path)
			if err == nil || response.Code != status || strings.Contains(response.Body.String(), "asked") {
				t.Errorf("%s: %d %s, %v; want %d and a fault", path, response.Code, response.Body, err, status)
			}
			if !regexp.MustCompile(`panic at src.lib\.rs:\d+:\d+: as asked`).MatchString(log) {
				t.Errorf("%s: the log has no line of the panic:\n%s", path, log)
			}
		}
	})
}

func TestErrorsAreLogged(t *testing.T) {
	t.Parallel()
	everyTarget(t, func(t *testing.T, module string) {
		response, log, err := call(t, module, "/fails")
		if err != nil || response.Code != http.StatusInternalServerError || response.Body.String() != "Internal Server Error\n" {
			t.Errorf("%d %s, %v", response.Code, response.Body, err)
		}
		if !strings.Contains(log, "wasgi: application: as asked") {
			t.Errorf("the log has no line of it:\n%s", log)
		}
	})
}

// Each request begins as the first one did, with warm_up behind it and other random numbers.
func TestRequestsSeeTheImage(t *testing.T) {
	t.Parallel()
	everyTarget(t, func(t *testing.T, module string) {
		server := serve(t, module)
		drawn := map[string]bool{}
		for range 5 {
			if got := ask(t, server, "/"); got != "warm true, call 1" {
				t.Errorf("got %q", got)
			}
			drawn[ask(t, server, "/random")] = true
		}
		if len(drawn) != 5 {
			t.Errorf("the numbers repeat: %v", drawn)
		}
	})
}

// serve serves a module at /.
func serve(t *testing.T, module string) *httptest.Server {
	t.Helper()
	dir := t.TempDir()
	data, err := os.ReadFile(module)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "index.wasm"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	h, err := host.Open(t.Context(), options(t, dir, t.Output()))
	if err != nil {
		t.Fatal(err)
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

func ask(t *testing.T, server *httptest.Server, path string) string {
	t.Helper()
	response, err := http.Get(server.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", path, response.Status, err)
	}
	return string(body)
}

// TestRoom: what a usual request allocates fits into what warm_up has made room for. An instance whose memory has grown would have to
// be replaced.
func TestRoom(t *testing.T) {
	t.Parallel()
	everyTarget(t, func(t *testing.T, module string) {
		memory := func(path string) int64 {
			plan := host.BenchPlan{Clients: 1, Duration: 20 * time.Millisecond, Rounds: 1, Isolations: []string{"request"}}
			result, err := host.Bench(t.Context(), options(t, t.TempDir(), io.Discard), module, httptest.NewRequest("GET", path, nil), plan)
			if err != nil {
				t.Fatal(err)
			}
			if row := result.Apps[0]; row.Failed > 0 || row.RunsAs != "request" {
				t.Errorf("%s runs as %s, %d failed", path, row.RunsAs, row.Failed)
			}
			return result.Apps[0].Memory
		}
		image := memory("/static")
		for path, grows := range map[string]bool{"/": false, "/fits": false, "/reader": false, "/large": false, "/grows": true} {
			if got := memory(path); (got > image) != grows {
				t.Errorf("%s: %d bytes of memory, and %d without it; want it to have grown: %t", path, got, image, grows)
			}
		}
	})
}
