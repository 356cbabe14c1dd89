package host_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wasgi/wasgi/host"
	"github.com/wasgi/wasgi/host/config"
	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// BenchmarkHello has the throughput of a guest over that of a native handler that says the same, for each isolation. An
// operation is a round of 50 ms on each side.
//
//	go test -run '^$' -bench Hello -benchtime 50x ./host
func BenchmarkHello(b *testing.B) {
	for _, c := range []struct {
		name   string
		module []byte
	}{
		{"small", guesttest.Wasm(b, "hello")},
		{"go", guesttest.Go(b, filepath.Join("..", "plugins", "hello"))},
	} {
		file := filepath.Join(b.TempDir(), "hello.wasm")
		write(b, file, c.module)
		for _, isolation := range []string{"request", "instance", "fresh"} {
			b.Run(c.name+"/"+isolation, func(b *testing.B) {
				result, err := host.Bench(b.Context(), benchOptions(b), file, httptest.NewRequest("GET", "/", nil),
					host.BenchPlan{Duration: 50 * time.Millisecond, Rounds: b.N, Isolations: []string{isolation}})
				if err != nil {
					b.Fatal(err)
				}
				report(b, result)
			})
		}
	}
}

func report(b *testing.B, result *host.BenchResult) {
	row := result.Apps[0]
	if row.Failed > 0 {
		b.Fatalf("%d of %d requests failed: %v", row.Failed, row.Requests, row.Fault)
	}
	b.ReportMetric(row.Ratio, "ratio")
	b.ReportMetric(result.Native.PerSecond, "native-req/s")
	b.ReportMetric(row.PerSecond, "guest-req/s")
	b.ReportMetric(float64(row.P99.Microseconds()), "p99-us")
	b.ReportMetric(0, "ns/op") // of two servers together: it would say nothing
}

func benchOptions(t testing.TB) host.Options {
	cfg := config.Default()
	patientWithCompilers(&cfg)
	cfg.Apps.Cache = guesttest.CacheDir(t)
	return host.Options{Config: cfg, Log: testLog(t)}
}

// measure measures a guest for a moment, with a manifest beside it.
func measure(t *testing.T, name, manifest string, r *http.Request, isolations ...string) (*host.BenchResult, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), name+".wasm")
	write(t, file, guesttest.Wasm(t, name))
	write(t, strings.TrimSuffix(file, "wasm")+"toml", []byte(manifest))
	return host.Bench(t.Context(), benchOptions(t), file, r,
		host.BenchPlan{Clients: 2, Duration: 20 * time.Millisecond, Rounds: 2, Isolations: isolations})
}

func TestBenchMeasuresEachIsolation(t *testing.T) {
	t.Parallel()
	result, err := measure(t, "hello", "", httptest.NewRequest("GET", "/", nil))
	if err != nil {
		t.Fatal(err)
	}
	if result.Status != 200 || result.Size != int64(len(hello)) || len(result.Apps) != 3 || result.Native.Requests == 0 ||
		result.Native.Failed > 0 || result.Native.P99 < result.Native.P50 {
		t.Errorf("%+v", result)
	}
	for i, want := range []struct {
		isolation string
		restored  bool
	}{{"request", true}, {"instance", false}, {"fresh", false}} {
		a := result.Apps[i]
		if a.Isolation != want.isolation || a.RunsAs != want.isolation || a.Why != "" || a.Restore > 0 != want.restored {
			t.Errorf("want %+v, got %+v", want, a)
		}
		if a.Requests == 0 || a.Failed > 0 || a.Fault != nil || a.Ratio <= 0 || a.Least > a.Ratio || a.Most < a.Ratio ||
			a.PerSecond <= 0 || a.P50 <= 0 || a.P99 < a.P50 || a.Memory != 64<<10 || a.Guest <= 0 {
			t.Errorf("%+v", a)
		}
	}
	if result.Apps[2].Make == 0 {
		t.Error("fresh instances take no time to make")
	}
}

// The native handler gives what the app gave, whatever the request and the response look like.
func TestBenchOfOtherRequests(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("x", 300_000)
	for _, c := range []struct {
		guest   string
		request *http.Request
		status  int
		size    int64
	}{
		{"echo", httptest.NewRequest("POST", "/", strings.NewReader("a body")), 200, 6}, // chunked
		{"echo", httptest.NewRequest("POST", "/", strings.NewReader(large)), 200, int64(len(large))},
		{"hello", httptest.NewRequest("HEAD", "/", nil), 200, 0},
		{"no_content", httptest.NewRequest("GET", "/?x=y", nil), 204, 0},
	} {
		t.Run(c.guest+" "+c.request.Method, func(t *testing.T) {
			t.Parallel()
			result, err := measure(t, c.guest, "", c.request, "instance")
			if err != nil {
				t.Fatal(err)
			}
			if result.Status != c.status || result.Size != c.size || result.Native.Failed+result.Apps[0].Failed > 0 {
				t.Errorf("%+v", result)
			}
		})
	}
}

