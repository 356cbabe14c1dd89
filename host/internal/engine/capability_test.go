package engine_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/wasgi/wasgi/abi"
	"github.com/wasgi/wasgi/host/internal/engine"
	"github.com/wasgi/wasgi/host/internal/guest"
)

// linkCapability offers what the guest "stream" imports as if it were a capability; write is what the test makes of it.
func linkCapability(t *testing.T, e *engine.Engine, write func(context.Context, guest.Caller, []uint64) (int, error)) {
	t.Helper()
	start := func(context.Context, guest.Caller, []uint64) (int, error) { return 0, nil }
	if err := e.LinkImports(t.Context(), []guest.Import{
		{Module: "wasgi_v1", Name: "start_response", Params: bytes.Repeat([]byte{guest.I32}, 5), Call: start},
		{Module: "wasgi_v1", Name: "write", Params: bytes.Repeat([]byte{guest.I32}, 2), Call: write, Waits: true},
	}); err != nil {
		t.Fatal(err)
	}
}

// playing is an owner that knows of an exchange.
type playing struct{ exchange guest.Exchange }

func (p playing) Exchange() guest.Exchange { return p.exchange }

func TestACapabilityIsCalled(t *testing.T) {
	t.Parallel()
	e := newEngine(t, "", slog.New(slog.DiscardHandler))
	var exchanges []guest.Exchange
	linkCapability(t, e, func(_ context.Context, caller guest.Caller, p []uint64) (int, error) {
		view, ok := caller.View(uint32(p[0]), uint32(p[1]))
		if _, outside := caller.Writable(1<<31, 1); !ok || len(p) != 2 || len(view) != int(uint32(p[1])) || outside {
			t.Errorf("%d parameters, %d bytes, %t, outside %t", len(p), len(view), ok, outside)
		}
		exchanges = append(exchanges, caller.Exchange())
		return 0, abi.CodeState // a code that the guest may handle
	})
	i := instantiate(t, e, "stream")
	if err := call(t, i); err != nil {
		t.Errorf("without an owner: %v", err)
	}
	exchange := struct{ guest.Exchange }{}
	i.Owner = playing{exchange}
	if err := call(t, i); err != nil {
		t.Errorf("with an owner: %v", err)
	}
	n := len(exchanges) / 2
	if n == 0 || exchanges[0] != nil || exchanges[n] != exchange {
		t.Errorf("the exchanges were %v", exchanges)
	}
}

func TestACapabilityEndsACall(t *testing.T) {
	t.Parallel()
	e := newEngine(t, "", slog.New(slog.DiscardHandler))
	linkCapability(t, e, func(context.Context, guest.Caller, []uint64) (int, error) { return 0, guest.ErrShutdown })
	err := call(t, instantiate(t, e, "stream"))
	if fault, ok := errors.AsType[*guest.Fault](err); !ok || fault.Kind != guest.KindDeadline || !errors.Is(err, guest.ErrShutdown) {
		t.Errorf("Call() = %v", err)
	}
}
