package host_test

import (
	"bytes"
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

func greeting(n int) string { return fmt.Sprintf("hello %05d", n) }

// numbered changes a guest's data so that it says its number.
func numbered(t testing.TB, guest []byte, n int) []byte {
	t.Helper()
	if bytes.Count(guest, []byte(hello)) != 1 {
		t.Fatalf("the guest holds %q not once", hello)
	}
	return bytes.Replace(guest, []byte(hello), []byte(greeting(n)), 1)
}

// varied changes the constant that allocate returns, 32768, and with it the code.
func varied(t testing.TB, guest []byte, n int) []byte {
	t.Helper()
	constant := func(value int) []byte {
		return []byte{0x41, byte(value) | 0x80, byte(value>>7) | 0x80, byte(value >> 14)}
	}
	if value := constant(32768); bytes.Count(guest, value) != 1 || n > 2000 {
		t.Fatal("the guest cannot be varied")
	}
	return bytes.Replace(guest, constant(32768), constant(32768+8*n), 1)
}

// crowd fills a folder with apps.
func crowd(t testing.TB, apps int, guest func(testing.TB, int) []byte) string {
	t.Helper()
	dir := t.TempDir()
	for n := range apps {
		write(t, filepath.Join(dir, fmt.Sprintf("app%d.wasm", n)), guest(t, n))
	}
	return dir
}

// visit asks each app for its greeting, and returns how long it took the slowest.
func visit(t testing.TB, h *host.Host, apps int) (slowest time.Duration) {
	t.Helper()
	for n := range apps {
		begin := time.Now()
		if status, body := get(h, fmt.Sprintf("/app%d", n)); status != 200 || !bytes.Contains([]byte(body), []byte(greeting(n))) {
			t.Fatalf("app %d answers %d %q", n, status, body)
		}
		slowest = max(slowest, time.Since(begin))
	}
	return slowest
}

// held is what the process holds in memory when garbage has been collected.
func held(t testing.TB) int64 {
	debug.FreeOSMemory()
	return resident(t)
}

// What apps cost: WASGI_DENSITY says how many there are.
func TestDensity(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector keeps a shadow of all memory")
	}
	apps := amount(t, "WASGI_DENSITY", 20)
	for name, guest := range crowds {
		t.Run(name, func(t *testing.T) {
			dir, cache := crowd(t, apps, guest), t.TempDir()
			start := func() (*host.Host, time.Duration) {
				cfg := config.Default()
				cfg.Apps.Dir, cfg.Apps.Cache = dir, cache
				cfg.Defaults.Instances.IdleTimeout = time.Second
				begin := time.Now()
				h, err := host.Open(t.Context(), host.Options{Config: cfg})
				if err != nil {
					t.Fatal(err)
				}
				return h, time.Since(begin)
			}
			cold, coldTook := start()
			if err := cold.Close(); err != nil {
				t.Fatal(err)
			}
			before := held(t)
			h, warmTook := start()
			each := func(bytes int64) string { return fmt.Sprintf("%.1f KiB", float64(bytes-before)/1024/float64(apps)) }
			started := each(held(t))
			slowest := visit(t, h, apps)
			visited := each(held(t))
			busy := processStatus(t, "VmSize")
			for deadline := time.Now().Add(hang); processStatus(t, "VmSize") > busy-int64(apps/2)<<27; time.Sleep(50 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatal("instances of idle apps are still there")
				}
			}
			idle := each(held(t))
			again := visit(t, h, apps)
			t.Logf("%d apps: start cold %s, from cache %s; an app when started %s, when served once %s, when idle %s; "+
				"the slowest first request %s, when idle %s", apps, coldTook, warmTook, started, visited, idle, slowest, again)
			if err := h.Close(); err != nil {
				t.Fatal(err)
			}
			t.Logf("closed: %s", each(held(t)))
		})
	}
}
