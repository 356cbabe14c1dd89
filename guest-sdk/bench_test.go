package guestsdk_test

import (
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/wasgi/wasgi/host"
)

var helloApps = []sample{
	{"Go", "../plugins/hello", goApp, "wasgi", goTools},
	{"Go_net_http", "go/examples/hello-http", goApp, "wasgi", goTools},
	{"C", "c/examples/hello", bareCApp, "wasgi", cTools},
	{"Rust", "rust/examples/hello", rustApp, "wasgi", rustTools},
	{"AssemblyScript", "assemblyscript/examples/hello", assemblyScriptApp, "wasgi", assemblyScriptTools},
	{"CGI_in_C", "testdata/hello-cgi", cgiProgram, "cgi", cTools},
}

// BenchmarkLanguages has the size of the hello of each language, and its throughput over that of a native handler that says the same in
// the same run. An operation is a round of 50 ms on each side. README.md has what it says.
//
//	go test -run '^$' -bench Languages -benchtime 50x ./guest-sdk
func BenchmarkLanguages(b *testing.B) {
	for _, app := range helloApps {
		b.Run(app.name, func(b *testing.B) {
			file := app.build(b, app.dir)
			info, err := os.Stat(file)
			if err != nil {
				b.Fatal(err)
			}
			for _, isolation := range []string{"request", "instance"} {
				if app.kind == "cgi" && isolation == "instance" {
					continue // it ends with each request
				}
				b.Run(isolation, func(b *testing.B) { measure(b, file, isolation, info.Size()) })
			}
		})
	}
}

func measure(b *testing.B, file, isolation string, size int64) {
	result, err := host.Bench(b.Context(), options(b, b.TempDir()), file, httptest.NewRequest("GET", "/", nil),
		host.BenchPlan{Duration: 50 * time.Millisecond, Rounds: b.N, Isolations: []string{isolation}})
	if err != nil {
		b.Fatal(err)
	}
	app := result.Apps[0]
	if app.Failed > 0 || app.RunsAs != isolation {
		b.Fatalf("%d of %d requests failed: %v; it runs as %s: %s", app.Failed, app.Requests, app.Fault, app.RunsAs, app.Why)
	}
	b.ReportMetric(float64(size), "bytes")
	b.ReportMetric(app.Ratio, "ratio")
	b.ReportMetric(app.PerSecond, "req/s")
	b.ReportMetric(result.Native.PerSecond, "native-req/s")
	b.ReportMetric(float64(app.P99.Microseconds()), "p99-us")
	b.ReportMetric(0, "ns/op") // of two servers together: it would say nothing
}
