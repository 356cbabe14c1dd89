package host_test

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/wasgi/wasgi/host"
	"github.com/wasgi/wasgi/host/config"
	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// The sieges put hostile apps beside a good one, "hello". What they measure goes to the test's log; what they assert are bounds
// that hold on a busy machine.
const (
	siegeTimeout = 200 * time.Millisecond
	siegeLate    = 2 * time.Second
	siegePause   = time.Second
)

// hostile are apps that work without end, or for long, each in its own way.
func hostile(t testing.TB) map[string][]byte {
	t.Helper()
	return map[string][]byte{
		"spin":    guesttest.Wasm(t, "spin"),
		"tree":    guesttest.Wasm(t, "tree"),
		"nest":    guesttest.Wasm(t, "nest"),
		"long":    guesttest.LongLoop(20_000),
		"fills":   guesttest.Fills(400, 64<<20),
		"sleep":   guesttest.Wasm(t, "sleep"),
		"recurse": guesttest.Wasm(t, "recurse"),
	}
}

// besieged is a host with the given apps and a good one, which has time. It has no log: that of many faults would be what takes the
// memory.
func besieged(t testing.TB, apps map[string][]byte, change ...func(*config.Config)) *host.Host {
	t.Helper()
	cfg := config.Default()
	cfg.Apps.Dir, cfg.Apps.Watch = t.TempDir(), false
	cfg.Defaults.Timeout = siegeTimeout
	for _, f := range change {
		f(&cfg)
	}
	write(t, filepath.Join(cfg.Apps.Dir, "hello.wasm"), guesttest.Wasm(t, "hello"))
	write(t, filepath.Join(cfg.Apps.Dir, "hello.toml"), []byte("timeout = '30s'\n"))
	for name, data := range apps {
		write(t, filepath.Join(cfg.Apps.Dir, name+".wasm"), data)
	}
	h, err := host.Open(t.Context(), host.Options{Config: cfg})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	for _, status := range h.Status() {
		if status.Err != nil {
			t.Fatalf("%s: %v", status.Name, status.Err)
		}
	}
	return h
}

// storm plays requests of one app at once, and returns how long after the deadline each ended.
func storm(t testing.TB, h http.Handler, name string, requests int) []time.Duration {
	t.Helper()
	late := make([]time.Duration, requests)
	var group sync.WaitGroup
	for n := range requests {
		group.Go(func() {
			begin := time.Now()
			status, _ := get(h, "/"+name)
			late[n] = time.Since(begin) - siegeTimeout
			if status < 500 || status > 504 {
				t.Errorf("%s: status %d", name, status)
			}
		})
	}
	group.Wait()
	return late
}

// Apps that never come to an end are ended at their deadline, four at once on whatever the machine has, and neither the good
// app nor the collection of garbage stands still meanwhile.
func TestSiegeOfTime(t *testing.T) {
	const atOnce, clients = 4, 4
	apps := hostile(t)
	h := besieged(t, apps)
	server := httptest.NewServer(h)
	defer server.Close()
	load := startLoad(t, server, clients)
	defer load.end()
	calm := load.during(func() { time.Sleep(time.Second) })

	garbage := startCollector()
	var all []time.Duration
	siege := load.during(func() {
		for name := range apps {
			before := load.served.Load()
			late := storm(t, h, name, atOnce)
			t.Logf("%-8s ended %v after the deadline at most, %d of hello served", name, slices.Max(late), load.served.Load()-before)
			all = append(all, late...)
		}
	})
	pause := garbage.end()
	slices.Sort(all)
	t.Logf("p99 %v after the deadline; hello %.0f a second, %.0f before; collecting garbage took %v at most",
		all[len(all)*99/100], siege, calm, pause)
	if worst := all[len(all)-1]; worst > siegeLate {
		t.Errorf("a request ended %v after its deadline", worst)
	}
	if pause > siegePause {
		t.Errorf("collecting garbage took %v", pause)
	}
	if siege == 0 {
		t.Error("hello was not served")
	}
}

// A fault costs its instance and nothing else, however often it happens.
func TestSiegeOfFaults(t *testing.T) {
	many := 10_000
	if testing.Short() || raceDetector {
		many = 1000
	}
	for name, requests := range map[string]int{"trap": many, "recurse": 20} {
		t.Run(name, func(t *testing.T) {
			h := besieged(t, map[string][]byte{name: guesttest.Wasm(t, name)})
			faults(t, h, name, max(requests/50, 5))
			before := takeFootprint()
			begin := time.Now()
			faults(t, h, name, requests)
			took := time.Since(begin)
			after := settledFootprint(before)
			t.Logf("%d faults in %v; before: %v; after: %v", requests, took, before, after)
			if after.goroutines > before.goroutines+5 || after.heap > before.heap+8<<20 ||
				after.maps > before.maps+100 || after.descriptors > before.descriptors+5 {
				t.Errorf("%d faults leave something behind; before: %v; after: %v", requests, before, after)
			}
			until(t, h, "/hello", 200, hello)
		})
	}
}

// faults plays requests of an app that answers none.
func faults(t testing.TB, h http.Handler, name string, requests int) {
	t.Helper()
	for range requests {
		if status, _ := get(h, "/"+name); status < 500 || status > 504 {
			t.Fatalf("status %d", status)
		}
	}
}