// Requests that fail are counted and the first fault is kept; an app that fails at once is not measured at all.
func TestBenchOfFailures(t *testing.T) {
	t.Parallel()
	result, err := measure(t, "trap_second", "quarantine_after = 0", httptest.NewRequest("GET", "/", nil), "instance")
	if err != nil {
		t.Fatal(err)
	}
	if a := result.Apps[0]; a.Failed == 0 || a.Failed == a.Requests || a.Fault == nil || a.Fault.Kind != "trap" || result.Native.Failed > 0 {
		t.Errorf("%+v", a)
	}
	var fault *host.Fault
	if _, err := measure(t, "trap", "", httptest.NewRequest("GET", "/", nil)); !errors.As(err, &fault) || fault.Kind != "trap" {
		t.Errorf("an app that traps: %v", err)
	}
	if _, err := measure(t, "load_no_allocate", "", httptest.NewRequest("GET", "/", nil)); err == nil {
		t.Error("an app that cannot be loaded is measured")
	}
}

// What cannot be brought back is made anew for each request, and that is told with the reason.
func TestBenchOfWhatCannotBeRestored(t *testing.T) {
	t.Parallel()
	result, err := measure(t, "fresh_table", "", httptest.NewRequest("GET", "/", nil), "request")
	if err != nil {
		t.Fatal(err)
	}
	if a := result.Apps[0]; a.RunsAs != "fresh" || a.Why == "" || a.Restore != 0 || a.Make == 0 || a.Failed > 0 {
		t.Errorf("%+v", a)
	}
}

// A manifest's isolation gives way to the plan's, and its limits hold.
func TestBenchObeysManifest(t *testing.T) {
	t.Parallel()
	result, err := measure(t, "hello", "isolation = 'fresh'\nenv = ['A=b']", httptest.NewRequest("GET", "/", nil), "instance")
	if err != nil || len(result.Apps) != 1 || result.Apps[0].RunsAs != "instance" {
		t.Errorf("%+v, %v", result, err)
	}
	if _, err := measure(t, "hello", "max_response = 3", httptest.NewRequest("GET", "/", nil)); err == nil {
		t.Error("max_response does not hold")
	}
}

func TestBenchEndsWithContext(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "hello.wasm")
	write(t, file, guesttest.Wasm(t, "hello"))
	cause := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(300*time.Millisecond, func() { cancel(cause) })
	_, err := host.Bench(ctx, benchOptions(t), file, httptest.NewRequest("GET", "/", nil), host.BenchPlan{Duration: 30 * time.Second})
	if !errors.Is(err, cause) {
		t.Errorf("it ends with %v", err)
	}
}

func TestBenchRefusesPlans(t *testing.T) {
	t.Parallel()
	for want, plan := range map[string]host.BenchPlan{
		"bench: -1 clients: must be 1 to 256":                           {Clients: -1},
		"bench: 10001 rounds: must be 1 to 10000":                       {Rounds: 10_001},
		"bench: rounds of 1µs: must be 1ms to 1m0s":                     {Duration: time.Microsecond},
		"bench: would take 1h40m1.2s: must be at most 1h0m0s":           {Duration: time.Minute / 6, Rounds: 100},
		`bench: isolation "thread": must be request, instance or fresh`: {Isolations: []string{"thread"}},
	} {
		_, err := host.Bench(t.Context(), benchOptions(t), "none.wasm", httptest.NewRequest("GET", "/", nil), plan)
		if err == nil || err.Error() != want {
			t.Errorf("%+v: %v, want %s", plan, err, want)
		}
	}
}

// patientWithCompilers allows for the race detector, under which they take ten times as long.
func patientWithCompilers(cfg *config.Config) {
	if raceDetector {
		cfg.Defaults.CompileTimeout *= 10
	}
}

// open opens a host on dir for the length of a test.
func open(t testing.TB, dir string, change ...func(*config.Config)) *host.Host {
	t.Helper()
	cfg := config.Default()
	patientWithCompilers(&cfg)
	cfg.Apps.Dir = dir
	cfg.Apps.Settle = 20 * time.Millisecond
	for _, f := range change {
		f(&cfg)
	}
	h, err := host.Open(t.Context(), host.Options{Config: cfg, Log: testLog(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// write writes a file the way a deploy does: at once.
func write(t testing.TB, path string, data []byte) {
	t.Helper()
	temporary := path + ".new"
	if err := os.WriteFile(temporary, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(temporary, path); err != nil {
		t.Fatal(err)
	}
}
