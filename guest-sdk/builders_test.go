package guestsdk_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/wasgi/wasgi/guest-sdk/internal/toolchain"
)

var goTools = regexp.MustCompile(`^Go go1\.\d+`)

// goApp builds with the Go that runs the test; its own cache makes a second build cheap.
func goApp(dir string) func(testing.TB) string {
	return func(t testing.TB) string {
		t.Helper()
		output := filepath.Join(t.TempDir(), "app.wasm")
		cmd := exec.CommandContext(t.Context(), "go", "build", "-buildmode=c-shared", "-trimpath", "-o", output, ".")
		cmd.Dir = filepath.FromSlash(dir)
		cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0")
		if messages, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", cmd, err, messages)
		}
		return output
	}
}

func assemblyScript(dir string) func(testing.TB) string {
	return func(t testing.TB) string {
		t.Helper()
		return toolchain.AssemblyScript(t, "assemblyscript", dir)
	}
}
