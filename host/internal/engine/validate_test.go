package engine_test

import (
	"context"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/tetratelabs/wazero"

	"github.com/wasgi/wasgi/host/internal/guesttest"
	"github.com/wasgi/wasgi/host/internal/wasm"
)

// deadlyImports is 17 bytes long and says that it has 2^32-1 imports.
const deadlyImports = "\x00asm\x01\x00\x00\x00\x02\x05\xff\xff\xff\xff\x0f"

const bareVariable = "WASGI_TEST_BARE_COMPILER"

// TestBareCompiler shows why nothing reaches the compiler unread: it runs in a process of its own, which this file ends.
func TestBareCompiler(t *testing.T) {
	if os.Getenv(bareVariable) != "" {
		_, _ = wazero.NewRuntime(context.Background()).CompileModule(context.Background(), []byte(deadlyImports))
		return
	}
	t.Parallel()
	if _, err := wasm.Parse([]byte(deadlyImports), wasm.DefaultLimits()); err == nil ||
		err.Error() != "wasm: import section, offset 0xa: 4294967295 imports, at most 4096" {
		t.Errorf("the validator says %v", err)
	}
	if runtime.GOOS != "linux" {
		t.Skip("how much memory can be promised differs between systems")
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestBareCompiler$")
	cmd.Env = append(os.Environ(), bareVariable+"=1")
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Skip("this machine promises 309 GB of memory")
	}
	if !strings.Contains(string(out), "fatal error: ") {
		t.Errorf("the process ended otherwise: %v\n%.500s", err, out)
	}
}

// FuzzAcceptedModule gives the compiler what the validator accepts: it may refuse it, and must neither panic nor take long.
func FuzzAcceptedModule(f *testing.F) {
	n := 0
	corpus(f, func(path string, data []byte) {
		if n++; n%40 == 0 && len(data) < 2000 {
			f.Add(data)
		}
	})
	compiler := bareRuntime(f)
	limits := wasm.DefaultLimits()
	limits.FunctionCost, limits.BodySize, limits.AllLocals = 100_000, 50_000, 100_000
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := wasm.Parse(data, limits); err != nil {
			return
		}
		begin := time.Now()
		_ = compileBare(compiler, data)
		if took := time.Since(begin); took > 20*time.Second {
			t.Errorf("%d bytes compiled for %s", len(data), took)
		}
	})
}

// BenchmarkCompile is to be read beside BenchmarkParse of package wasm, which reads the same module.
func BenchmarkCompile(b *testing.B) {
	data := guesttest.Go(b, "../../../plugins/hello")
	compiler := bareRuntime(b)
	b.SetBytes(int64(len(data)))
	b.Run("parse", func(b *testing.B) {
		for b.Loop() {
			if _, err := wasm.Parse(data, wasm.DefaultLimits()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("compile", func(b *testing.B) {
		for b.Loop() {
			if err := compileBare(compiler, data); err != nil {
				b.Fatal(err)
			}
		}
	})
}
