package engine_test

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/wasgi/wasgi/host/internal/engine"
	"github.com/wasgi/wasgi/host/internal/guesttest"
	"github.com/wasgi/wasgi/host/internal/wasm"
)

// deadlyImports is 17 bytes long and says that it has 2^32-1 imports.
const deadlyImports = "\x00asm\x01\x00\x00\x00\x02\x05\xff\xff\xff\xff\x0f"

// What would kill a compiler is refused before there is one, and before anybody looks at its imports.
func TestReadFirst(t *testing.T) {
	t.Parallel()
	e := newEngine(t, "", slog.New(slog.DiscardHandler))
	_, err := e.Compile(t.Context(), []byte(deadlyImports), false, engine.Bounds{})
	if refused, ok := errors.AsType[*wasm.Error](err); !ok || refused.Kind != wasm.KindLimit {
		t.Errorf("Compile() = %v", err)
	}
}

// What nothing provides is refused before it is compiled.
func TestImportsBeforeCode(t *testing.T) {
	t.Parallel()
	e := newEngine(t, "", slog.New(slog.DiscardHandler))
	_, err := e.Compile(t.Context(), guesttest.Wasm(t, "hello"), false, engine.Bounds{CPU: 1})
	if err == nil || !strings.HasPrefix(err.Error(), `import "wasgi_v1".`) {
		t.Errorf("Compile() = %v", err)
	}
}

// A module has the bounds that it was given, and the engine goes on when it passes them.
func TestCompileBounds(t *testing.T) {
	t.Parallel()
	e := newEngine(t, "", slog.New(slog.DiscardHandler))
	data := guesttest.Wasm(t, "page")
	for text, bounds := range map[string]engine.Bounds{
		"compile: took more than 1ns on the clock, ": {Wall: 1},
		"compile: took more than 1MiB of memory; ":   {Memory: 1 << 20},
	} {
		if _, err := e.Compile(t.Context(), data, false, bounds); err == nil || !strings.HasPrefix(err.Error(), text) {
			t.Errorf("Compile() = %v", err)
		}
	}
	if _, err := e.Compile(t.Context(), data, false, engine.Bounds{CPU: time.Minute}); err != nil {
		t.Error(err)
	}
}
