package engine_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wasgi/wasgi/host/internal/engine"
	"github.com/wasgi/wasgi/host/internal/guest"
	"github.com/wasgi/wasgi/host/internal/guesttest"
)

func newEngine(t testing.TB, dir string, log *slog.Logger) *engine.Engine {
	t.Helper()
	e, err := engine.New(t.Context(), engine.Options{CacheDir: dir, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return e
}

// params is the type of a function that takes n numbers and returns one.
func params(n int) engine.Signature {
	return engine.Signature{Params: bytes.Repeat([]byte{engine.I32}, n), Results: []byte{engine.I32}}
}

// link offers the functions that the small guests import; write is what the test makes of it.
func link(t testing.TB, e *engine.Engine, write func(context.Context, *engine.Instance, []uint64)) {
	t.Helper()
	quiet := func(_ context.Context, _ *engine.Instance, stack []uint64) { stack[0] = 0 }
	if err := e.Link(t.Context(), "wasgi_v1", []engine.HostFunction{
		{Name: "start_response", Type: params(5), Call: quiet},
		{Name: "write", Type: params(2), Call: write},
	}); err != nil {
		t.Fatal(err)
	}
}

func instantiate(t testing.TB, e *engine.Engine, name string) *engine.Instance {
	t.Helper()
	module, err := e.Compile(t.Context(), guesttest.Wasm(t, name), false, engine.Bounds{})
	if err != nil {
		t.Fatal(err)
	}
	config := engine.Config{Name: name, Memory: 1 << 20, Stack: 1 << 20, Log: slog.New(slog.DiscardHandler)}
	i, err := module.Instantiate(t.Context(), config, "_initialize")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		i.Close()
		_ = module.Close(context.Background())
	})
	return i
}

func call(t testing.TB, i *engine.Instance) error {
	return i.Call(t.Context(), i.Function("application"), make([]uint64, 2))
}

func TestView(t *testing.T) {
	t.Parallel()
	i := instantiate(t, newEngine(t, "", slog.New(slog.DiscardHandler)), "trap")
	const size = 1 << 16
	for _, c := range []struct {
		ptr, length uint32
		ok          bool
	}{
		{0, 0, true}, {0, size, true}, {size, 0, true}, {size - 1, 1, true},
		{0, size + 1, false}, {size, 1, false}, {size - 1, 2, false}, {size + 1, 0, false},
		{math.MaxUint32, 0, false}, {math.MaxUint32, math.MaxUint32, false}, {1, math.MaxUint32, false},
	} {
		if view, ok := i.View(c.ptr, c.length); ok != c.ok || ok && uint32(len(view)) != c.length {
			t.Errorf("View(%d, %d): %d bytes, %t", c.ptr, c.length, len(view), ok)
		}
	}
	if view, _ := i.View(8, 8); cap(view) != 8 {
		t.Errorf("a view of 8 bytes can be appended to within the memory: cap %d", cap(view))
	}
}

// A host function that panics with an error of Go's runtime is the host's fault, and costs one call.
func TestHostFunctionPanics(t *testing.T) {
	t.Parallel()
	e := newEngine(t, "", slog.New(slog.DiscardHandler))
	var none []byte
	link(t, e, func(context.Context, *engine.Instance, []uint64) { _ = none[len(none)] })
	err := call(t, instantiate(t, e, "stream"))
	const want = "call: host: a host function panicked: runtime error: index out of range [0] with length 0"
	var fault *guest.Fault
	if !errors.As(err, &fault) || fault.Kind != guest.KindHost || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("Call() = %v", err)
	}
}

// End ends the call where it stands, with the guest's functions in the fault.
func TestEnd(t *testing.T) {
	t.Parallel()
	e := newEngine(t, "", slog.New(slog.DiscardHandler))
	link(t, e, func(context.Context, *engine.Instance, []uint64) { engine.End(guest.ErrStalled) })
	err := call(t, instantiate(t, e, "stream"))
	var fault *guest.Fault
	if !errors.As(err, &fault) || !errors.Is(err, guest.ErrStalled) || !strings.HasSuffix(strings.Join(fault.Stack, " "), "write application") {
		t.Errorf("Call() = %v, stack %q", err, fault.Stack)
	}
}

