package engine_test

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/wasgi/wasgi/host/internal/engine"
	"github.com/wasgi/wasgi/host/internal/guest"
	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// reactor instantiates a guest of a real compiler, and returns what it logs.
func reactor(t *testing.T, e *engine.Engine, data []byte) (*engine.Instance, *lineHandler) {
	t.Helper()
	module, err := e.Compile(t.Context(), data, false, engine.Bounds{})
	if err != nil {
		t.Fatal(err)
	}
	lines := &lineHandler{}
	config := engine.Config{Name: "reactor", Memory: 64 << 20, Stack: 1 << 20, Env: []string{"GREETING=hi=there"}, Log: slog.New(lines)}
	i, err := module.Instantiate(t.Context(), config, "_initialize")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(i.Close)
	return i, lines
}

// checkReactor runs a guest that checks for itself what it is given, and then makes it exit.
func checkReactor(t *testing.T, data []byte) {
	t.Helper()
	i, lines := reactor(t, newEngine(t, "", slog.New(slog.DiscardHandler)), data)
	stack := []uint64{0}
	if err := i.Call(t.Context(), i.Function("check"), stack); err != nil {
		t.Fatalf("%v; it logged %q", err, lines.got)
	}
	if stack[0] != 0 {
		t.Fatalf("what line %d checks does not hold; it logged %q", stack[0], lines.got)
	}
	if len(lines.got) < 2 || !slices.Equal(lines.got[:2], []string{"one line of 2", "and 100%"}) {
		t.Errorf("it logged %.100q", lines.got)
	}
	err := i.Call(t.Context(), i.Function("leave"), stack)
	if guest.KindOf(err) != guest.KindTrap || err.Error() != "call: trap: the guest exited with code 0" {
		t.Errorf("exit: %v", err)
	}
}

func TestWASIForC(t *testing.T) {
	t.Parallel()
	checkReactor(t, guesttest.C(t, "testdata/reactor.c", "-lwasi-emulated-process-clocks"))
}

func TestWASIForRust(t *testing.T) {
	t.Parallel()
	checkReactor(t, guesttest.Rust(t, "testdata/reactor.rs"))
}

func TestWASIForGo(t *testing.T) {
	t.Parallel()
	e := newEngine(t, guesttest.CacheDir(t), slog.New(slog.DiscardHandler))
	quiet := func(_ context.Context, _ *engine.Instance, stack []uint64) { stack[0] = 0 }
	var functions []engine.HostFunction
	for name, n := range map[string]int{"start_response": 5, "write": 2, "input_read": 2, "errors_write": 2} {
		functions = append(functions, engine.HostFunction{Name: name, Type: params(n), Call: quiet})
	}
	if err := e.Link(t.Context(), "wasgi_v1", functions); err != nil {
		t.Fatal(err)
	}
	i, lines := reactor(t, e, guesttest.Go(t, "../../../plugins/hello"))
	stack := []uint64{1000}
	if err := i.Call(t.Context(), i.Function("allocate"), stack); err != nil || stack[0] == 0 {
		t.Errorf("allocate(1000) = %d, %v; it logged %q", stack[0], err, lines.got)
	}
}

// Whatever compilers have made of programs for WASI, in the runtime's own tests, finds all that it imports.
func TestWASILinksTheCorpus(t *testing.T) {
	t.Parallel()
	e := newEngine(t, guesttest.CacheDir(t), slog.New(slog.DiscardHandler))
	linked := 0
	corpus(t, func(path string, data []byte) {
		if !strings.Contains(string(data), engine.WASI) {
			return
		}
		module, err := e.Compile(t.Context(), data, false, engine.Bounds{})
		switch {
		case err == nil:
			linked++
			_ = module.Close(t.Context())
		case strings.Contains(err.Error(), `import "`+engine.WASI):
			t.Errorf("%s: %v", path, err)
		}
	})
	if linked < 10 {
		t.Errorf("only %d modules were linked", linked)
	}
}
