package abitest_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wasgi/wasgi/abi/abitest"
	"github.com/wasgi/wasgi/host"
	"github.com/wasgi/wasgi/host/config"
)

func TestMain(m *testing.M) {
	host.CompilerMain()
	os.Exit(m.Run())
}

// syncLog is a log that is read while it is written.
type syncLog struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *syncLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *syncLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// good serves the reference guest at /guest, and once more at /single with one instance, on a host that keeps the contract.
func good(t *testing.T, manifest string) (http.Handler, abitest.ServerOptions) {
	t.Helper()
	dir, log := t.TempDir(), &syncLog{}
	if manifest == "" {
		manifest = "cpu = \"300ms\"\n"
	}
	manifest += "env = [\"GREETING=hi\"]\nquarantine_after = 0\nqueue_timeout = \"1s\"\n"
	for name, more := range map[string]string{"guest": "", "single": "[instances]\nmax = 1\n"} {
		err := errors.Join(os.WriteFile(filepath.Join(dir, name+".toml"), []byte(manifest+more), 0o600),
			os.WriteFile(filepath.Join(dir, name+".wasm"), abitest.Guest(), 0o600))
		if err != nil {
			t.Fatal(err)
		}
	}
	cfg := config.Default()
	cfg.Apps.Dir, cfg.Apps.Watch = dir, false
	h, err := host.Open(t.Context(), host.Options{Config: cfg, Log: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h, abitest.ServerOptions{
		Log: log.String, App: "app=guest", Env: map[string]string{"GREETING": "hi"}, TimeLimit: true, Patience: 3 * time.Second,
		Load: func(context.Context, []byte) error { return nil },
	}
}

// serve serves a handler and fills in what the kit must know.
func serve(t *testing.T, h http.Handler, options *abitest.ServerOptions) string {
	t.Helper()
	server := httptest.NewUnstartedServer(h)
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	server.Start()
	t.Cleanup(server.Close)
	options.Single = server.URL + "/single"
	return server.URL + "/guest"
}

// fault is a way to break a server, and the cases that must see it.
type fault struct {
	cases    string
	wrap     func(http.Handler) http.Handler
	options  func(*abitest.ServerOptions)
	manifest string // the first lines of the app's; "" limits its processor time
}

// TestBrokenServers proves that cases can fail: each server breaks the contract in one way, and the cases named beside it must
// say so.
func TestBrokenServers(t *testing.T) {
	t.Parallel()
	all := faults()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		f := all[name]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h, options := good(t, f.manifest)
			if f.wrap != nil {
				h = f.wrap(h)
			}
			url := serve(t, h, &options)
			if f.options != nil {
				f.options(&options)
			}
			cases := strings.Fields(f.cases)
			options.Only = func(name string) bool { return slices.Contains(cases, name) }
			outcomes, err := abitest.CheckServer(t.Context(), url, options)
			if err != nil || len(outcomes) != len(cases) {
				t.Fatalf("%d outcomes for %v, %v", len(outcomes), cases, err)
			}
			for _, o := range outcomes {
				t.Logf("%s: %q", o.Case, o.Failures)
				if len(o.Failures) == 0 {
					t.Errorf("%s has seen nothing wrong (skipped: %q)", o.Case, o.Skipped)
				}
			}
		})
	}
}

// Every case is shown to fail somewhere.
func TestEveryCaseCanFail(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{"27_file_wrapper": true} // which is not there yet
	for _, f := range faults() {
		for _, name := range strings.Fields(f.cases) {
			seen[name] = true
		}
	}
	for _, name := range abitest.ServerCases() {
		if !seen[name] {
			t.Errorf("no broken server shows that %s can fail", name)
		}
	}
}

// A case that needs more than the server's URL says what.
func TestCasesSayWhatTheyLack(t *testing.T) {
	t.Parallel()
	h, options := good(t, "")
	url := serve(t, h, &options)
	outcomes, err := abitest.CheckServer(t.Context(), url, abitest.ServerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	lacks := map[string]bool{}
	for _, o := range outcomes {
		if len(o.Failures) > 0 {
			t.Errorf("%s: %q", o.Case, o.Failures)
		}
		if field, ok := strings.CutSuffix(o.Skipped, " is not set"); ok {
			lacks[field] = true
		}
	}
	want := []string{"ServerOptions.Env", "ServerOptions.Load", "ServerOptions.Log", "ServerOptions.Single", "ServerOptions.TimeLimit"}
	if got := slices.Sorted(maps.Keys(lacks)); !slices.Equal(got, want) {
		t.Errorf("lacking are %v, want %v", got, want)
	}
}

func TestServerURL(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"", "localhost:80", "ftp://localhost/", "http://", "http://localhost/?query", "http://[::1"} {
		if _, err := abitest.CheckServer(t.Context(), url, abitest.ServerOptions{}); err == nil {
			t.Errorf("%q is taken", url)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := abitest.CheckServer(ctx, "http://localhost:1", abitest.ServerOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that is done: %v", err)
	}
}

// Nobody listening is a failure of every case, and no panic.
func TestNoServer(t *testing.T) {
	t.Parallel()
	outcomes, err := abitest.CheckServer(t.Context(), "http://127.0.0.1:1/guest", abitest.ServerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range outcomes {
		if len(o.Failures) == 0 && o.Skipped == "" {
			t.Errorf("%s has found nothing wrong with a server that is not there", o.Case)
		}
	}
}

// Nonsense is a failure, and no panic.
func TestNonsense(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "hello", "\x00\x00\x00\x00", "\x01\x00\x00\x00\x01\x00\x00\x00\x04\x00\x00\x00s\x00\x00\x00\x00"} {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) })
			options := abitest.ServerOptions{
				Log: func() string { return body }, Env: map[string]string{"A": "b"}, TimeLimit: true, Patience: 300 * time.Millisecond,
				Load: func(context.Context, []byte) error { return nil },
			}
			outcomes, err := abitest.CheckServer(t.Context(), serve(t, h, &options), options)
			if err != nil {
				t.Fatal(err)
			}
			good := 0
			for _, o := range outcomes {
				if o.Skipped == "" && len(o.Failures) == 0 {
					t.Logf("%s has found nothing wrong", o.Case)
					good++
				}
			}
			if good > 3 {
				t.Errorf("%d of %d cases have found nothing wrong", good, len(outcomes))
			}
		})
	}
}
