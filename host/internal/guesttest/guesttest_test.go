package guesttest_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// Text and binary of a guest must not drift apart.
func TestGuestsMatchTheirText(t *testing.T) {
	t.Parallel()
	assembler, err := exec.LookPath("wat2wasm")
	if err != nil {
		t.Skip("wat2wasm (package wabt) is not installed")
	}
	texts, err := filepath.Glob("guests/*.wat")
	if err != nil || len(texts) == 0 {
		t.Fatalf("no guests found: %v", err)
	}
	for _, text := range texts {
		t.Run(filepath.Base(text), func(t *testing.T) {
			t.Parallel()
			output := filepath.Join(t.TempDir(), "guest.wasm")
			if messages, err := exec.Command(assembler, "--debug-names", text, "-o", output).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, messages)
			}
			want, err := os.ReadFile(output)
			if err != nil {
				t.Fatal(err)
			}
			name := strings.TrimSuffix(filepath.Base(text), ".wat")
			if !bytes.Equal(guesttest.Wasm(t, name), want) {
				t.Errorf("%s.wasm is not what its text says; run wat2wasm --debug-names %s", name, text)
			}
		})
	}
}

// Every binary has its text.
func TestGuestsHaveText(t *testing.T) {
	t.Parallel()
	modules, err := filepath.Glob("guests/*.wasm")
	if err != nil || len(modules) == 0 {
		t.Fatalf("no guests found: %v", err)
	}
	for _, module := range modules {
		text := strings.TrimSuffix(module, ".wasm") + ".wat"
		if _, err := os.Stat(text); err != nil {
			t.Error(err)
		}
	}
}
