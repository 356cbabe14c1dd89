package host_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"testing"
	"time"

	"github.com/wasgi/wasgi/host"
	"github.com/wasgi/wasgi/host/config"
	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// amount returns how many apps or requests a test is to play with: what the environment says, or a few.
func amount(t testing.TB, variable string, few int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return few
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s=%s: want a number of at least 1", variable, text)
	}
	return n
}

// The apps that the density of is measured: each says "hello" and its number.
var crowds = map[string]func(testing.TB, int) []byte{
	"equal code":     func(t testing.TB, n int) []byte { return numbered(t, guesttest.Wasm(t, "hello"), n) },
	"different code": func(t testing.TB, n int) []byte { return varied(t, numbered(t, guesttest.Wasm(t, "hello"), n), n) },
	"equal Go code": func(t testing.TB, n int) []byte {
		return numbered(t, guesttest.Go(t, filepath.Join("..", "plugins", "hello")), n)
	},
}

// held is what the process holds in memory when garbage has been collected.
func held(t testing.TB) int64 {
	debug.FreeOSMemory()
	return resident(t)
}

// density is a crowd of apps that are measured.
type density struct {
	t          testing.TB
	apps       int
	dir, cache string
	before     int64 // what the process held without them
}

// open starts a host, and returns it and how long that took.
func (d *density) open(memory int64) (*host.Host, time.Duration) {
	d.t.Helper()
	cfg := config.Default()
	cfg.Apps.Dir, cfg.Apps.Cache, cfg.Apps.Memory = d.dir, d.cache, memory
	cfg.Defaults.Instances.IdleTimeout = time.Second
	begin := time.Now()
	h, err := host.Open(d.t.Context(), host.Options{Config: cfg})
	if err != nil {
		d.t.Fatal(err)
	}
	return h, time.Since(begin)
}

// each is what one app takes.
func (d *density) each() string {
	return fmt.Sprintf("%.1f KiB", float64(held(d.t)-d.before)/1024/float64(d.apps))
}

// rest waits until most apps have no instance any more: each has 128 MiB of addresses.
func (d *density) rest() {
	d.t.Helper()
	busy := processStatus(d.t, "VmSize")
	for deadline := time.Now().Add(hang); processStatus(d.t, "VmSize") > busy-int64(d.apps/2)<<27; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			d.t.Fatal("instances of idle apps are still there")
		}
	}
}

func (d *density) close(h *host.Host) {
	d.t.Helper()
	if err := h.Close(); err != nil {
		d.t.Fatal(err)
	}
}

// What apps cost: WASGI_DENSITY says how many there are.
func TestDensity(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector keeps a shadow of all memory")
	}
	apps := amount(t, "WASGI_DENSITY", 20)
	for name, guest := range crowds {
		t.Run(name, func(t *testing.T) {
			d := &density{t: t, apps: apps, dir: crowd(t, apps, guest), cache: t.TempDir()}
			h, took := d.open(1 << 40)
			d.close(h)
			t.Logf("%d apps: start cold %s", apps, took)
			d.loaded()
			d.unloaded()
		})
	}
}

// loaded measures apps that all fit.
func (d *density) loaded() {
	d.before = held(d.t)
	h, took := d.open(1 << 40)
	d.t.Logf("start from cache %s, an app when started %s", took, d.each())
	median, slowest := visit(d.t, h, d.apps)
	d.t.Logf("served once: first request %s, slowest %s, an app %s", median, slowest, d.each())
	d.rest()
	d.t.Logf("idle: an app %s", d.each())
	median, slowest = visit(d.t, h, d.apps)
	d.t.Logf("then the first request %s, slowest %s", median, slowest)
	d.close(h)
	d.t.Logf("closed: %s are left of an app", d.each())
}

// unloaded measures apps of which only one fits.
func (d *density) unloaded() {
	d.before = held(d.t)
	h, took := d.open(1)
	d.t.Logf("without room: start %s, an app %s", took, d.each())
	for range 2 {
		median, slowest := visit(d.t, h, d.apps)
		d.t.Logf("first request %s, slowest %s, an app then %s", median, slowest, d.each())
	}
	d.close(h)
}
