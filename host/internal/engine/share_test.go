package engine_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"testing"

	"github.com/wasgi/wasgi/host/internal/engine"
	"github.com/wasgi/wasgi/host/internal/guesttest"
)

// A thousand modules that differ in nothing but their data have one code, and each has its own data.
func TestModulesThatDifferInDataShareCode(t *testing.T) {
	t.Parallel()
	const count = 1000
	e := newEngine(t, t.TempDir(), slog.New(slog.DiscardHandler))
	link(t, e, nil)
	guest := guesttest.Wasm(t, "hello")
	compile := func(text string, restore bool) *engine.Module {
		module, err := e.Compile(t.Context(), bytes.Replace(guest, []byte("hello world"), []byte(text), 1), restore, engine.Bounds{})
		if err != nil {
			t.Fatal(err)
		}
		return module
	}
	modules := make([]*engine.Module, count)
	for n := range modules {
		modules[n] = compile(fmt.Sprintf("hello %05d", n), true)
	}
	other := compile("hello world", false) // without the notes of what is written
	if shared, own := modules[0].CodeUsers(), other.CodeUsers(); shared != count || own != 1 {
		t.Errorf("%d modules share the code of one, and %d that of another", shared, own)
	}
	if one, alone := modules[0].Bytes(), other.Bytes(); one >= alone/10 {
		t.Errorf("of shared code %d bytes are counted, of code that is not shared %d", one, alone)
	}
	// The text lies at 16 in memory. What is closed takes nothing from the others, even if it is closed twice.
	for n, module := range modules {
		instance, err := module.Instantiate(t.Context(), engine.Config{Memory: 1 << 20, Stack: 1 << 20}, "")
		if err != nil {
			t.Fatal(err)
		}
		if view, _ := instance.View(16, 11); string(view) != fmt.Sprintf("hello %05d", n) {
			t.Errorf("module %d says %q", n, view)
		}
		instance.Close()
		for range 2 {
			if err := module.Close(context.Background()); err != nil {
				t.Error(err)
			}
		}
		if left := module.CodeUsers(); left != count-1-n {
			t.Fatalf("%d modules share the code after %d were closed", left, n+1)
		}
	}
	if err := other.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