// Many instances of one module run side by side, each with a memory of its own.
func TestInstancesAreSeparate(t *testing.T) {
	t.Parallel()
	e := newEngine(t, guesttest.CacheDir(t), slog.New(slog.DiscardHandler))
	link(t, e, func(context.Context, *engine.Instance, []uint64) {})
	module, err := e.Compile(t.Context(), guesttest.Wasm(t, "counter"), false, engine.Bounds{})
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for worker := range 16 {
		group.Go(func() {
			config := engine.Config{Memory: 1 << 16, Log: slog.New(slog.DiscardHandler)}
			i, err := module.Instantiate(t.Context(), config, "")
			if err != nil {
				t.Error(err)
				return
			}
			defer i.Close()
			for range worker {
				if err := call(t, i); err != nil {
					t.Error(err)
				}
			}
			if view, ok := i.View(128, 1); !ok || int(view[0]) != '0'+worker {
				t.Errorf("instance %d counted to %d", worker, view[0]-'0')
			}
		})
	}
	group.Wait()
	if err := module.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// A cache folder that cannot be used costs time and a warning, nothing else.
func TestUnusableCache(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	e := newEngine(t, filepath.Join(file, "cache"), slog.New(slog.NewTextHandler(&out, nil)))
	if !strings.Contains(out.String(), "level=WARN msg=\"compiled modules are not kept: the cache folder cannot be used\"") {
		t.Errorf("it logs %q", out.String())
	}
	if err := call(t, instantiate(t, e, "trap")); guest.KindOf(err) != guest.KindTrap {
		t.Errorf("Call() = %v", err)
	}
}

func TestCompileErrors(t *testing.T) {
	t.Parallel()
	e := newEngine(t, "", slog.New(slog.DiscardHandler))
	for _, data := range []string{"", "\x00asm", "\x00asm\x01\x00\x00\x00\x01\x02\x03"} {
		if _, err := e.Compile(t.Context(), []byte(data), false, engine.Bounds{}); err == nil || !strings.HasPrefix(err.Error(), "wasm: ") {
			t.Errorf("Compile(%q) = %v", data, err)
		}
	}
}

// A start section runs under the context too: a done one ends it.
func TestInitializeEnds(t *testing.T) {
	t.Parallel()
	e := newEngine(t, "", slog.New(slog.DiscardHandler))
	module, err := e.Compile(t.Context(), guesttest.Wasm(t, "init_spin"), false, engine.Bounds{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeoutCause(t.Context(), 20*time.Millisecond, guest.ErrTimeout)
	defer cancel()
	_, err = module.Instantiate(ctx, engine.Config{Memory: 1 << 16, Log: slog.New(slog.DiscardHandler)}, "_initialize")
	var fault *guest.Fault
	if !errors.As(err, &fault) || fault.Phase != guest.PhaseInit || fault.Kind != guest.KindDeadline ||
		strings.Join(fault.Stack, " ") != "initialize" {
		t.Errorf("Instantiate() = %v, %+v", err, fault)
	}
}

func TestLineLog(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		writes []string
		want   []string
	}{
		"lines":            {[]string{"a\nb\n"}, []string{"a", "b"}},
		"a line in pieces": {[]string{"a", "b", "c\n"}, []string{"abc"}},
		"unfinished":       {[]string{"a\nb"}, []string{"a", "b"}},
		"carriage return":  {[]string{"a\r\nb\r\n"}, []string{"a", "b"}},
		"blank lines":      {[]string{"\n\na\n\r\n"}, []string{"a"}},
		"long":             {[]string{strings.Repeat("x", 8192+10) + "\n"}, []string{strings.Repeat("x", 8192), strings.Repeat("x", 10)}},
		"exactly full":     {[]string{strings.Repeat("x", 8192) + "\ny\n"}, []string{strings.Repeat("x", 8192), "y"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			lines := &lineHandler{}
			i := instantiate(t, newEngine(t, "", slog.New(slog.DiscardHandler)), "trap")
			i.SetLog(func() *slog.Logger { return slog.New(lines) })
			log := engine.NewLineLog(i, "test")
			for _, text := range c.writes {
				if n, err := log.Write([]byte(text)); n != len(text) || err != nil {
					t.Errorf("Write() = %d, %v", n, err)
				}
			}
			log.Flush()
			log.Flush() // nothing is left
			if strings.Join(lines.got, "|") != strings.Join(c.want, "|") {
				t.Errorf("logged %d lines %.100q", len(lines.got), lines.got)
			}
		})
	}
}

// lineHandler keeps the messages of records.
type lineHandler struct{ got []string }

func (*lineHandler) Enabled(context.Context, slog.Level) bool { return true }
func (h *lineHandler) WithAttrs([]slog.Attr) slog.Handler     { return h }
func (h *lineHandler) WithGroup(string) slog.Handler          { return h }
func (h *lineHandler) Handle(_ context.Context, record slog.Record) error {
	h.got = append(h.got, record.Message)
	return nil
}
