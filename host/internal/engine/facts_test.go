package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// The tests in the files facts_*_test.go are about what wazero v1.12.0 does with hostile files and guests. Each has two halves:
// "bare" shows the failure on wazero itself, in a process of its own, and "here" shows that this host does not have it. A bare
// half that fails after an update of wazero is good news: what guards against it here may be more than is needed.
//
// They run one after the other, since most of them measure time.

// factVariable names, in the environment of a child, the bare half that it is to play.
const factVariable = "WASGI_TEST_FACT"

// limited is how much memory a child may have beyond what it starts with, in bytes.
const limited = 3 << 30

// measured is what a bare half found: times in nanoseconds, sizes in bytes, numbers of things.
type measured map[string]int64

func (m measured) duration(name string) time.Duration { return time.Duration(m[name]) }

// outcome is how a bare half went.
type outcome struct {
	measured
	// died is the first line that the process wrote when Go ended it; "" if it lived to report.
	died string
}

// bare plays the half of a fact in a child process, which has a minute and, on Linux, limited memory, and returns what it found.
// The caller's code after it runs in the parent alone.
func bare(t *testing.T, half func(context.Context, measured) error) outcome {
	t.Helper()
	switch os.Getenv(factVariable) {
	case "":
	case t.Name():
		playBare(t, half)
	default:
		t.SkipNow() // another half, which the pattern of the child's matches too
	}
	if testing.Short() || raceDetector {
		t.Skip("what wazero does by itself is shown in the long run, without the race detector")
	}
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, executable, "-test.count=1", "-test.run="+only(t.Name()))
	cmd.Env = append(os.Environ(), factVariable+"="+t.Name(), "GOMAXPROCS=2")
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	result := parseOutcome(string(out))
	if err == nil {
		result.died = "" // what looks like last words was none
	}
	if result.measured == nil && result.died == "" {
		t.Fatalf("the child reports nothing: %v, %v\n%.2000s", err, context.Cause(ctx), out)
	}
	t.Logf("bare: %v %s", result.measured, result.died)
	return result
}

// playBare is the child's side. It does not return.
func playBare(t *testing.T, half func(context.Context, measured) error) {
	if err := limitMemory(limited); err != nil {
		t.Fatal(err)
	}
	m := measured{}
	if err := half(context.Background(), m); err != nil {
		t.Fatal(err)
	}
	report, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("\n%s%s\n", measuredMark, report)
	t.SkipNow()
}

const measuredMark = "measured "

// only is the pattern that matches this test and no other.
func only(name string) string {
	parts := strings.Split(name, "/")
	for i, part := range parts {
		parts[i] = "^" + regexp.QuoteMeta(part) + "$"
	}
	return strings.Join(parts, "/")
}

// goEnds is how Go's runtime begins the last words of a process.
var goEnds = regexp.MustCompile(`(?m)^(fatal error|panic|runtime): .*$`)

func parseOutcome(output string) outcome {
	var result outcome
	for line := range strings.Lines(output) {
		if report, ok := strings.CutPrefix(line, measuredMark); ok {
			_ = json.Unmarshal([]byte(report), &result.measured) // nil says enough
		}
	}
	result.died = goEnds.FindString(output)
	return result
}

// needsLimit skips a half that would take more memory than the machine may have, where nothing limits it.
func needsLimit(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("a process cannot be given a limit of memory here")
	}
}

// bareConfig is how a host would set up wazero that wants to stop its guests.
func bareConfig() wazero.RuntimeConfig {
	return wazero.NewRuntimeConfigCompiler().WithCloseOnContextDone(true)
}

// bareInstance makes an instance of a module that imports nothing.
func bareInstance(ctx context.Context, config wazero.RuntimeConfig, data []byte) (api.Module, error) {
	return wazero.NewRuntimeWithConfig(ctx, config).InstantiateWithConfig(ctx, data, wazero.NewModuleConfig().WithStartFunctions())
}
