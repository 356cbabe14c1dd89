package host_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"syscall"
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
	addresses  int64 // and how many addresses it had
	host       *host.Host
}

// open starts the host, and says how long that took.
func (d *density) open(memory int64) (took string) {
	d.t.Helper()
	cfg := config.Default()
	cfg.Apps.Dir, cfg.Apps.Cache, cfg.Apps.Memory = d.dir, d.cache, memory
	cfg.Defaults.Instances.IdleTimeout = time.Second
	begin := time.Now()
	processor := d.processor(func() {
		var err error
		if d.host, err = host.Open(d.t.Context(), host.Options{Config: cfg}); err != nil {
			d.t.Fatal(err)
		}
	})
	return fmt.Sprintf("%s, processor %s an app", time.Since(begin), processor)
}

// processor returns how much processor time f took of each app, children not counted: others may be busy on the machine.
func (d *density) processor(f func()) string {
	used := func() time.Duration {
		var usage syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
			d.t.Fatal(err)
		}
		return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	}
	before := used()
	f()
	return ((used() - before) / time.Duration(d.apps)).String()
}

// visit asks each app for its greeting, and says how long that took.
func (d *density) visit() string {
	var median, slowest time.Duration
	processor := d.processor(func() { median, slowest = visit(d.t, d.host, d.apps) })
	return fmt.Sprintf("a request %s, slowest %s, processor %s", median, slowest, processor)
}

// each is what one app takes.
func (d *density) each() string {
	return fmt.Sprintf("%.1f KiB", float64(held(d.t)-d.before)/1024/float64(d.apps))
}

// rest waits until the apps have no instances any more, each of which has 128 MiB of addresses. Some of those are kept for others.
func (d *density) rest() {
	d.t.Helper()
	const kept = 20
	for deadline := time.Now().Add(hang); processStatus(d.t, "VmSize") > d.addresses+kept<<27; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			d.t.Fatal("instances of idle apps are still there")
		}
	}
}

func (d *density) close() {
	d.t.Helper()
	if err := d.host.Close(); err != nil {
		d.t.Fatal(err)
	}
	d.host = nil
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
			t.Logf("%d apps: cold start %s", apps, d.open(1<<40))
			d.close()
			d.loaded()
			d.unloaded()
		})
	}
}

// loaded measures apps that all fit.
func (d *density) loaded() {
	d.before, d.addresses = held(d.t), processStatus(d.t, "VmSize")
	took := d.open(1 << 40)
	d.t.Logf("start from cache %s; an app %s", took, d.each())
	took = d.visit()
	d.t.Logf("first requests: %s; an app %s", took, d.each())
	d.rest()
	d.t.Logf("idle: an app %s", d.each())
	d.t.Logf("then: %s", d.visit())
	d.close()
	d.t.Logf("closed: %s are left of an app", d.each())
}

// unloaded measures apps of which only one fits.
func (d *density) unloaded() {
	d.before = held(d.t)
	took := d.open(1)
	d.t.Logf("start without room %s; an app %s", took, d.each())
	for range 2 {
		took = d.visit()
		d.t.Logf("each loaded for its request: %s; an app %s", took, d.each())
	}
	d.close()
}
