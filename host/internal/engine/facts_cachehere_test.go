package engine_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/wasgi/wasgi/host/internal/engine"
	"github.com/wasgi/wasgi/host/internal/guest"
)

// atOnce lets goroutines compile and run a module that is in the cache of new engines.
func atOnce(t *testing.T, dir string, data []byte) {
	t.Helper()
	for range 30 {
		e := newEngine(t, dir, slog.New(slog.DiscardHandler))
		quietLink(t, e)
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				if err := runIn(t, e, data); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
	}
}

// cacheIsDoubted spoils the entries of a cache folder in many ways, and expects the module to be compiled and to work.
func cacheIsDoubted(t *testing.T, data []byte) {
	t.Helper()
	dir := t.TempDir()
	if err := runCached(t, dir, data); err != nil {
		t.Fatal(err)
	}
	paths, err := files(dir)
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d files, %v", len(paths), err)
	}
	spoils := map[string]func([]byte) []byte{
		"empty":      func([]byte) []byte { return nil },
		"cut":        func(entry []byte) []byte { return entry[:len(entry)/2] },
		"cut by one": func(entry []byte) []byte { return entry[:len(entry)-1] },
		"longer":     func(entry []byte) []byte { return append(entry, 0) },
		"zeroes":     func(entry []byte) []byte { return make([]byte, len(entry)) },
		"last byte":  func(entry []byte) []byte { entry[len(entry)-1] ^= 0x80; return entry },
	}
	for n := range 32 {
		spoils[fmt.Sprintf("byte %d", n)] = func(entry []byte) []byte { entry[n] ^= 0xff; return entry }
		spoils[fmt.Sprintf("at %d of 32", n)] = func(entry []byte) []byte { entry[n*len(entry)/32] ^= 1; return entry }
	}
	for name, spoil := range spoils {
		for _, path := range paths {
			entry, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if len(entry) < 32 {
				continue // not an entry
			}
			if err := os.WriteFile(path, spoil(entry), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(runCached(t, dir, data), runCached(t, dir, data)); err != nil { // what the first left is good
			t.Fatalf("%s: %v", name, err)
		}
	}
}

// runCached compiles a module in a new engine over a cache folder, and runs it.
func runCached(t *testing.T, dir string, data []byte) error {
	t.Helper()
	e := newEngine(t, dir, slog.New(slog.DiscardHandler))
	quietLink(t, e)
	return runIn(t, e, data)
}

// runIn compiles a module and runs it once.
func runIn(t *testing.T, e *engine.Engine, data []byte) error {
	module, err := e.Compile(t.Context(), data, false, engine.Bounds{})
	if err != nil {
		return err
	}
	i, err := module.Instantiate(t.Context(), config(), "")
	if err != nil {
		return err
	}
	defer i.Close()
	return call(t, i)
}

// cacheIsNotNeeded takes the cache folder away, and expects modules to be compiled without one.
func cacheIsNotNeeded(t *testing.T, data []byte) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "cache")
	e := newEngine(t, dir, slog.New(slog.DiscardHandler))
	quietLink(t, e)
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := runIn(t, e, data); err != nil {
		t.Error(err)
	}
}

// missEnds expects a compile that found nothing in the cache to end with its context like any other, and to leave nothing half
// done that would stand in the way of the next.
func missEnds(t *testing.T, slow []byte) {
	t.Helper()
	dir := t.TempDir()
	e := newEngine(t, dir, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Millisecond, guest.ErrTimeout)
	defer cancel()
	if _, err := e.Compile(ctx, slow, false, engine.Bounds{}); err == nil {
		t.Error("Compile() = nil, though its context was over")
	}
	for _, e := range []*engine.Engine{e, newEngine(t, dir, slog.New(slog.DiscardHandler))} {
		if _, err := e.Compile(t.Context(), slow, false, engine.Bounds{}); err != nil {
			t.Error(err)
		}
	}
	if paths, err := files(dir); err != nil || len(paths) == 0 {
		t.Errorf("the cache has no entry: %v", err)
	}
}
