package host_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wasgi/wasgi/abi/abitest"
	"github.com/wasgi/wasgi/host"
	"github.com/wasgi/wasgi/host/config"
	"github.com/wasgi/wasgi/host/internal/certtest"
	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// TestConformance plays the conformance kit on the host, over each protocol and with each isolation.
func TestConformance(t *testing.T) {
	t.Parallel()
	for name, protocol := range map[string]abitest.Protocol{"http1": abitest.HTTP1, "http2": abitest.HTTP2, "h2c": abitest.H2C} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conform(t, protocol, protocol == abitest.HTTP2, "request")
		})
	}
	t.Run("http1 over TLS", func(t *testing.T) {
		t.Parallel()
		conform(t, abitest.HTTP1, true, "request")
	})
	for _, isolation := range []string{"instance", "fresh"} {
		t.Run(isolation, func(t *testing.T) {
			t.Parallel()
			conform(t, abitest.HTTP1, false, isolation)
		})
	}
}

func conform(t *testing.T, protocol abitest.Protocol, secure bool, isolation string) {
	dir, log := t.TempDir(), &logBuffer{}
	manifest := fmt.Sprintf("cpu = \"1s\"\nisolation = %q\nenv = [\"GREETING=hi\", \"EMPTY=\"]\nquarantine_after = 0\n", isolation)
	for name, more := range map[string]string{"guest": "", "single": "[instances]\nmax = 1\n"} {
		write(t, filepath.Join(dir, name+".toml"), []byte(manifest+more))
		write(t, filepath.Join(dir, name+".wasm"), abitest.Guest())
	}
	authority := certtest.New(t)
	cfg := config.Default()
	cfg.Apps.Dir = dir
	cfg.Server.Listen, cfg.Server.H2C = "127.0.0.1:0", protocol == abitest.H2C
	if secure {
		cfg.Server.Listen = ""
		withTLS(t, authority)(&cfg)
	}
	url := "http://" + serveLogged(t, cfg, log)
	if secure {
		url = strings.Replace(url, "http", "https", 1)
	}
	abitest.RunServer(t, url+"/guest", abitest.ServerOptions{
		Protocol: protocol, TLS: &tls.Config{RootCAs: authority.Pool()}, Log: log.String, App: "app=guest", Single: url + "/single",
		Env: map[string]string{"GREETING": "hi", "EMPTY": ""}, TimeLimit: true, Load: loadInto(cfg),
	})
}

// serveLogged serves at the one address of a configuration, which it returns, and logs what the test is to see.
func serveLogged(t *testing.T, cfg config.Config, log *logBuffer) string {
	h, err := host.Open(t.Context(), host.Options{Config: cfg, Log: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	listeners, err := host.Listen(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.Serve(ctx, listeners...) }()
	t.Cleanup(func() {
		stop()
		if err := errors.Join(<-ended, h.Close()); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("the host's log:\n%s", log.String())
		}
	})
	until(t, h, "/guest", 200, "")
	until(t, h, "/single", 200, "")
	return listeners[0].Addr().String()
}

// loadInto gives a module to a host and plays a request on it, which it refuses if it does not load.
func loadInto(cfg config.Config) func(context.Context, []byte) error {
	return func(ctx context.Context, module []byte) error {
		dir, err := os.MkdirTemp("", "conformance")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		path := filepath.Join(dir, "module.wasm")
		if err := os.WriteFile(path, module, 0o600); err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		return host.Call(ctx, host.Options{Config: cfg}, path, httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	}
}

// The samples, and with them the Go SDK, keep the contract as the kit's strict host sees it.
func TestSamplesKeepTheContract(t *testing.T) {
	t.Parallel()
	plugins := filepath.Join("..", "plugins")
	entries, err := os.ReadDir(plugins)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if !entry.IsDir() || entry.Name() == "public" {
			continue
		}
		if raceDetector && entry.Name() != "hello" { // it finds nothing in one goroutine, and takes minutes
			continue
		}
		t.Run(entry.Name(), func(t *testing.T) {
			t.Parallel()
			abitest.RunGuest(t, guesttest.Go(t, filepath.Join(plugins, entry.Name())), abitest.GuestOptions{Timeout: hang})
		})
	}
}

// The guests that this host's own tests hold faults against: the kit finds the same.
func TestTheKitFindsWhatTheHostFinds(t *testing.T) {
	t.Parallel()
	for name, rule := range map[string]string{
		"allocate_outside": "G08", "allocate_unaligned": "G07", "allocate_zero": "G06", "code_header_name": "G15", "code_header_value": "G15",
		"code_hop": "G16", "code_length_twice": "G17", "code_list": "G13", "code_over_length": "G25", "code_pointer": "G11",
		"code_read_pointer": "G11", "code_start_twice": "G18", "code_status": "G14", "code_status_1xx": "G14", "code_write_first": "G19",
		"code_write_pointer": "G11", "exit": "G22", "init_early": "G05", "init_trap": "G04", "load_allocate_type": "G02",
		"load_import_function": "G03", "load_import_module": "G03", "load_no_memory": "G02", "load_warm_up_type": "G02", "long_body": "G25",
		"no_start": "G21", "recurse": "G22", "short_body": "G25", "short_late": "G25", "spin": "G23", "start_exit": "G04", "trap": "G22",
		"trap_late": "G22", "warm_up_early": "G05", "warm_up_spin": "G04", "warm_up_trap": "G04", "wild_body": "G24",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report, err := abitest.Check(t.Context(), guesttest.Wasm(t, name), abitest.GuestOptions{Timeout: time.Second})
			if err != nil {
				t.Fatal(err)
			}
			for _, finding := range report.Findings() {
				if finding.Rule != rule {
					t.Errorf("%v, want findings of %s alone", finding, rule)
				}
			}
			if report.Broken() != 1 {
				t.Errorf("%d rules are broken, want 1", report.Broken())
			}
		})
	}
}
