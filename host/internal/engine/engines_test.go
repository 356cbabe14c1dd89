package engine_test

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/wasgi/wasgi/host/internal/engine"
	"github.com/wasgi/wasgi/host/internal/guest"
	"github.com/wasgi/wasgi/host/internal/guesttest"
)

func quietLink(t testing.TB, e *engine.Engine) {
	t.Helper()
	link(t, e, func(context.Context, *engine.Instance, []uint64) {})
}

// Engines do not know of one another, though they share a cache folder: closing one leaves the other's guests running.
func TestTwoEngines(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	quiet := slog.New(slog.DiscardHandler)
	first, err := engine.New(t.Context(), engine.Options{CacheDir: dir, Log: quiet})
	if err != nil {
		t.Fatal(err)
	}
	second := newEngine(t, dir, quiet)
	quietLink(t, first)
	quietLink(t, second)
	compile(t, first, "counter")
	i := instantiate(t, second, "counter")
	if err := first.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := call(t, i); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := second.Compile(t.Context(), guesttest.Wasm(t, "hello"), false, engine.Bounds{}); err != nil {
		t.Error(err)
	}
	if _, err := first.Compile(t.Context(), guesttest.Wasm(t, "trap"), false, engine.Bounds{}); err == nil {
		t.Error("a closed engine compiles")
	}
}

// A module that comes out of the cache folder runs in many instances at once from the first moment.
func TestCachedModuleSideBySide(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	quiet := slog.New(slog.DiscardHandler)
	for range 4 { // the first fills the folder
		e := newEngine(t, dir, quiet)
		quietLink(t, e)
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				module, err := e.Compile(t.Context(), guesttest.Wasm(t, "counter"), false, engine.Bounds{})
				if err != nil {
					t.Error(err)
					return
				}
				for range 4 {
					i, err := module.Instantiate(t.Context(), config(), "")
					if err != nil {
						t.Error(err)
						return
					}
					if err := call(t, i); err != nil {
						t.Error(err)
					}
					if view, ok := i.View(128, 1); !ok || view[0] != '1' {
						t.Errorf("a new instance counts %c", view[0])
					}
					i.Close()
				}
				if err := module.Close(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
	}
}

// Two apps may hold the same bytes: closing one of the modules, even twice, leaves the other's alone.
func TestTwins(t *testing.T) {
	t.Parallel()
	e := newEngine(t, "", slog.New(slog.DiscardHandler))
	one, other, third := compile(t, e, "page"), compile(t, e, "page"), compile(t, e, "page")
	for range 3 {
		if err := one.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
	for _, module := range []*engine.Module{other, third} {
		i, err := module.Instantiate(t.Context(), config(), "")
		if err != nil {
			t.Fatal(err)
		}
		if got := grow(t, i, 0); got != 1 {
			t.Errorf("%d pages", got)
		}
		i.Close()
		if err := module.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// Closing is right at any moment when no guest runs: at once, twice, and with modules and instances left over.
func TestClose(t *testing.T) {
	t.Parallel()
	for name, use := range map[string]func(*engine.Engine){
		"at once":        func(*engine.Engine) {},
		"with a module":  func(e *engine.Engine) { compile(t, e, "trap") },
		"after a fault":  func(e *engine.Engine) { _ = call(t, instantiate(t, e, "trap")) },
		"with instances": func(e *engine.Engine) { instantiate(t, e, "trap"); instantiate(t, e, "page") },
	} {
		e, err := engine.New(t.Context(), engine.Options{CacheDir: t.TempDir(), Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		use(e)
		for range 2 {
			if err := e.Close(t.Context()); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// What is no module is refused with an error that says so, wherever it goes wrong, and costs nobody else anything.
func TestGarbage(t *testing.T) {
	t.Parallel()
	e := newEngine(t, t.TempDir(), slog.New(slog.DiscardHandler))
	whole := guesttest.Wasm(t, "page")
	for name, data := range map[string][]byte{
		"text":          []byte("hello"),
		"a script":      []byte("#!/bin/sh\necho hello\n"),
		"magic alone":   whole[:4],
		"cut":           whole[:len(whole)/2],
		"version 2":     append([]byte("\x00asm\x02\x00\x00\x00"), whole[8:]...),
		"with a tail":   append(bytes.Clone(whole), "tail"...),
		"zeroes":        make([]byte, 4096),
		"unknown order": append(bytes.Clone(whole), whole[8:]...),
	} {
		if _, err := e.Compile(t.Context(), data, false, engine.Bounds{}); err == nil || !strings.HasPrefix(err.Error(), "wasm: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := grow(t, instantiate(t, e, "page"), 0); got != 1 {
		t.Errorf("afterwards a good module has %d pages", got)
	}
}

// A cache folder that is there, but takes no files, costs a warning. It needs a user whom permissions bind.
func TestReadOnlyCache(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	newEngine(t, dir, slog.New(slog.DiscardHandler)) // makes what lies within
	inner, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(inner) != 1 {
		t.Fatalf("%q, %v", inner, err)
	}
	for _, folder := range append(inner, dir) {
		if err := os.Chmod(folder, 0o500); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Chmod(folder, 0o700) })
	}
	if file, err := os.Create(filepath.Join(dir, "probe")); err == nil {
		_ = file.Close()
		t.Skip("permissions do not bind this user")
	}
	var out bytes.Buffer
	e := newEngine(t, dir, slog.New(slog.NewTextHandler(&out, nil)))
	if err := call(t, instantiate(t, e, "trap")); guest.KindOf(err) != guest.KindTrap {
		t.Errorf("Call() = %v", err)
	}
	if !strings.Contains(out.String(), `level=WARN msg="a compiled module is not kept: the cache folder cannot be used`) {
		t.Errorf("it logs %q", out.String())
	}
}
